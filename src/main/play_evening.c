/* play_evening.c - 22:40 to the published plan: orders, parcels, offers, the closing. */
#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "demo/generate.h"
#include "main/play.h"
#include "paper/csv.h"

enum {
    ORDERS = 3600, LAST_MINUTE = 1000, TOO_LATE = 40,   // of them in 22:59; after 23:00:00.2
    SCARCE = 100, SCARCE_WANTED = 4,    // pieces; of a hundred who would like some
    LINES_MIN = 2, LINES_MAX = 6, PARCELS = 250, PARCEL_FILES = 3, POLL_MS = 200, POLLS_MAX = 900,
    FILE_BYTES = 1 << 20,
};

#define LEAN 1.2

struct order {
    const struct actor *villager, *by;   // by: the keeper who orders for him, or himself
    int64_t at_ms;
    const char *pay;
    bool cancels, pays_later;
    int lines;
    size_t goods[LINES_MAX];
    int64_t quantity[LINES_MAX];
    size_t number;
};

struct evening {
    struct play *play;
    struct csv goods;
    int code, stock;
    const struct actor **villagers;
    size_t villager_count;
    struct order *orders;
    size_t order_count;
    pthread_mutex_t lock;
};

/* ---- who orders what, by the seed ---- */

static void choose_lines(struct evening *e, struct order *order)
{
    struct rng *rng = &e->play->rng;
    order->lines = LINES_MIN + (int)rng_below(rng, LINES_MAX - LINES_MIN + 1);
    for (int i = 0; i < order->lines; i++) {
        // Some goods are wanted more than others: the power leans towards the first ones. What is
        // scarce is wanted by few, but by more than there is.
        int64_t stock;
        do {
            order->goods[i] = (size_t)(pow(rng_unit(rng), LEAN) * (double)e->goods.rows);
            if (text_i64(csv_text(&e->goods, order->goods[i], e->stock), &stock) != OK)
                stock = SCARCE;
        } while (stock < SCARCE && rng_below(rng, 100) >= SCARCE_WANTED);
        order->quantity[i] = 1 + (int64_t)rng_below(rng, 3);
    }
}

static const struct actor *keeper_of(const struct play *play, const struct actor *villager)
{
    char point[64];
    snprintf(point, sizeof point, "P%s", villager->place_code);
    return actor_of(play, role_set("keeper"), point, 0);
}

static void choose_orders(struct evening *e)
{
    struct rng *rng = &e->play->rng;
    int64_t closes_ms = e->play->evening_ms + 20 * MINUTE_MS;
    for (size_t i = 0; i < e->order_count; i++) {
        struct order *order = &e->orders[i];
        size_t early = ORDERS - LAST_MINUTE;
        // The villages come one after the other first, so that each of them orders.
        *order = (struct order){ .number = i, .villager = e->villagers[i % e->villager_count] };
        order->by = order->villager;
        int64_t nth = (int64_t)i, nth_last = nth - (int64_t)early;
        order->at_ms =
            i < early ? e->play->evening_ms + nth * 19 * MINUTE_MS / (int64_t)early
            : i < ORDERS ? closes_ms - MINUTE_MS + nth_last * (MINUTE_MS - 100) / LAST_MINUTE
            : closes_ms + 200;
        uint32_t kind = rng_below(rng, 100);
        order->pay = kind < 15 ? "cash" : kind < 25 ? "later" : "demo";
        if (kind < 15) {
            const struct actor *keeper = keeper_of(e->play, order->villager);
            if (keeper) order->by = keeper;
            else order->pay = "demo";
        }
        order->pays_later = kind >= 15 && kind < 23;
        order->cancels = i < early && kind >= 90 && kind < 94;
        choose_lines(e, order);
    }
}

/* Villagers, a village's first before any village's second. */
static enum status order_villagers(struct evening *e)
{
    const struct play *play = e->play;
    e->villagers = arena_new(play->arena, play->actor_count * sizeof *e->villagers);
    size_t *rank = arena_new(play->arena, play->actor_count * sizeof *rank);
    if (e->villagers == NULL || rank == NULL) return BROKEN;
    size_t most = 0;
    uint64_t villager = role_set("villager");
    for (size_t i = 0; i < play->actor_count; i++) {
        const struct actor *a = &play->actors[i];
        if (!(a->roles & villager)) continue;
        size_t k = i;   // rows of a village stand together
        while (k > 0 && (!(play->actors[k - 1].roles & villager)
                         || strcmp(play->actors[k - 1].place_code, a->place_code) != 0)) k--;
        rank[i] = k > 0 ? rank[k - 1] + 1 : 0;
        if (rank[i] > most) most = rank[i];
    }
    for (size_t r = 0; r <= most; r++)
        for (size_t i = 0; i < play->actor_count; i++)
            if ((play->actors[i].roles & villager) && rank[i] == r)
                e->villagers[e->villager_count++] = &play->actors[i];
    return e->villager_count ? OK : NOT_FOUND;
}

/* ---- ordering ---- */

static void lines_text(const struct evening *e, const struct order *order, char *out, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < order->lines; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s:%lld", i ? "," : "",
                               csv_text(&e->goods, order->goods[i], e->code),
                               (long long)order->quantity[i]);
}

static json_t *order_body(const struct evening *e, const struct order *order, const json_t *promise)
{
    json_t *lines = json_array();
    for (int i = 0; i < order->lines; i++)
        json_array_append_new(lines, json_pack("{s:s, s:I}", "code",
            csv_text(&e->goods, order->goods[i], e->code), "quantity",
            (json_int_t)order->quantity[i]));
    json_t *body = json_pack("{s:s, s:I, s:I, s:s, s:o}", "village", order->villager->place_code,
        "day", json_integer_value(json_object_get(promise, "day")),
        "total_fen", json_integer_value(json_object_get(promise, "total_fen")),
        "pay", order->pay, "lines", lines);
    if (order->by != order->villager)
        json_object_update_new(body, json_pack("{s:s, s:s}", "for_phone", order->villager->phone,
                                               "for_name", order->villager->name));
    return body;
}

static void add(struct evening *e, int64_t *counter)
{
    pthread_mutex_lock(&e->lock);
    (*counter)++;
    pthread_mutex_unlock(&e->lock);
}

/* After an order was taken: some pay later, some cancel. */
static void follow(struct evening *e, struct caller *caller, const struct order *order,
                   const json_t *taken)
{
    char path[160], key[64];
    const char *code = json_string_value(json_object_get(taken, "code"));
    if (code == NULL) return;
    if (order->pays_later) {
        snprintf(path, sizeof path, "/shop/orders/%s/pay", code);
        snprintf(key, sizeof key, "pay-%zu", order->number);
        caller_send(caller, order->by, path, key, json_pack("{s:s}", "pay", "demo"), NULL);
    }
    if (order->cancels) {
        snprintf(path, sizeof path, "/shop/orders/%s/cancel", code);
        snprintf(key, sizeof key, "cancel-%zu", order->number);
        if (caller_send(caller, order->by, path, key, json_object(), NULL) == 200)
            add(e, &e->play->cancelled);
    }
}

static void place(void *of, struct caller *caller, size_t i)
{
    struct evening *e = of;
    const struct order *order = &e->orders[i];
    char path[2048], lines[1024], key[64];
    json_t *promise = NULL, *answer = NULL;
    lines_text(e, order, lines, sizeof lines);
    snprintf(path, sizeof path, "/shop/promise?village=%s&lines=%s", order->villager->place_code,
             lines);
    int status = caller_call(caller, order->by, path, NULL, NULL, &promise);
    if (status == 200) {
        snprintf(key, sizeof key, "order-%zu", order->number);
        status = caller_send(caller, order->by, "/shop/orders", key,
                             order_body(e, order, promise), &answer);
    }
    if (status == 200) {
        add(e, order->number < ORDERS ? &e->play->orders : &e->play->late_orders);
        follow(e, caller, order, answer);
    } else {
        add(e, status == 503 || status == 0 ? &e->play->busy : &e->play->refused);
        const char *why = json_string_value(json_object_get(status == 200 ? promise : answer
                                                            ? answer : promise, "detail"));
        if (getenv("CUNHUO_DEMO_WHY"))
            fprintf(stderr, "order %zu: %d %s\n", order->number, status, why ? why : "");
    }
    json_decref(promise);
    json_decref(answer);
}

struct slice { struct evening *evening; size_t first; };

static void place_slice(void *of, struct caller *caller, size_t i)
{
    const struct slice *slice = of;
    place(slice->evening, caller, slice->first + i);
}

/* All orders of one instant of the clock, at once. */
static size_t place_until(struct evening *e, struct caller *caller, size_t first, int64_t until_ms)
{
    size_t last = first;
    while (last < e->order_count && e->orders[last].at_ms < until_ms) last++;
    if (last > first) {
        play_turn(e->play, caller, e->orders[last - 1].at_ms);
        play_all(e->play, last - first, place_slice, &(struct slice){ e, first });
    }
    return last;
}

/* ---- parcels and offers ---- */

static enum status hand_in_parcels(struct evening *e, struct caller *caller, size_t courier,
                                   struct err *err)
{
    const struct play *play = e->play;
    const struct demo_courier *c = &demo_couriers[courier];
    char path[4200], name[64], key[64];
    TRY(demo_parcels(play->import, courier, play->day, play->seed, PARCELS, err));
    snprintf(name, sizeof name, "parcels_%s.csv", c->short_name);
    snprintf(path, sizeof path, "%s/%s", play->import, name);
    FILE *file = fopen(path, "rb");
    const size_t room = sodium_base64_ENCODED_LEN(FILE_BYTES, sodium_base64_VARIANT_ORIGINAL);
    char *bytes = arena_new(play->arena, FILE_BYTES), *text = arena_new(play->arena, room);
    if (file == NULL || bytes == NULL || text == NULL) return BROKEN;
    size_t size = fread(bytes, 1, FILE_BYTES, file);
    fclose(file);
    sodium_bin2base64(text, room, (const unsigned char *)bytes, size,
                      sodium_base64_VARIANT_ORIGINAL);
    json_t *answer = NULL;
    snprintf(key, sizeof key, "parcels-%s", c->short_name);
    int status = caller_send(caller, play->dispatcher, "/parcel/files", key,
        json_pack("{s:s, s:s, s:s}", "courier", c->short_name, "name", name, "content_base64",
                  text), &answer);
    int64_t taken = json_integer_value(json_object_get(answer, "taken"));
    play_say(play, "%s hands in %d parcels: %lld taken, %lld to be asked about (%d)", c->name,
             PARCELS, (long long)taken,
             (long long)json_integer_value(json_object_get(answer, "unsure")), status);
    e->play->parcels += taken;
    json_decref(answer);
    return status == 200 ? OK
         : err_about(err, INVALID, NULL, "A courier's file was refused.", "%d", status);
}

static enum status offer_produce(struct evening *e, struct caller *caller, struct err *err)
{
    struct play *play = e->play;
    struct csv offers;
    char path[4200], key[64];
    snprintf(path, sizeof path, "%s/produce_offers.csv", play->import);
    TRY(csv_read(play->arena, path, &offers, err));
    for (size_t row = 0; row < offers.rows; row++) {
        int64_t quantity = 0, weight = 0, volume = 0, price = 0;
        const struct actor *producer = NULL;
        const char *phone = csv_text(&offers, row, csv_column(&offers, "phone"));
        for (size_t i = 0; i < play->actor_count && !producer; i++)
            if (strcmp(play->actors[i].phone, phone) == 0) producer = &play->actors[i];
        if (producer == NULL) continue;
        TRY(csv_i64(&offers, row, csv_column(&offers, "quantity"), 1, 1000000, &quantity, err));
        TRY(csv_i64(&offers, row, csv_column(&offers, "weight_g"), 1, 1000000, &weight, err));
        TRY(csv_i64(&offers, row, csv_column(&offers, "volume_ml"), 1, 1000000, &volume, err));
        TRY(csv_i64(&offers, row, csv_column(&offers, "price_fen"), 1, 10000000, &price, err));
        snprintf(key, sizeof key, "offer-%zu", row);
        int status = caller_send(caller, producer, "/produce/offers", key,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:s}",
                      "product", csv_text(&offers, row, csv_column(&offers, "product")),
                      "unit", csv_text(&offers, row, csv_column(&offers, "unit")),
                      "quantity", (json_int_t)quantity, "weight_g", (json_int_t)(quantity * weight),
                      "volume_ml", (json_int_t)(quantity * volume),
                      "temperature", csv_text(&offers, row, csv_column(&offers, "temperature")),
                      "price_fen", (json_int_t)price,
                      "village", csv_text(&offers, row, csv_column(&offers, "village_code"))),
            NULL);
        play->lots += status == 200;
    }
    play_say(play, "producers offer %lld lots for collection", (long long)play->lots);
    return OK;
}

/* ---- the closing and the plan ---- */

static enum status wait_published(struct play *play, struct caller *caller, struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/bus/waves/%lld", (long long)play->day);
    for (int polls = 0; polls < POLLS_MAX; polls++) {
        json_t *wave = NULL;
        caller_call(caller, play->dispatcher, path, NULL, NULL, &wave);
        const char *state = json_string_value(json_object_get(wave, "state"));
        bool published = state && strcmp(state, "published") == 0;
        json_decref(wave);
        if (published) return OK;
        nanosleep(&(struct timespec){ .tv_nsec = POLL_MS * 1000000L }, NULL);
    }
    return err_set(err, BROKEN, NULL, "The plan was not published within three minutes.");
}

enum status play_evening(struct play *play, struct caller *caller, struct err *err)
{
    struct evening e = { .play = play, .order_count = ORDERS + TOO_LATE };
    char path[4200];
    snprintf(path, sizeof path, "%s/goods.csv", play->import);
    TRY(csv_read(play->arena, path, &e.goods, err));
    e.code = csv_column(&e.goods, "code");
    e.stock = csv_column(&e.goods, "stock");
    e.orders = arena_new(play->arena, e.order_count * sizeof *e.orders);
    if (e.orders == NULL) return BROKEN;
    pthread_mutex_init(&e.lock, NULL);
    TRY(order_villagers(&e));
    choose_orders(&e);

    play_say(play, "villagers order");
    TRY(offer_produce(&e, caller, err));
    int64_t closes_ms = play->evening_ms + 20 * MINUTE_MS;
    size_t done = 0;
    for (int minute = 1; minute <= 19; minute++) {
        done = place_until(&e, caller, done, play->evening_ms + minute * MINUTE_MS);
        if (minute % 5 == 0) {
            play_say(play, "%lld orders", (long long)play->orders);
            if (minute / 5 <= PARCEL_FILES)
                TRY(hand_in_parcels(&e, caller, (size_t)minute / 5 - 1, err));
        }
    }
    for (int64_t at_ms = closes_ms - MINUTE_MS; at_ms < closes_ms; at_ms += 2 * SECOND_MS)
        done = place_until(&e, caller, done, at_ms + 2 * SECOND_MS);
    play_say(play, "%lld orders, %lld cancelled, %lld refused (sold out)", (long long)play->orders,
             (long long)play->cancelled, (long long)play->refused);

    play_turn(play, caller, closes_ms);
    int64_t began_ms = mono_ms();
    play_turn(play, caller, closes_ms + 200);
    place_until(&e, caller, done, closes_ms + SECOND_MS);
    play_say(play, "the wave has closed; %d more orders come: %lld are for the day after", TOO_LATE,
             (long long)play->late_orders);
    TRY(wait_published(play, caller, err));
    play_say(play, "the plan is published, %.1f s after the closing",
             (double)(mono_ms() - began_ms) / 1000);
    pthread_mutex_destroy(&e.lock);
    return OK;
}
