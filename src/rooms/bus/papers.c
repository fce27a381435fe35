/* papers.c - printing over HTTP, with its count, and `cunhuo bus papers`. */
#include "rooms/bus/papers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "db/db.h"
#include "db/writer.h"
#include "paper/pdf.h"
#include "people/person.h"
#include "web/county.h"
#include "web/form.h"
#include "web/page.h"

enum { STENCIL_BYTES_MAX = 64 * 1024, NOTE_BYTES = 1 << 16, DAY_MAX = 4000000 };
enum { PRINT_BYTES = 1 << 30, PATH_BYTES = 4096 };

const struct permission bus_print = {
    "bus.print", "Print lists and labels", "driver picker station dispatcher admin" };

const struct permission bus_print_night = {
    "bus.print_night", "Print all of a day's lists and labels", "picker station dispatcher admin" };

const struct paper bus_papers[] = {
    { .name = "loading", .text = "Loading lists", .draw = draw_loading },
    { .name = "manifest", .text = "Manifests", .draw = draw_manifests },
    { .name = "handover", .text = "Hand-over sheets", .draw = draw_handovers },
    { .name = "labels", .text = "Labels", .draw = draw_labels },
    { .name = "places", .text = "To be moved, by place", .draw = draw_places },
    { 0 }
};

/* ---- how often something was printed ---- */

/* Everything that is printed is noted first, in the writer: two who print at once know which of
 * them has the first. A drawing that fails afterwards counts as printed. */
struct noting {
    struct entry entry;
    const char *paper;
    int64_t day, trip_id, by_id, at_ms, before;
    bool all_trips;               // may print whatever trip
};

static const struct sql count_printed = SQL(
    // A night's set holds each of its trips' sheets.
    "SELECT count(*) FROM printed WHERE day = $1"
    " AND ((paper = $2 AND trip_id = $3) OR (paper = 'night' AND trip_id = 0 AND $3 <> 0))");
static const struct sql add_printed = SQL(
    "INSERT INTO printed (id, paper, day, trip_id, by_id, at_ms) VALUES ($1, $2, $3, $4, $5, $6)");

static enum status act_note(struct tx *tx, struct entry *entry, struct err *err)
{
    struct noting *n = (struct noting *)entry;
    struct trip trip;
    struct rows *rows;
    if (n->trip_id) {
        TRY(trip_get(tx, n->trip_id, &trip, err));
        if (!n->all_trips && trip.driver_id != n->by_id)
            return err_set(err, DENIED, "trip_id", "This is another driver's trip.");
        n->day = trip.day;
    }
    TRY(db_first(tx, &count_printed, ARGS(i64(n->day), str(n->paper), i64(n->trip_id)), &rows));
    n->before = row_i64(rows, 0);
    return db_run(tx, &add_printed, ARGS(i64(tx_id(tx)), str(n->paper), i64(n->day),
                                         i64(n->trip_id), i64(n->by_id), i64(n->at_ms)));
}

/* ---- over HTTP ---- */

enum label_form { FORM_PDF, FORM_ZPL, FORM_TSPL };
struct asked {
    const char *paper;
    int64_t day, trip_id;
    enum label_form form;
    const char *mark;             // NULL: the first
};

static enum status note(struct request *rq, struct asked *asked, struct err *err)
{
    struct noting n = {
        .paper = asked->paper, .day = asked->day, .trip_id = asked->trip_id, .by_id = rq->user_id,
        .at_ms = rq->arrived_ms,
        .all_trips = (rq->who.roles & role_set(bus_print_night.roles)) != 0,
    };
    n.entry = (struct entry){ .lane = LANE_ORDER, .arena = arena_open(NOTE_BYTES),
                              .act = act_note };
    if (n.entry.arena == NULL) return BROKEN;
    enum status noted = writer_call(rq->county->writer, &n.entry, err);
    arena_free(n.entry.arena);
    asked->day = n.day;
    if (noted != OK || n.before == 0) return noted;
    char *copy = arena_printf(rq->arena, "%lld", (long long)n.before + 1);
    asked->mark = copy ? paper_filled(rq->arena, words(rq->lang, "copy {n}"), copy) : NULL;
    return asked->mark ? OK : BROKEN;
}

static enum status prepare_trip(struct request *rq, struct asked *asked, const char *paper,
                                struct err *err)
{
    asked->paper = paper;
    TRY(form_i64(rq, "trip_id", 1, ID_MAX, &asked->trip_id, err));
    return note(rq, asked, err);
}

static enum status prepare_loading(struct request *rq, void *in, struct err *err)
{
    return prepare_trip(rq, in, "loading", err);
}

static enum status prepare_manifest(struct request *rq, void *in, struct err *err)
{
    return prepare_trip(rq, in, "manifest", err);
}

static enum status prepare_handover(struct request *rq, void *in, struct err *err)
{
    return prepare_trip(rq, in, "handover", err);
}

static enum status prepare_labels(struct request *rq, void *in, struct err *err)
{
    static const char *const forms[] = { "pdf", "zpl", "tspl" };
    struct asked *asked = in;
    const char *form = NULL;
    TRY(form_str_opt(rq, "form", 8, &form, err));
    size_t i = 0;
    while (form && i < COUNT(forms) && strcmp(forms[i], form) != 0) i++;
    if (i == COUNT(forms))
        return err_set(err, INVALID, "form", "Labels are printed as pdf, zpl or tspl.");
    asked->form = (enum label_form)i;
    return prepare_trip(rq, asked, "labels", err);
}

static enum status prepare_day(struct request *rq, void *in, struct err *err)
{
    struct asked *asked = in;
    asked->paper = "night";
    TRY(form_i64(rq, "day", 0, DAY_MAX, &asked->day, err));
    return note(rq, asked, err);
}

static struct printing printing_of(struct request *rq, const struct asked *asked)
{
    return (struct printing){ .day = asked->day, .trip_id = asked->trip_id, .lang = rq->lang,
                              .mark = asked->mark, .printed_ms = rq->arrived_ms };
}

static enum status give_pdf(struct request *rq, const struct asked *asked, struct pdf *pdf,
                            struct reply_file *out, struct err *err)
{
    out->type = "application/pdf";
    out->name = arena_printf(rq->arena, "%s-%lld.pdf", asked->paper,
                             (long long)(asked->trip_id ? asked->trip_id : asked->day));
    return out->name ? pdf_take(pdf, &out->bytes, &out->size, err) : BROKEN;
}

static const struct paper *paper_named(const char *name)
{
    const struct paper *paper = bus_papers;
    while (strcmp(paper->name, name) != 0) paper++;
    return paper;
}

static enum status pdf_of_trip(struct request *rq, struct tx *tx, const void *in,
                               struct reply_file *out, struct err *err)
{
    const struct asked *asked = in;
    struct printing p = printing_of(rq, asked);
    const struct paper *paper = paper_named(asked->paper);
    TRY(pdf_new(words(rq->lang, paper->text), rq->arrived_ms, &p.pdf));
    enum status drawn = paper->draw(tx, &p, err);
    if (drawn == OK) drawn = give_pdf(rq, asked, p.pdf, out, err);
    pdf_free(p.pdf);
    return drawn;
}

static enum status draw_room(struct tx *tx, const struct room *room, const struct printing *p,
                             struct err *err)
{
    for (const struct paper *paper = room->papers; paper && paper->name; paper++)
        TRY(paper->draw(tx, p, err));
    return OK;
}

static enum status pdf_of_day(struct request *rq, struct tx *tx, const void *in,
                              struct reply_file *out, struct err *err)
{
    const struct asked *asked = in;
    struct printing p = printing_of(rq, asked);
    enum status drawn = pdf_new(words(rq->lang, "Papers of the night"), rq->arrived_ms, &p.pdf);
    if (drawn != OK) return drawn;
    for (const struct room *const *room = rq->county->rooms; *room && drawn == OK; room++)
        drawn = draw_room(tx, *room, &p, err);
    if (drawn == OK) drawn = give_pdf(rq, asked, p.pdf, out, err);
    pdf_free(p.pdf);
    return drawn;
}

/* ---- jobs of label printers ---- */

/* The county's own stencil, or ours. Borrowed, or from the arena. */
static enum status stencil_of(struct county *county, struct arena *arena,
                              enum stencil_language language, const char **out)
{
    char path[PATH_BYTES];
    *out = language == STENCIL_ZPL ? stencil_zpl() : stencil_tspl();
    snprintf(path, sizeof path, "%s/labels.%s", county->folder,
             language == STENCIL_ZPL ? "zpl" : "tspl");
    FILE *file = fopen(path, "re");
    if (file == NULL) return OK;
    char *text = arena_new(arena, STENCIL_BYTES_MAX + 1);
    size_t size = text ? fread(text, 1, STENCIL_BYTES_MAX, file) : 0;
    bool read = text && !ferror(file);
    fclose(file);
    if (read && text_valid(text, size)) *out = text;
    return read ? OK : BROKEN;
}

static enum status job_bytes(struct tx *tx, const struct printing *p,
                             enum stencil_language language, void **bytes, size_t *size,
                             struct err *err)
{
    const char *stencil;
    TRY(stencil_of(tx_county(tx), tx_arena(tx), language, &stencil));
    struct stencil_job *job = stencil_new(language, stencil);
    enum status filled = job ? fill_labels(tx, p, job, err) : BROKEN;
    if (filled == OK) filled = stencil_take(job, bytes, size);
    stencil_free(job);
    return filled;
}

static enum status labels_of_trip(struct request *rq, struct tx *tx, const void *in,
                                  struct reply_file *out, struct err *err)
{
    const struct asked *asked = in;
    if (asked->form == FORM_PDF) return pdf_of_trip(rq, tx, in, out, err);
    struct printing p = printing_of(rq, asked);
    bool zpl = asked->form == FORM_ZPL;
    out->type = zpl ? "text/plain; charset=utf-8" : "text/plain; charset=gb18030";
    out->name = arena_printf(rq->arena, "labels-%lld.%s", (long long)asked->trip_id,
                             zpl ? "zpl" : "tspl");
    if (out->name == NULL) return BROKEN;
    return job_bytes(tx, &p, zpl ? STENCIL_ZPL : STENCIL_TSPL, &out->bytes, &out->size, err);
}

const struct route paper_routes[] = {
    { .method = GET, .path = "/bus/trips/{trip_id}/loading", .permission = &bus_print,
      .text = "A trip's loading list, last out first in (PDF)", .in_size = sizeof(struct asked),
      .prepare = prepare_loading, .file = pdf_of_trip },
    { .method = GET, .path = "/bus/trips/{trip_id}/manifest", .permission = &bus_print,
      .text = "A trip's manifest (PDF)", .in_size = sizeof(struct asked),
      .prepare = prepare_manifest, .file = pdf_of_trip },
    { .method = GET, .path = "/bus/trips/{trip_id}/handover", .permission = &bus_print,
      .text = "Hand-over sheets of a trip's stops (PDF)", .in_size = sizeof(struct asked),
      .prepare = prepare_handover, .file = pdf_of_trip },
    { .method = GET, .path = "/bus/trips/{trip_id}/labels", .permission = &bus_print,
      .text = "Labels of a trip's crates: form is pdf, zpl or tspl",
      .in_size = sizeof(struct asked), .prepare = prepare_labels, .file = labels_of_trip },
    { .method = GET, .path = "/bus/days/{day}/papers", .permission = &bus_print_night,
      .text = "All that is printed for a day (PDF)", .in_size = sizeof(struct asked),
      .prepare = prepare_day, .file = pdf_of_day },
    { 0 }
};

/* ---- cunhuo bus papers ---- */

static const char usage[] =
    "usage: cunhuo bus papers FOLDER --output DIR [--day 2026-11-24] [--lang zh|en]\n\n"
    "Prints all of a night's papers into DIR: lists of every room and labels as PDF, labels also\n"
    "in ZPL and TSPL. No server is needed, and one that runs is not disturbed. --day is the day\n"
    "on which the buses run; without it the one whose wave closes tonight or closed last night.\n";

struct night {
    struct county *county;
    struct printing printing;
    const char *output;
    size_t files, pages;
};

static enum status path_of(const struct night *night, const char *name, const char *ending,
                           char path[PATH_BYTES], struct err *err)
{
    int length = snprintf(path, PATH_BYTES, "%s/%02zu-%s.%s", night->output, night->files + 1,
                          name, ending);
    return length > 0 && length < PATH_BYTES
         ? OK : err_set(err, INVALID, "output", "The folder's name is too long.");
}

static void say(struct night *night, const char *path, size_t pages)
{
    night->files++;
    night->pages += pages;
    printf("%s %zu\n", path, pages);
}

static enum status save_paper(struct night *night, struct tx *tx, const struct paper *paper,
                              struct err *err)
{
    const void *bytes;
    size_t size;
    char path[PATH_BYTES];
    struct printing *p = &night->printing;
    TRY(path_of(night, paper->name, "pdf", path, err));
    TRY(pdf_new(words(p->lang, paper->text), p->printed_ms, &p->pdf));
    enum status drawn = paper->draw(tx, p, err);
    size_t pages = pdf_pages(p->pdf);
    if (drawn == OK && pages) drawn = pdf_end(p->pdf, &bytes, &size, err);
    if (drawn == OK && pages) drawn = pdf_save(p->pdf, path, err);
    if (drawn == OK && pages) say(night, path, pages);
    pdf_free(p->pdf);
    return drawn;
}

static enum status save_job(struct night *night, struct tx *tx, enum stencil_language language,
                            struct err *err)
{
    void *bytes;
    size_t size;
    char path[PATH_BYTES];
    TRY(path_of(night, "labels", language == STENCIL_ZPL ? "zpl" : "tspl", path, err));
    TRY(job_bytes(tx, &night->printing, language, &bytes, &size, err));
    FILE *file = size ? fopen(path, "we") : NULL;
    bool written = size == 0 || (file && fwrite(bytes, 1, size, file) == size);
    if (file && fclose(file) != 0) written = false;
    free(bytes);
    if (!written)
        return err_about(err, INVALID, "output", "This file can't be written.", "%s: %s", path,
                         strerror(errno));
    if (size) say(night, path, 0);
    return OK;
}

/* Each paper from a snapshot of its own, so that its memory goes when it is saved. */
static enum status save(struct night *night, const struct paper *paper,
                        enum stencil_language language, struct err *err)
{
    struct tx *tx;
    struct arena *arena = arena_open(PRINT_BYTES);
    if (arena == NULL) return BROKEN;
    enum status saved = db_read_begin(night->county->db, arena, &tx);
    if (saved == OK) {
        saved = paper ? save_paper(night, tx, paper, err) : save_job(night, tx, language, err);
        db_read_end(tx);
    }
    arena_free(arena);
    return saved;
}

static enum status print_night(struct night *night, struct err *err)
{
    if (mkdir(night->output, 0750) != 0 && errno != EEXIST)
        return err_about(err, INVALID, "output", "This file can't be written.", "%s: %s",
                         night->output, strerror(errno));
    for (const struct room *const *room = night->county->rooms; *room; room++)
        for (const struct paper *paper = (*room)->papers; paper && paper->name; paper++)
            TRY(save(night, paper, STENCIL_ZPL, err));
    TRY(save(night, NULL, STENCIL_ZPL, err));
    return save(night, NULL, STENCIL_TSPL, err);
}

static enum status read_arguments(struct night *night, int argc, char **argv)
{
    struct printing *p = &night->printing;
    int64_t ms;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--output") == 0) {
            night->output = argv[i + 1];
        } else if (strcmp(argv[i], "--lang") == 0) {
            p->lang = argv[i + 1];
        } else if (strcmp(argv[i], "--day") == 0) {
            char noon[64];
            snprintf(noon, sizeof noon, "%.40sT12:00", argv[i + 1]);
            if (text_i64(argv[i + 1], &p->day) == OK) continue;
            TRY(time_parse(noon, night->county->zone_s, &ms));
            p->day = day_of(ms, night->county->zone_s);
        } else {
            return INVALID;
        }
    }
    return night->output && argc % 2 == 1 ? OK : INVALID;
}

static int command_papers(struct county *county, int argc, char **argv)
{
    int64_t now_ms = county_now_ms(county), began_ms = mono_ms();
    struct night night = { .county = county, .printing = {
        .day = day_of(now_ms + 12 * HOUR_MS, county->zone_s), .lang = "zh",
        .printed_ms = now_ms } };
    struct err err = { .text = "" };
    char mark[100];
    if (read_arguments(&night, argc, argv) != OK) {
        fputs(usage, stderr);
        return 2;
    }
    struct civil at = civil_of(now_ms, county->zone_s);
    snprintf(mark, sizeof mark, "%s %02d:%02d", words(night.printing.lang, "Night's set"), at.hour,
             at.minute);
    night.printing.mark = mark;
    enum status done = print_night(&night, &err);
    if (done != OK) {
        fprintf(stderr, "cunhuo bus papers: %s%s%s %s\n", err.field ? err.field : "",
                err.field ? ": " : "", words(night.printing.lang, err.text), err.detail);
        return done == INVALID ? 2 : 1;
    }
    printf("files %zu\npages %zu\nseconds %.1f\n", night.files, night.pages,
           (double)(mono_ms() - began_ms) / 1000);
    return 0;
}

const struct command paper_commands[] = {
    { "papers", "Print all of a night's papers", command_papers }, { 0 }
};
