/* stencil.c - fills stencils in, value by value. */
#include "paper/stencil.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "paper/draw.h"

enum { DETAIL_LINES = 4, FONT_DOTS = 24, FONT_TIMES_MAX = 10 };

struct stencil_job {
    enum stencil_language language;
    const char *stencil;
    char *bytes;
    size_t size, room;
    bool broken;
};

struct stencil_job *stencil_new(enum stencil_language language, const char *stencil)
{
    struct stencil_job *job = calloc(1, sizeof *job);
    if (job) *job = (struct stencil_job){ .language = language, .stencil = stencil };
    return job;
}

void stencil_free(struct stencil_job *job)
{
    if (job == NULL) return;
    free(job->bytes);
    free(job);
}

static void put(struct stencil_job *job, const char *bytes, size_t size)
{
    if (job->room - job->size <= size && !job->broken) {
        size_t room = 2 * job->room + size + 4096;
        char *moved = realloc(job->bytes, room);
        job->broken = moved == NULL;
        if (moved) {
            job->bytes = moved;
            job->room = room;
        }
    }
    if (job->broken) return;
    memcpy(job->bytes + job->size, bytes, size);
    job->size += size;
}

/* A value must end no field and begin no command: ^ ~ _ are spelled in ZPL; TSPL's quotes are. */
static void put_value(struct stencil_job *job, const char *text, size_t size)
{
    char spelled[8];
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        bool command = job->language == STENCIL_ZPL ? strchr("^~_", c) != NULL : c == '"';
        if (c < ' ' || c == 0x7F) put(job, " ", 1);
        else if (!command) put(job, text + i, 1);
        else if (job->language == STENCIL_TSPL) put(job, "\\[\"]", 4);
        else put(job, spelled, (size_t)snprintf(spelled, sizeof spelled, "_%02X", c));
    }
}

/* Width in halves of a square: Chinese is 2, Latin 1. */
static size_t halves(const char *text)
{
    size_t width = 0;
    const char *at = text, *end = text + strlen(text);
    for (int32_t c; (c = text_next(&at, end)) >= 0;) width += c < 0x2E80 ? 1 : 2;
    return width ? width : 1;
}

/* The largest height in dots at which the text is no wider than the box. */
static size_t height_fitting(const char *text, size_t width_dots, size_t height_dots)
{
    size_t height = 2 * width_dots / halves(text);
    return height < height_dots ? height : height_dots;
}

static const char *detail(const struct pdf_label *label, size_t line, size_t *size)
{
    const char *at = label->details ? label->details : "";
    for (; line > 0 && *at; line--) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    *size = strcspn(at, "\n");
    return at;
}

struct spot { const char *name, *value; size_t width, height; };   // of its box, in dots

static bool is(const char *name, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(name, word, size) == 0;
}

static void put_size(struct stencil_job *job, const struct spot *spot)
{
    char digits[24];
    size_t dots = height_fitting(spot->value, spot->width, spot->height);
    if (job->language == STENCIL_TSPL) {
        dots /= FONT_DOTS;
        if (dots < 1) dots = 1;
        if (dots > FONT_TIMES_MAX) dots = FONT_TIMES_MAX;
    }
    put(job, digits, (size_t)snprintf(digits, sizeof digits, "%zu", dots));
}

/* False: there is no such name. */
static bool fill(struct stencil_job *job, const struct pdf_label *label, const char *name,
                 size_t size)
{
    const struct spot spots[] = {
        { "line", label->line, 464, 128 }, { "stop", label->stop, 208, 144 },
        { "township", label->township, 736, 128 }, { "village", label->village, 736, 240 },
        { "sscc", label->sscc, 0, 0 }, { "qr", label->qr, 0, 0 }, { "mark", label->mark, 0, 0 },
    };
    for (size_t i = 0; i < COUNT(spots); i++) {
        struct spot spot = spots[i];
        if (spot.value == NULL) spot.value = "";
        if (is(name, size, spot.name)) {
            put_value(job, spot.value, strlen(spot.value));
            return true;
        }
        if (spot.width && size > 1 && name[size - 1] == '*' && is(name, size - 1, spot.name)) {
            put_size(job, &spot);
            return true;
        }
    }
    if (is(name, size, "stop_y")) {   // in the middle of the black field
        char digits[24];
        size_t dots = height_fitting(label->stop ? label->stop : "", 208, 144);
        put(job, digits, (size_t)snprintf(digits, sizeof digits, "%zu", 32 + (160 - dots) / 2));
        return true;
    }
    if (size != 7 || memcmp(name, "detail", 6) != 0 || name[6] < '1'
        || name[6] > '0' + DETAIL_LINES) return false;
    size_t line_size;
    const char *line = detail(label, (size_t)(name[6] - '1'), &line_size);
    put_value(job, line, line_size);
    return true;
}

enum status stencil_add(struct stencil_job *job, const struct pdf_label *label, struct err *err)
{
    TRY(pdf_label_check(label, err));
    for (const char *at = job->stencil; *at;) {
        size_t plain = strcspn(at, "{");
        put(job, at, plain);
        at += plain;
        if (*at == '\0') break;
        size_t size = strcspn(++at, "}");
        if (at[size] == '\0' || !fill(job, label, at, size))
            return err_about(err, INVALID, "stencil", "A label's stencil has an unknown name:",
                             "{%.*s}", (int)(size < 40 ? size : 40), at);
        at += size + 1;
    }
    return job->broken ? BROKEN : OK;
}

/* GB18030 takes at most 4 bytes for what UTF-8 takes at least 1 for. */
static enum status gb18030(struct stencil_job *job)
{
    size_t left = job->size, room = 4 * job->size + 1, before = room;
    char *in = job->bytes, *made = malloc(room), *out = made;
    iconv_t code = iconv_open("GB18030", "UTF-8");
    if (made == NULL || code == (iconv_t)-1) {
        free(made);
        if (code != (iconv_t)-1) iconv_close(code);
        return BROKEN;
    }
    bool fine = iconv(code, &in, &left, &out, &room) != (size_t)-1 && left == 0;
    iconv_close(code);
    free(job->bytes);
    job->bytes = made;
    job->size = before - room;
    return fine ? OK : BROKEN;
}

enum status stencil_take(struct stencil_job *job, void **bytes, size_t *size)
{
    put(job, "", 1);              // so that there is always something to give
    if (job->broken) return BROKEN;
    job->size--;
    if (job->language == STENCIL_TSPL) TRY(gb18030(job));
    *bytes = job->bytes;
    *size = job->size;
    job->bytes = NULL;
    job->size = job->room = 0;
    return OK;
}
