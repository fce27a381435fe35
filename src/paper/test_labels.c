/* test_labels.c - jobs of label printers against golden files (golden/), and people masked.
 * CUNHUO_GOLDEN=write writes the golden files anew: look at the difference before committing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/test.h"
#include "paper/mask.h"
#include "paper/stencil.h"

static const struct pdf_label crate = {
    .sscc = "069012340000000016", .qr = "069012340000000016", .township = "齐溪镇",
    .village = "禾丰村", .line = "3号线", .stop = "12",
    .details = "2026-11-24\n纸箱 · 8 袋\n07:45", .mark = "第2份",
};

/* Bytes of a file of golden/, beside this one; seen from the build folder or from the source. */
static FILE *golden(const char *name, const char *mode)
{
    char path[500];
    const char *here = __FILE__, *slash = strrchr(here, '/');
    snprintf(path, sizeof path, "%.*s/golden/%s", (int)(slash - here), here, name);
    // The compiler saw it from the build's folder, which lies some levels below ours.
    const char *from = path;
    FILE *file = fopen(from, mode);
    for (; file == NULL && strncmp(from, "../", 3) == 0; file = fopen(from, mode)) from += 3;
    return file;
}

static void same_as(const char *name, const void *bytes, size_t size)
{
    static char kept[1 << 16];
    const char *wish = getenv("CUNHUO_GOLDEN");
    if (wish && strcmp(wish, "write") == 0) {
        FILE *file = golden(name, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
    }
    FILE *file = golden(name, "r");
    assert_non_null(file);
    size_t got = fread(kept, 1, sizeof kept, file);
    fclose(file);
    assert_int_equal(got, size);
    assert_memory_equal(kept, bytes, size);
}

static char *job_of(enum stencil_language language, const char *stencil,
                    const struct pdf_label *labels, size_t count, size_t *size)
{
    struct stencil_job *job = stencil_new(language, stencil);
    struct err err = { 0 };
    void *bytes;
    assert_non_null(job);
    for (size_t i = 0; i < count; i++) assert_int_equal(stencil_add(job, &labels[i], &err), OK);
    assert_int_equal(stencil_take(job, &bytes, size), OK);
    stencil_free(job);
    return bytes;
}

static void golden_jobs(void **state)
{
    (void)state;
    struct pdf_label labels[2] = { crate, crate };
    labels[1].sscc = labels[1].qr = "069012340000000023";
    labels[1].village = "名字很长的䶮𬭚㙘村";
    labels[1].stop = "1";
    labels[1].mark = NULL;
    size_t size;
    char *zpl = job_of(STENCIL_ZPL, stencil_zpl(), labels, 2, &size);
    same_as("crates.zpl", zpl, size);
    free(zpl);
    char *tspl = job_of(STENCIL_TSPL, stencil_tspl(), labels, 2, &size);
    same_as("crates.tspl", tspl, size);
    free(tspl);
}

static void commands_in_values(void **state)
{
    (void)state;
    struct pdf_label label = crate;
    size_t size;
    label.village = "^XZ~JA_\"\r\nPRINT 9";
    char *zpl = job_of(STENCIL_ZPL, "^FH_^FD{village}^FS", &label, 1, &size);
    assert_int_equal(size, strlen("^FH_^FD_5EXZ_7EJA_5F\"  PRINT 9^FS"));
    assert_memory_equal(zpl, "^FH_^FD_5EXZ_7EJA_5F\"  PRINT 9^FS", size);
    free(zpl);
    char *tspl = job_of(STENCIL_TSPL, "TEXT \"{village}\"", &label, 1, &size);
    assert_int_equal(size, strlen("TEXT \"^XZ~JA_\\[\"]  PRINT 9\""));
    assert_memory_equal(tspl, "TEXT \"^XZ~JA_\\[\"]  PRINT 9\"", size);
    free(tspl);
}

static void refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "{who}", "{", "{detail5}", "{detail0}", "{}", "{*}",
                                         "{sscc*}", "{village" };
    struct err err = { 0 };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct stencil_job *job = stencil_new(STENCIL_ZPL, wrong[i]);
        assert_int_equal(stencil_add(job, &crate, &err), INVALID);
        assert_string_equal(err.field, "stencil");
        stencil_free(job);
    }
    struct pdf_label label = crate;
    label.sscc = "069012340000000017";
    struct stencil_job *job = stencil_new(STENCIL_ZPL, stencil_zpl());
    assert_int_equal(stencil_add(job, &label, &err), INVALID);
    assert_string_equal(err.field, "sscc");
    stencil_free(job);
    stencil_free(NULL);
}

static void masks(void **state)
{
    (void)state;
    static const struct { const char *name, *masked; } names[] = {
        { "王小明", "王*明" }, { "王明", "王*" }, { "王", "*" }, { "欧阳小明", "欧**明" },
        { "Anna Li", "A*****i" }, { "", "" },
    }, phones[] = {
        { "13812345678", "1******5678" }, { "057066012345", "05******2345" },
        { "6012345", "******5" }, { "110", "***" }, { "", "" }, { "1234567890", "******7890" },
    };
    struct arena *arena = arena_open(1 << 16);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(mask_name(arena, names[i].name), names[i].masked);
    for (size_t i = 0; i < COUNT(phones); i++)
        assert_string_equal(mask_phone(arena, phones[i].name), phones[i].masked);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("P.11 labels in ZPL and TSPL are as the golden files", golden_jobs),
        TEST("P.11 a value is no command of the printer", commands_in_values),
        TEST("P.11 a stencil with an unknown name is refused", refused),
        TEST("S3.17 of names a character is hidden, of phones six digits", masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
