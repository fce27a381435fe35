/* paper_trip.c - the sheets of a trip: loading list, manifest, hand-over sheets, labels. */
#include "rooms/bus/papers.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "paper/mask.h"
#include "paper/pdf.h"
#include "rooms/bus/screens.h"
#include "web/county.h"
#include "web/page.h"

enum { SSCC_DIGITS = 18, SHORT_DIGITS = 5 };

/* Cells of a table, one after the other. A cell that can't be made is no memory. */
struct cells { struct arena *arena; const char **at; size_t count; bool broken; };

static void put(struct cells *cells, const char *text)
{
    cells->at = arena_more(cells->arena, cells->at, cells->count, sizeof *cells->at);
    if (cells->at && text) cells->at[cells->count++] = text;
    else cells->broken = true;
}

static bool is(const char *kind, const char *word) { return strcmp(kind, word) == 0; }

/* What is carried by itself: crates and boxes, and what is in none. */
static bool carried(const struct load_unit *u) { return u->crate_id == 0; }

static bool container(const struct load_unit *u)
{
    return is(u->unit_kind, "crate") || is(u->unit_kind, "cold_box");
}

/* The digits by which a crate is found among a day's: those before the check digit, and it. */
static const char *short_code(const char *code)
{
    size_t length = strlen(code);
    return length > SHORT_DIGITS ? code + length - SHORT_DIGITS : code;
}

static enum status draw(const struct cells *cells, const struct printing *p,
                        struct pdf_table *table, struct err *err)
{
    if (cells->broken || table->title == NULL || table->facts == NULL) return BROKEN;
    table->cells = cells->at;
    table->row_count = cells->count / table->column_count;
    table->mark = p->mark;
    return pdf_table(p->pdf, table, err);
}

/* "Trip 7 · 浙H12345" */
static char *trip_name(struct tx *tx, const struct printing *p, const struct trip *trip)
{
    struct arena *arena = tx_arena(tx);
    char *number = arena_printf(arena, "%lld", (long long)trip->number);
    char *name = number ? paper_filled(arena, words(p->lang, "Trip {number}"), number) : NULL;
    return name ? arena_printf(arena, "%s · %s", name, trip->plate) : NULL;
}

static char *foot(struct tx *tx, const struct printing *p)
{
    char *day = paper_day(tx, day_of(p->printed_ms, tx_county(tx)->zone_s));
    char *time = paper_time(tx, p->printed_ms);
    return day && time ? arena_printf(tx_arena(tx), "%s · %s %s %s", tx_county(tx)->name,
                                      words(p->lang, "printed"), day, time) : NULL;
}

/* Day, driver and times of a trip, the first lines of its sheets. */
static char *trip_facts(struct tx *tx, const struct printing *p, const struct load_sheet *s)
{
    char *day = paper_day(tx, s->trip.day), *from = paper_time(tx, s->trip.departs_ms);
    char *until = paper_time(tx, s->trip.returns_ms);
    if (day == NULL || from == NULL || until == NULL) return NULL;
    return arena_printf(tx_arena(tx), "%s    %s %s %s    %s – %s    %lld.%lld km", day,
                        words(p->lang, "Driver"), s->driver, s->phone, from, until,
                        (long long)(s->trip.distance_m / 1000),
                        (long long)(s->trip.distance_m / 100 % 10));
}

/* ---- loading list ---- */

static const struct load_stop *stop_of(const struct load_sheet *s, const struct load_unit *u)
{
    for (size_t i = 0; i < s->stop_count; i++)
        if (s->stops[i].stop.id == u->stop_id) return &s->stops[i];
    return NULL;   // not reached: units are read by the trip's stops
}

static enum status draw_loading_of(struct tx *tx, const struct printing *p,
                                   const struct load_sheet *s, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    long long n = 0;
    for (size_t i = s->unit_count; i-- > 0;) {
        const struct load_unit *u = &s->units[i];
        const struct load_stop *stop = stop_of(s, u);
        if (u->up || !carried(u) || stop == NULL) continue;
        put(&cells, arena_printf(arena, "%lld", ++n));
        put(&cells, arena_printf(arena, "%lld", (long long)stop->stop.seq));
        put(&cells, stop->village);
        put(&cells, stop->township);
        put(&cells, words(p->lang, unit_kind_text(u->unit_kind)));
        put(&cells, short_code(u->code));
        put(&cells, u->code);
        put(&cells, "");
    }
    const struct pdf_column columns[] = {
        { words(p->lang, "Load"), 14, PDF_RIGHT, 12 },
        { words(p->lang, "Stop"), 14, PDF_RIGHT, 16 },
        { words(p->lang, "Village"), 0, PDF_LEFT, 15 },
        { words(p->lang, "Township"), 28, PDF_LEFT, 0 },
        { words(p->lang, "Kind"), 22, PDF_LEFT, 0 },
        { words(p->lang, "Last digits"), 22, PDF_CENTRE, 14 },
        { words(p->lang, "Label"), 40, PDF_LEFT, 9 }, { "✓", 10, PDF_CENTRE, 0 },
    };
    char *name = trip_name(tx, p, &s->trip), *facts = trip_facts(tx, p, s);
    struct pdf_table table = {
        .title = name ? arena_printf(arena, "%s  %s", words(p->lang, "Loading list"), name) : NULL,
        .facts = facts ? arena_printf(arena, "%s\n%s", facts, words(p->lang, "The last stop is"
                                      " loaded first, the first stop last: at the door.")) : NULL,
        .columns = columns, .column_count = COUNT(columns), .foot = foot(tx, p),
    };
    return n ? draw(&cells, p, &table, err) : OK;
}

/* ---- manifest ---- */

struct counts { long long crates, cold, loose, lots; };

static struct counts count(const struct load_sheet *s, int64_t stop_id)
{
    struct counts n = { 0 };
    for (size_t i = 0; i < s->unit_count; i++) {
        const struct load_unit *u = &s->units[i];
        if ((stop_id && u->stop_id != stop_id) || !carried(u)) continue;
        if (u->up) n.lots++;
        else if (is(u->unit_kind, "crate")) n.crates++;
        else if (is(u->unit_kind, "cold_box")) n.cold++;
        else n.loose++;
    }
    return n;
}

static char *with(struct arena *arena, char *text, long long n, const char *what)
{
    if (n == 0 || text == NULL) return text;
    return arena_printf(arena, "%s%s%lld %s", text, *text ? " · " : "", n, what);
}

static char *load_text(struct arena *arena, const struct printing *p, const struct counts *n)
{
    char *text = arena_text(arena, "");
    text = with(arena, text, n->crates, words(p->lang, "crates"));
    text = with(arena, text, n->cold, words(p->lang, "cold boxes"));
    return with(arena, text, n->loose, words(p->lang, "loose pieces"));
}

/* What is handed over at a stop: how many, and the last digits of each crate. */
static char *down_text(struct arena *arena, const struct printing *p, const struct load_sheet *s,
                       const struct load_stop *stop)
{
    struct counts n = count(s, stop->stop.id);
    char *text = load_text(arena, p, &n);
    for (size_t i = 0, shown = 0; text && i < s->unit_count; i++) {
        const struct load_unit *u = &s->units[i];
        if (u->stop_id != stop->stop.id || u->up || !container(u)) continue;
        text = arena_printf(arena, "%s%s%s", text, shown++ ? " " : "\n", short_code(u->code));
    }
    return text;
}

static char *up_text(struct arena *arena, const struct load_sheet *s, const struct load_stop *stop)
{
    char *text = arena_text(arena, "");
    for (size_t i = 0; text && i < s->unit_count; i++) {
        const struct load_unit *u = &s->units[i];
        if (u->stop_id != stop->stop.id || !u->up || !carried(u)) continue;
        text = arena_printf(arena, "%s%s%s", text, *text ? "\n" : "", u->code);
    }
    return text;
}

static void put_stop(struct tx *tx, const struct printing *p, const struct load_sheet *s,
                     const struct load_stop *stop, struct cells *cells)
{
    struct arena *arena = tx_arena(tx);
    put(cells, arena_printf(arena, "%lld", (long long)stop->stop.seq));
    put(cells, stop->village);
    put(cells, arena_printf(arena, "%s\n%s\n%s %s", stop->township, stop->stop.place, stop->keeper,
                            stop->phone));
    put(cells, paper_time(tx, stop->stop.arrives_ms));
    put(cells, down_text(arena, p, s, stop));
    put(cells, up_text(arena, s, stop));
    put(cells, "");
    put(cells, "");
}

static char *manifest_facts(struct tx *tx, const struct printing *p, const struct load_sheet *s)
{
    struct counts n = count(s, 0);
    char *facts = trip_facts(tx, p, s), *load = load_text(tx_arena(tx), p, &n);
    if (facts == NULL || load == NULL) return NULL;
    return arena_printf(tx_arena(tx), "%s\n%s%s %lld %s\n%s ________________    %s ________________"
                        "    %s ____:____", facts, load, *load ? " ·" : "", n.lots,
                        words(p->lang, "lots to pick up"),
                        words(p->lang, "Hub hands over"), words(p->lang, "Driver takes over"),
                        words(p->lang, "left at"));
}

static enum status draw_manifest(struct tx *tx, const struct printing *p,
                                 const struct load_sheet *s, struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    double type_pt = s->stop_count > 14 ? 10 : 13;   // one page, unless it is a very long trip
    for (size_t i = 0; i < s->stop_count; i++) put_stop(tx, p, s, &s->stops[i], &cells);
    const struct pdf_column columns[] = {
        { "", 10, PDF_RIGHT, type_pt }, { words(p->lang, "Village"), 34, PDF_LEFT, type_pt },
        { words(p->lang, "Point, keeper"), 0, PDF_LEFT, 8.5 },
        { words(p->lang, "Due"), 17, PDF_CENTRE, type_pt },
        { words(p->lang, "Hand over"), 33, PDF_LEFT, 8.5 },
        { words(p->lang, "Pick up"), 17, PDF_LEFT, 8 },
        { words(p->lang, "Was there"), 16, PDF_LEFT, 8.5 },
        { words(p->lang, "Received in full, signed"), 26, PDF_LEFT, 8.5 },
    };
    char *name = trip_name(tx, p, &s->trip);
    struct pdf_table table = {
        .title = name ? arena_printf(arena, "%s  %s", words(p->lang, "Manifest"), name) : NULL,
        .facts = manifest_facts(tx, p, s), .columns = columns, .column_count = COUNT(columns),
        .foot = foot(tx, p),
    };
    return s->stop_count ? draw(&cells, p, &table, err) : OK;
}

/* ---- hand-over sheets ---- */

static const char *code_of(const struct load_sheet *s, int64_t unit_id)
{
    for (size_t i = 0; i < s->unit_count; i++)
        if (s->units[i].id == unit_id) return s->units[i].code;
    return "";
}

static enum status draw_handover(struct tx *tx, const struct printing *p,
                                 const struct load_sheet *s, const struct load_stop *stop,
                                 struct err *err)
{
    struct arena *arena = tx_arena(tx);
    struct cells cells = { .arena = arena };
    for (size_t i = 0; i < s->unit_count; i++) {
        const struct load_unit *u = &s->units[i];
        if (u->stop_id != stop->stop.id || container(u)) continue;
        put(&cells, u->crate_id ? short_code(code_of(s, u->crate_id)) : u->up ? "↑" : "");
        put(&cells, u->code);
        put(&cells, words(p->lang, unit_kind_text(u->unit_kind)));
        put(&cells, mask_name(arena, u->name));
        put(&cells, mask_phone(arena, u->phone));
        put(&cells, "");
        put(&cells, "");
    }
    const struct pdf_column columns[] = {
        { words(p->lang, "In crate"), 20, PDF_CENTRE, 0 },
        { words(p->lang, "Number of the piece"), 42, PDF_LEFT, 12 },
        { words(p->lang, "Kind"), 22, PDF_LEFT, 0 },
        { words(p->lang, "Receiver"), 26, PDF_LEFT, 0 },
        { words(p->lang, "Phone"), 30, PDF_LEFT, 0 }, { words(p->lang, "Shelf"), 16, PDF_LEFT, 0 },
        { words(p->lang, "Collected, signed"), 0, PDF_LEFT, 0 },
    };
    char *name = trip_name(tx, p, &s->trip), *day = paper_day(tx, s->trip.day);
    char *due = paper_time(tx, stop->stop.arrives_ms), *down = down_text(arena, p, s, stop);
    if (name == NULL || day == NULL || due == NULL || down == NULL) return BROKEN;
    struct pdf_table table = {
        .title = arena_printf(arena, "%s  %s", words(p->lang, "Hand-over sheet"), stop->stop.place),
        .facts = arena_printf(arena, "%s    %s    %s %lld    %s %s    %s\n%s\n%s %s %s"
                              " ____________", day, name, words(p->lang, "Stop"),
                              (long long)stop->stop.seq,
                              words(p->lang, "Due"), due, stop->township, down,
                              words(p->lang, "Keeper"), stop->keeper,
                              words(p->lang, "has received it, signed")),
        .columns = columns, .column_count = COUNT(columns), .foot = foot(tx, p),
    };
    return draw(&cells, p, &table, err);
}

/* ---- labels ---- */

struct labeller {
    struct tx *tx;
    const struct printing *printing;
    struct stencil_job *job;      // NULL: into the PDF
};

static long long bags_in(const struct load_sheet *s, int64_t crate_id)
{
    long long n = 0;
    for (size_t i = 0; i < s->unit_count; i++) n += s->units[i].crate_id == crate_id;
    return n;
}

static enum status put_label(const struct labeller *l, const struct load_sheet *s,
                             const struct load_unit *u, long long n, struct err *err)
{
    const struct printing *p = l->printing;
    struct arena *arena = tx_arena(l->tx);
    const struct load_stop *stop = stop_of(s, u);
    if (stop == NULL || strlen(u->code) != SSCC_DIGITS) return OK;   // somebody else's crate
    struct counts all = count(s, u->stop_id);
    char *number = arena_printf(arena, "%lld", (long long)s->trip.number);
    char *seq = arena_printf(arena, "%lld", (long long)stop->stop.seq);
    char *day = paper_day(l->tx, s->trip.day), *due = paper_time(l->tx, stop->stop.arrives_ms);
    if (number == NULL || seq == NULL || day == NULL || due == NULL) return BROKEN;
    struct pdf_label label = {
        .sscc = u->code, .qr = u->code, .township = stop->township, .village = stop->village,
        .line = paper_filled(arena, words(p->lang, "Trip {number}"), number), .stop = seq,
        .details = arena_printf(arena, "%s  %s\n%s\n%s %lld / %lld · %lld %s", day, due,
                                stop->stop.place, words(p->lang, unit_kind_text(u->unit_kind)), n,
                                all.crates + all.cold, bags_in(s, u->id),
                                words(p->lang, "pieces")),
        .mark = p->mark,
    };
    if (label.line == NULL || label.details == NULL) return BROKEN;
    return l->job ? stencil_add(l->job, &label, err) : pdf_label(p->pdf, &label, err);
}

static enum status put_labels(const struct labeller *l, struct err *err)
{
    struct load_sheet *sheets;
    size_t sheet_count;
    TRY(load_sheets(l->tx, l->printing, &sheets, &sheet_count, err));
    for (size_t i = 0; i < sheet_count; i++) {
        const struct load_sheet *s = &sheets[i];
        long long n = 0;
        for (size_t k = 0; k < s->unit_count; k++) {
            const struct load_unit *u = &s->units[k];
            if (k > 0 && u->stop_id != s->units[k - 1].stop_id) n = 0;
            if (container(u) && !u->up) TRY(put_label(l, s, u, ++n, err));
        }
    }
    return OK;
}

enum status draw_labels(struct tx *tx, const struct printing *p, struct err *err)
{
    return put_labels(&(struct labeller){ tx, p, NULL }, err);
}

enum status fill_labels(struct tx *tx, const struct printing *p, struct stencil_job *job,
                        struct err *err)
{
    return put_labels(&(struct labeller){ tx, p, job }, err);
}

/* ---- each trip ---- */

enum status draw_loading(struct tx *tx, const struct printing *p, struct err *err)
{
    struct load_sheet *sheets;
    size_t sheet_count;
    TRY(load_sheets(tx, p, &sheets, &sheet_count, err));
    for (size_t i = 0; i < sheet_count; i++) TRY(draw_loading_of(tx, p, &sheets[i], err));
    return OK;
}

enum status draw_manifests(struct tx *tx, const struct printing *p, struct err *err)
{
    struct load_sheet *sheets;
    size_t sheet_count;
    TRY(load_sheets(tx, p, &sheets, &sheet_count, err));
    for (size_t i = 0; i < sheet_count; i++) TRY(draw_manifest(tx, p, &sheets[i], err));
    return OK;
}

enum status draw_handovers(struct tx *tx, const struct printing *p, struct err *err)
{
    struct load_sheet *sheets;
    size_t sheet_count;
    TRY(load_sheets(tx, p, &sheets, &sheet_count, err));
    for (size_t i = 0; i < sheet_count; i++)
        for (size_t k = 0; k < sheets[i].stop_count; k++)
            TRY(draw_handover(tx, p, &sheets[i], &sheets[i].stops[k], err));
    return OK;
}

/* ---- what a day has to move, by place ---- */

static const struct sql find_places = SQL(
    "SELECT coalesce(t.name, ''), p.name, p.opens_s, p.closes_s, sum(1 - g.up),"
    " sum((1 - g.up) * g.weight_g), sum((1 - g.up) * g.dry_ml), sum((1 - g.up) * g.cold_ml),"
    " sum(g.up), sum(g.up * g.weight_g) FROM consignment AS g"
    " JOIN people_place AS p ON p.place_id = g.place_id"
    " LEFT JOIN people_place AS v ON v.place_id = p.parent_id"
    " LEFT JOIN people_place AS t ON t.place_id = CASE WHEN v.kind = 3 THEN v.parent_id"
    "  ELSE v.place_id END"
    " WHERE g.day = $1 AND g.state <> 'withdrawn'"
    " GROUP BY t.place_id, t.name, p.place_id, p.name, p.opens_s, p.closes_s"
    " ORDER BY t.place_id, p.place_id");

static char *tenths(struct arena *arena, int64_t thousandths)
{
    int64_t n = (thousandths + 50) / 100;
    return n ? arena_printf(arena, "%lld.%lld", (long long)(n / 10), (long long)(n % 10))
             : arena_text(arena, "");
}

static enum status read_places(struct tx *tx, int64_t day, struct cells *cells)
{
    struct arena *arena = cells->arena;
    struct rows *rows;
    enum status found = db_first(tx, &find_places, ARGS(i64(day)), &rows);
    for (; found == OK; found = db_next(rows)) {
        int64_t opens = row_i64(rows, 2), closes = row_i64(rows, 3), up = row_i64(rows, 8);
        put(cells, row_str(rows, 0));
        put(cells, row_str(rows, 1));
        put(cells, closes ? arena_printf(arena, "%02d:%02d–%02d:%02d", (int)(opens / 3600),
                                         (int)(opens / 60 % 60), (int)(closes / 3600),
                                         (int)(closes / 60 % 60)) : "");
        put(cells, arena_printf(arena, "%lld", (long long)row_i64(rows, 4)));
        for (size_t c = 5; c < 8; c++) put(cells, tenths(arena, row_i64(rows, c)));
        put(cells, up ? arena_printf(arena, "%lld", (long long)up) : "");
        put(cells, tenths(arena, row_i64(rows, 9)));
        put(cells, "");
    }
    return found == NOT_FOUND ? OK : found;
}

enum status draw_places(struct tx *tx, const struct printing *p, struct err *err)
{
    struct cells cells = { .arena = tx_arena(tx) };
    TRY(read_places(tx, p->day, &cells));
    const struct pdf_column columns[] = {
        { words(p->lang, "Township"), 24, PDF_LEFT, 0 },
        { words(p->lang, "Place"), 0, PDF_LEFT, 0 },
        { words(p->lang, "Open"), 24, PDF_LEFT, 9 }, { words(p->lang, "Down"), 12, PDF_RIGHT, 0 },
        { "kg", 15, PDF_RIGHT, 0 }, { words(p->lang, "l dry"), 15, PDF_RIGHT, 0 },
        { words(p->lang, "l cold"), 15, PDF_RIGHT, 0 }, { words(p->lang, "Up"), 12, PDF_RIGHT, 0 },
        { "kg", 15, PDF_RIGHT, 0 }, { words(p->lang, "Bus"), 16, PDF_LEFT, 0 },
    };
    char *day = paper_day(tx, p->day), *time = paper_time(tx, p->printed_ms);
    if (day == NULL || time == NULL) return BROKEN;
    struct pdf_table table = {
        .title = arena_printf(tx_arena(tx), "%s  %s", words(p->lang, "To be moved, by place"), day),
        .facts = arena_printf(tx_arena(tx), "%s %s", words(p->lang, "What was ordered until"),
                              time),
        .columns = columns, .column_count = COUNT(columns), .foot = foot(tx, p),
    };
    return cells.count ? draw(&cells, p, &table, err) : OK;
}
