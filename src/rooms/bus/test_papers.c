/* test_papers.c - what the night prints: one A4 a trip, labels that are read back, copies counted,
 * no receiver's phone number or name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/test.h"
#include "db/testing.h"
#include "paper/pdf.h"
#include "people/person.h"
#include "rooms/bus/papers.h"
#include "rooms/bus/testing.h"
#include "rooms/bus/trip.h"
#include "web/form.h"

const struct test_room test_rooms[] = { { 0 } };

/* Caches of the font libraries live as long as the process. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:libcairo\nleak:libglib\n";
}

static struct bus_test *t;        // of the test that runs
static struct trip longest;       // of the morning

/* Something for every place, published at 23:00. */
static void publish(void)
{
    struct err err;
    for (int i = 0; i < 2 * BUS_PLACES; i++) {
        struct consignment c = bus_test_goods(t, t->places[i % BUS_PLACES], i % 7 == 6,
                                              bus_tomorrow(), county_now_ms(t->county),
                                              (struct need){ 4000, 30000, i % 3 * 2000 });
        assert_int_equal(bus_test_consign(t, &c, &err), OK);
    }
    bus_test_close(t, bus_tomorrow());
    struct tx *tx = bus_test_read(t);
    struct trip *trips;
    struct stop *stops;
    size_t count, stop_count, most = 0;
    assert_int_equal(trip_list(tx, bus_tomorrow(), 0, &trips, &count), OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(trip_stops(tx, trips[i].id, &stops, &stop_count), OK);
        if (stop_count <= most) continue;
        most = stop_count;
        longest = trips[i];
    }
    longest.state = longest.plate = "";   // of the arena that goes
    assert_true(most >= 3);
    bus_test_read_end(t, tx);
}

static const struct route *route_at(const char *path)
{
    const struct route *route = paper_routes;
    while (strcmp(route->path, path) != 0) route++;
    return route;
}

/* The file of a route; the caller frees its bytes. Takes over `fields`. */
static enum status get(const char *path, struct who who, json_t *fields, struct reply_file *file,
                       struct err *err)
{
    static char names[200];
    const struct route *route = route_at(path);
    struct arena *arena = arena_open(1 << 22);
    struct request rq = { .arena = arena, .county = t->county, .lang = "zh", .who = who,
                          .user_id = who.user_id, .arrived_ms = county_now_ms(t->county) };
    rq.form = form_from_json(arena, fields);
    void *in = arena_new(arena, route->in_size);
    *file = (struct reply_file){ .type = "" };
    enum status done = route->prepare(&rq, in, err);
    if (done == OK) {
        struct tx *tx = bus_test_read(t);
        done = route->file(&rq, tx, in, file, err);
        bus_test_read_end(t, tx);
    }
    if (done == OK) snprintf(names, sizeof names, "%s", file->name);
    file->name = names;
    json_decref(fields);
    arena_free(arena);
    return done;
}

static struct reply_file got(const char *path, const char *form)
{
    struct reply_file file;
    struct err err = { .text = "" };
    json_t *fields = json_pack("{s:I, s:I, s:s*}", "trip_id", (json_int_t)longest.id, "day",
                               (json_int_t)bus_tomorrow(), "form", form);
    enum status done = get(path, t->dispatcher, fields, &file, &err);
    if (done != OK) fail_msg("%s: %s %s", path, err.text, err.detail);
    return file;
}

/* What a program prints about a file of these bytes; skips where it is not installed. */
static char *seen(struct reply_file file, const char *program, const char *command)
{
    char find[100], path[] = "/tmp/cunhuo-paper-XXXXXX", line[1000];
    snprintf(find, sizeof find, "command -v %s >/dev/null 2>&1", program);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file.bytes, file.size), (ssize_t)file.size);
    close(fd);
    free(file.bytes);
    if (system(find) != 0) {
        unlink(path);
        skip();
    }
    char *out = calloc(1, 1 << 20);
    snprintf(line, sizeof line, command, path);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t size = fread(out, 1, (1 << 20) - 1, pipe);
    out[size] = '\0';
    pclose(pipe);
    unlink(path);
    return out;
}

static char *text_of(struct reply_file file)
{
    return seen(file, "pdftotext", "pdftotext -layout %s -");
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part)) n++;
    return n;
}

/* ---- tests ---- */

static void manifest(void **state)
{
    t = bus_test_of(state);
    publish();
    char *text = text_of(got("/bus/trips/{trip_id}/manifest", NULL));
    assert_int_equal(times(text, "\f"), 1);                     // one A4
    struct tx *tx = bus_test_read(t);
    struct load_sheet *sheets;
    struct printing printing = { .trip_id = longest.id };
    size_t count;
    assert_int_equal(load_sheets(tx, &printing, &sheets, &count, &(struct err){ 0 }), OK);
    assert_int_equal(count, 1);
    const char *at = text;
    for (size_t i = 0; i < sheets[0].stop_count; i++) {         // stops in order, with their time
        char *due = paper_time(tx, sheets[0].stops[i].stop.arrives_ms);
        at = strstr(at, due);
        assert_non_null(at);
        assert_non_null(strstr(text, sheets[0].stops[i].village));
    }
    for (size_t i = 0; i < sheets[0].unit_count; i++) {         // each crate by its last digits
        const struct load_unit *u = &sheets[0].units[i];
        if (strcmp(u->unit_kind, "crate") == 0)
            assert_non_null(strstr(text, u->code + strlen(u->code) - 5));
    }
    assert_non_null(strstr(text, sheets[0].driver));
    bus_test_read_end(t, tx);
    free(text);
}

static void loading(void **state)
{
    t = bus_test_of(state);
    publish();
    char *text = text_of(got("/bus/trips/{trip_id}/loading", NULL));
    struct tx *tx = bus_test_read(t);
    struct load_sheet *sheets;
    struct printing printing = { .trip_id = longest.id };
    size_t count, crates = 0;
    assert_int_equal(load_sheets(tx, &printing, &sheets, &count, &(struct err){ 0 }), OK);
    const char *at = text + strlen(text);
    for (size_t i = 0; i < sheets[0].unit_count; i++) {         // the first stop's come last
        const struct load_unit *u = &sheets[0].units[i];
        if (u->up || u->crate_id) continue;
        const char *found = strstr(text, u->code);
        assert_non_null(found);
        assert_true(found < at);
        at = found;
        crates++;
    }
    assert_true(crates >= 3);
    bus_test_read_end(t, tx);
    free(text);
}

static void labels_read_back(void **state)
{
    t = bus_test_of(state);
    publish();
    if (system("command -v pdftoppm >/dev/null 2>&1") != 0) skip();
    char *text = seen(got("/bus/trips/{trip_id}/labels", NULL), "zbarimg",
                      "pdftoppm -r 200 -gray %1$s %1$s"
                      " && zbarimg -q %1$s*.pgm 2>/dev/null; rm -f %1$s*.pgm");
    struct tx *tx = bus_test_read(t);
    struct load_sheet *sheets;
    struct printing printing = { .trip_id = longest.id };
    size_t count, labels = 0;
    assert_int_equal(load_sheets(tx, &printing, &sheets, &count, &(struct err){ 0 }), OK);
    for (size_t i = 0; i < sheets[0].unit_count; i++) {
        const struct load_unit *u = &sheets[0].units[i];
        char bars[60], qr[60];
        if (strcmp(u->unit_kind, "crate") != 0 && strcmp(u->unit_kind, "cold_box") != 0) continue;
        snprintf(bars, sizeof bars, "CODE-128:00%s\n", u->code);
        snprintf(qr, sizeof qr, "QR-Code:%s\n", u->code);
        assert_int_equal(times(text, bars), 1);
        assert_int_equal(times(text, qr), 1);
        labels++;
    }
    assert_int_equal(times(text, "QR-Code:"), labels);
    assert_true(labels >= 3);
    bus_test_read_end(t, tx);
    free(text);
}

static void printers(void **state)
{
    t = bus_test_of(state);
    publish();
    struct reply_file zpl = got("/bus/trips/{trip_id}/labels", "zpl");
    struct reply_file tspl = got("/bus/trips/{trip_id}/labels", "tspl");
    char *z = strndup(zpl.bytes, zpl.size), *s = strndup(tspl.bytes, tspl.size);
    assert_true(times(z, "^XA") >= 3);
    assert_int_equal(times(z, "^XA"), times(z, "^XZ"));
    assert_int_equal(times(s, "PRINT 1,1"), times(z, "^XA"));
    assert_non_null(strstr(z, "P"));
    free(zpl.bytes);
    free(tspl.bytes);
    free(z);
    free(s);
    char path[500];                                             // a stencil of the county's own
    snprintf(path, sizeof path, "%s/labels.zpl", t->county->folder);
    FILE *own = fopen(path, "w");
    assert_non_null(own);
    fputs("^XA^FD{sscc}^FS^XZ\n", own);
    fclose(own);
    zpl = got("/bus/trips/{trip_id}/labels", "zpl");
    assert_memory_equal(zpl.bytes, "^XA^FD0", 7);
    free(zpl.bytes);
    struct err err = { 0 };
    json_t *fields = json_pack("{s:I, s:s}", "trip_id", (json_int_t)longest.id, "form", "cpcl");
    assert_int_equal(get("/bus/trips/{trip_id}/labels", t->dispatcher, fields, &zpl, &err),
                     INVALID);
    assert_string_equal(err.field, "form");
}

static void copies(void **state)
{
    t = bus_test_of(state);
    publish();
    char *first = text_of(got("/bus/trips/{trip_id}/manifest", NULL));
    char *again = text_of(got("/bus/trips/{trip_id}/manifest", NULL));
    char *other = text_of(got("/bus/trips/{trip_id}/loading", NULL));
    char *night = text_of(got("/bus/days/{day}/papers", NULL));
    char *after = text_of(got("/bus/trips/{trip_id}/loading", NULL));
    char *labels = text_of(got("/bus/trips/{trip_id}/labels", NULL));
    assert_null(strstr(first, "份"));
    assert_non_null(strstr(again, "第2份"));
    assert_null(strstr(other, "份"));
    assert_null(strstr(night, "份"));
    assert_non_null(strstr(after, "第3份"));                  // the night's set held one
    assert_non_null(strstr(labels, "第2份"));
    for (size_t i = 0; i < 6; i++)
        free((char *[]){ first, again, other, night, after, labels }[i]);
    struct reply_file file;
    struct err err = { 0 };
    struct who stranger = t->driver[t->drivers[0] == longest.driver_id];
    json_t *fields = json_pack("{s:I}", "trip_id", (json_int_t)longest.id);
    assert_int_equal(get("/bus/trips/{trip_id}/manifest", stranger, fields, &file, &err), DENIED);
    fields = json_pack("{s:I}", "trip_id", (json_int_t)12345678);
    assert_int_equal(get("/bus/trips/{trip_id}/manifest", t->dispatcher, fields, &file, &err),
                     NOT_FOUND);
}

/* No receiver's phone number, and no whole name, on anything but the staff's own numbers. */
static void nobody_known(void **state)
{
    t = bus_test_of(state);
    publish();
    struct tx *tx = bus_test_read(t);
    struct party villager;
    assert_int_equal(party_get(tx, t->villagers[0], &villager, &(struct err){ 0 }), OK);
    char phone[40], name[100];
    snprintf(phone, sizeof phone, "%s", villager.phone ? villager.phone : "none");
    snprintf(name, sizeof name, "%s", villager.name);
    bus_test_read_end(t, tx);
    static const char *const papers[] = { "/bus/trips/{trip_id}/labels",
        "/bus/trips/{trip_id}/handover", "/bus/days/{day}/papers" };
    for (size_t i = 0; i < COUNT(papers); i++) {
        char *text = text_of(got(papers[i], NULL));
        assert_null(strstr(text, phone));
        assert_null(strstr(text, name));
        free(text);
    }
    struct reply_file zpl = got("/bus/trips/{trip_id}/labels", "zpl");
    assert_null(memmem(zpl.bytes, zpl.size, phone, strlen(phone)));
    assert_null(memmem(zpl.bytes, zpl.size, name, strlen(name)));
    free(zpl.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_BUS("S2.8 a trip's manifest is one A4 with its stops in order", manifest),
        TEST_BUS("S2.8 the loading list is last out first in", loading),
        TEST_BUS("S2.8 the bars and QR of each crate's label are read back", labels_read_back),
        TEST_BUS("P.11 labels for printers, by the county's own stencil too", printers),
        TEST_BUS("P.11 a reprint is marked with its number", copies),
        TEST_BUS("S3.17 no receiver can be read off the labels and lists", nobody_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
