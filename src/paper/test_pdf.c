/* test_pdf.c - what is printed can be read again: text by pdftotext, bars by a scanner's eye. */
#include "paper/pdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/test.h"

#define MADE INT64_C(1795446000000)

/* Caches of the font libraries live as long as the process. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:libcairo\nleak:libglib\n";
}

static struct pdf *made(void)
{
    struct pdf *pdf = NULL;
    assert_int_equal(pdf_new("清单", MADE, &pdf), OK);
    return pdf;
}

static const struct pdf_label crate = {
    .sscc = "069012340000000016", .qr = "https://localhost/u/069012340000000016?村=禾丰",
    .township = "齐溪镇", .village = "禾丰村", .line = "3号线", .stop = "12",
    .details = "2026-11-24 第1波\n鸡蛋 30枚 × 2\n第 2 箱 / 共 5 箱",
};

/* What a program prints about a PDF of these bytes; skips where it is not installed. */
static char *seen(struct pdf *pdf, const char *program, const char *command)
{
    char find[100], path[] = "/tmp/cunhuo-pdf-XXXXXX", line[1000];
    snprintf(find, sizeof find, "command -v %s >/dev/null 2>&1", program);
    struct err err = { 0 };
    const void *bytes;
    size_t size;
    assert_int_equal(pdf_end(pdf, &bytes, &size, &err), OK);
    assert_memory_equal(bytes, "%PDF-", 5);
    int file = mkstemp(path);
    assert_true(file >= 0 && close(file) == 0);
    assert_int_equal(pdf_save(pdf, path, &err), OK);
    pdf_free(pdf);
    if (system(find) != 0) {
        unlink(path);
        skip();
    }
    char *out = calloc(1, 1 << 20);
    snprintf(line, sizeof line, command, path);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t got = fread(out, 1, (1 << 20) - 1, pipe);
    out[got] = '\0';
    pclose(pipe);
    unlink(path);
    return out;
}

static void table_of(struct pdf *pdf, size_t rows)
{
    static const struct pdf_column columns[] = {
        { "站序", 14, PDF_RIGHT, 0 }, { "村", 0, PDF_LEFT, 14 }, { "到达", 20, PDF_CENTRE, 0 },
        { "箱数", 16, PDF_RIGHT, 0 },
    };
    const char **cells = calloc(rows * 4 + 1, sizeof *cells);
    char (*numbers)[16] = calloc(rows + 1, sizeof *numbers);
    for (size_t r = 0; r < rows; r++) {
        snprintf(numbers[r], sizeof numbers[r], "%zu", r + 1);
        cells[4 * r] = numbers[r];
        cells[4 * r + 1] = r == 1 ? "名字很长的一个行政村村级综合服务站兼村民文化活动中心"
                         "和老年食堂，在桥的另一边" : "䶮𬭚㙘村";
        cells[4 * r + 2] = "08:30";
    }
    const struct pdf_table table = {
        .title = "装车清单 浙H12345", .facts = "司机 王师傅\n2026-11-24",
        .columns = columns, .column_count = COUNT(columns), .cells = cells, .row_count = rows,
        .foot = "第1波", .mark = "第2份" };
    assert_int_equal(pdf_table(pdf, &table, &(struct err){ 0 }), OK);
    free(cells);
    free(numbers);
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

static void tables(void **state)
{
    (void)state;
    struct pdf *pdf = made();
    table_of(pdf, 100);
    size_t pages = pdf_pages(pdf);
    assert_true(pages >= 3 && pages <= 6);
    assert_int_equal(pdf_unknown_glyphs(pdf), 0);
    char *text = seen(pdf, "pdftotext", "pdftotext -layout %s -"), last[32];
    assert_int_equal(times(text, "䶮𬭚㙘村"), 99);
    assert_int_equal(times(text, "装车清单 浙H12345"), pages);
    assert_int_equal(times(text, "站序"), pages);   // the head on each page
    assert_int_equal(times(text, "第2份"), pages);
    assert_int_equal(times(text, "王师傅"), 1);
    assert_int_equal(times(text, "08:30"), 100);
    snprintf(last, sizeof last, "%zu/%zu\n", pages, pages);   // thin spaces are left out
    assert_int_equal(times(text, last), 1);
    free(text);
}

static void empty_table(void **state)
{
    (void)state;
    struct pdf *pdf = made();
    table_of(pdf, 0);
    assert_int_equal(pdf_pages(pdf), 1);
    table_of(pdf, 1);
    assert_int_equal(pdf_pages(pdf), 2);
    pdf_free(pdf);
}

static void label_text(void **state)
{
    (void)state;
    struct pdf *pdf = made();
    struct pdf_label long_name = crate;
    long_name.village = "名字特别特别长的一个行政村";
    long_name.mark = "第3份";
    assert_int_equal(pdf_label(pdf, &crate, &(struct err){ 0 }), OK);
    assert_int_equal(pdf_label(pdf, &long_name, &(struct err){ 0 }), OK);
    assert_int_equal(pdf_pages(pdf), 2);
    assert_int_equal(pdf_unknown_glyphs(pdf), 0);
    char *text = seen(pdf, "pdftotext", "pdftotext %s -");
    assert_int_equal(times(text, "禾丰村"), 1);
    assert_int_equal(times(text, "齐溪镇"), 2);
    assert_int_equal(times(text, "名字特别特别长的一个行政村"), 1);
    assert_int_equal(times(text, "(00) 069012340000000016"), 2);
    assert_int_equal(times(text, "第3份"), 1);
    assert_int_equal(times(text, "鸡蛋 30枚 × 2"), 2);
    free(text);
}

static void label_bars(void **state)
{
    (void)state;
    if (system("command -v pdftoppm >/dev/null 2>&1") != 0) skip();
    struct pdf *pdf = made();
    assert_int_equal(pdf_label(pdf, &crate, &(struct err){ 0 }), OK);
    char *text = seen(pdf, "zbarimg", "pdftoppm -r 200 -gray %1$s %1$s"
                      " && zbarimg -q %1$s*.pgm; rm -f %1$s*.pgm");
    assert_non_null(strstr(text, "CODE-128:00069012340000000016\n"));
    assert_non_null(strstr(text, "QR-Code:https://localhost/u/069012340000000016?村=禾丰\n"));
    free(text);
}

static void same_bytes(void **state)
{
    (void)state;
    struct pdf *pdfs[2];
    const void *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        pdfs[i] = made();
        table_of(pdfs[i], 3);
        assert_int_equal(pdf_label(pdfs[i], &crate, &(struct err){ 0 }), OK);
        assert_int_equal(pdf_end(pdfs[i], &bytes[i], &sizes[i], &(struct err){ 0 }), OK);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    for (int i = 0; i < 2; i++) pdf_free(pdfs[i]);
}

static void refused_label(struct pdf *pdf, struct pdf_label label, const char *field)
{
    struct err err = { 0 };
    assert_int_equal(pdf_label(pdf, &label, &err), INVALID);
    assert_string_equal(err.field, field);
}

static void refusals(void **state)
{
    (void)state;
    struct pdf *pdf = made();
    struct err err = { 0 };
    const void *bytes;
    size_t size;
    char long_qr[402];
    memset(long_qr, 'q', sizeof long_qr);
    long_qr[401] = '\0';
    static const char *const wrong[] = {
        NULL, "", "069012340000000015", "06901234000000001", "0069012340000000016",
        "06901234000000001x" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct pdf_label label = crate;
        label.sscc = wrong[i];
        refused_label(pdf, label, "sscc");
    }
    struct pdf_label label = crate;
    label.qr = long_qr;
    refused_label(pdf, label, "qr");
    label.qr = NULL;
    refused_label(pdf, label, "qr");
    label = crate;
    label.village = "\xff";
    refused_label(pdf, label, "village");

    struct pdf_column columns[30] = { { "a", 100, PDF_LEFT, 0 }, { "b", 100, PDF_LEFT, 0 } };
    const char *cells[2] = { NULL, "\xc3" };
    struct pdf_table table = { .title = "t", .columns = columns, .cells = cells };
    assert_int_equal(pdf_table(pdf, &table, &err), INVALID);
    table.column_count = 30;
    assert_int_equal(pdf_table(pdf, &table, &err), INVALID);
    table.column_count = 2;
    assert_int_equal(pdf_table(pdf, &table, &err), INVALID);   // wider than A4
    columns[0].width_mm = 0;
    table.row_count = 1;
    assert_int_equal(pdf_table(pdf, &table, &err), INVALID);   // not UTF-8
    assert_string_equal(err.field, "cells");
    assert_int_equal(pdf_pages(pdf), 0);
    assert_int_equal(pdf_end(pdf, &bytes, &size, &err), INVALID);
    pdf_free(pdf);
    pdf_free(NULL);
}

static void saving(void **state)
{
    (void)state;
    struct pdf *pdf = made();
    struct err err = { 0 };
    const void *bytes;
    size_t size;
    table_of(pdf, 1);
    assert_int_equal(pdf_end(pdf, &bytes, &size, &err), OK);
    assert_int_equal(pdf_save(pdf, "/nowhere/at/all.pdf", &err), INVALID);
    assert_string_equal(err.field, "path");
    pdf_free(pdf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a table runs over its pages and stays text", tables),
        TEST("a table without rows is a page", empty_table),
        TEST("S2.8 a crate's label says village, line and stop", label_text),
        TEST("S2.8 a label's bars and QR are read back", label_bars),
        TEST("the same input gives the same bytes", same_bytes),
        TEST("what can't be printed is refused with its field", refusals),
        TEST("a file that can't be written is said", saving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
