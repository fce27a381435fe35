/* crash.c - kill -9 in the order storm, at the closing and while the night plans; S1.8 and L.2.
 *
 * Nights of orders by 64 clients: keep-alive, two to six lines, scarce goods among them, some
 * repeated under the same key, some paid later, some cancelled, some with another body under a used
 * key. Each night the server is killed up to five times: twice in the storm, once just before
 * 23:00:00.000, once around it, once while the plan is made. Who got no answer asks again. After
 * each kill and at the end of each night the county's rows are compared with what people were told
 * (truth.h).
 *
 * CUNHUO is the program, CUNHUO_SCRATCH a folder of our own, CUNHUO_KILLS how many kills in all
 * (20), CUNHUO_SEED what the dice begin with. Prints TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/rng.h"
#include "crash/storm.h"
#include "crash/truth.h"
#include "rig/rig.h"

enum {
    VILLAGES = 24, PEOPLE = 1000, GOODS = 60, PLENTY = 1000000, SCARCE = 900, LONELY = 100,
    NIGHT_KILLS = 5, ORDERS = 10000, ORDERS_MIN = 500, SOLVE_MS = 300,
    BUYERS = 1000, BUYER_KILLS = 3, REPLAYED = 250, REPLAYS = 10, REPLAY_KILLS = 2, POLL_US = 20000,
};

struct crash {
    struct rig rig;
    struct rng rng;
    struct want *wants;           // of all nights; the night's first is `first`
    size_t count, first, night;
    size_t kills, kills_max, acknowledged, unanswered;   // unanswered: asked again
    struct storm storm;
    struct truth truth;           // summed over all looks
    size_t looks;
    size_t repeats_wrong, conflicts_wrong, promises_wrong;
    int64_t least_left;           // S1.8: of the lonely goods, as ever seen
    uint32_t *replay;             // L.2: want * 3 + step, in the order of sending
};

/* ---- what people want ---- */

static void make_want(struct crash *c, struct want *want, size_t number)
{
    struct rng *rng = &c->rng;
    char lines[800] = "", village[RIG_VILLAGE];
    int64_t total_fen = 0;
    size_t at = 0, count = 2 + rng_below(rng, 5);
    *want = (struct want){ .buyer = &c->rig.people[rng_below(rng, PEOPLE)] };
    for (size_t i = 0; i < count; i++) {
        const struct rig_goods *goods = &c->rig.goods[1 + rng_below(rng, GOODS - 1)];
        long long quantity = rng_between(rng, 1, 3);
        total_fen += quantity * goods->price_fen;
        at += (size_t)snprintf(lines + at, sizeof lines - at,
                               "%s{\"code\":\"%s\",\"quantity\":%lld}", i ? "," : "",
                               goods->code, quantity);
    }
    want->later = rng_below(rng, 100) < 15;
    want->pays = want->later && rng_below(rng, 100) < 70;
    want->cancels = rng_below(rng, 100) < 8;
    want->repeats = rng_below(rng, 100) < 10;
    want->differs = rng_below(rng, 100) < 3;
    want->asks = rng_below(rng, 100) < 10;
    rig_village(want->buyer->village, village);
    if (asprintf(&want->body, "{\"village\":\"%s\",\"day\":%lld,\"total_fen\":%lld,\"pay\":\"%s\","
                 "\"note\":\"w%zu\",\"lines\":[%s]}", village,
                 (long long)(c->rig.day + (int64_t)c->night), (long long)total_fen,
                 want->later ? "later" : "demo", number, lines) < 0)
        rig_die("no memory");
}

/* One or two of the goods of which there are a hundred, in one line or in two. */
static void make_buyer(struct crash *c, struct want *want, size_t number)
{
    const struct rig_goods *goods = &c->rig.goods[0];
    char village[RIG_VILLAGE], line[64];
    bool two = rng_below(&c->rng, 100) < 30;
    *want = (struct want){ .buyer = &c->rig.people[number % PEOPLE],
                           .later = rng_below(&c->rng, 100) < 30 };
    want->pays = want->later && rng_below(&c->rng, 100) < 50;
    want->repeats = rng_below(&c->rng, 100) < 20;
    rig_village(want->buyer->village, village);
    snprintf(line, sizeof line, "{\"code\":\"%s\",\"quantity\":1}", goods->code);
    if (asprintf(&want->body, "{\"village\":\"%s\",\"day\":%lld,\"total_fen\":%lld,\"pay\":\"%s\","
                 "\"note\":\"w%zu\",\"lines\":[%s%s%s]}", village,
                 (long long)(c->rig.day + (int64_t)c->night),
                 (long long)(goods->price_fen * (two ? 2 : 1)), want->later ? "later" : "demo",
                 number, line, two ? "," : "", two ? line : "") < 0)
        rig_die("no memory");
}

static void add_wants(struct crash *c, size_t count,
                      void (*make)(struct crash *c, struct want *want, size_t number))
{
    c->first = c->count;
    c->wants = realloc(c->wants, (c->count + count) * sizeof *c->wants);
    if (c->wants == NULL) rig_die("no memory");
    for (; count > 0; count--, c->count++) make(c, &c->wants[c->count], c->count);
}

/* ---- what they do ---- */

enum step { ORDER, PAY, CANCEL };

static int *status_of(struct want *want, enum step step)
{
    return step == ORDER ? &want->ordered : step == PAY ? &want->paid : &want->cancelled;
}

static int call_step(struct crash *c, void *client, size_t number, enum step step, char *answer)
{
    static const char *const names[] = { "order", "pay", "cancel" };
    const struct want *want = &c->wants[number];
    char path[120] = "/shop/orders", key[40];
    if (step != ORDER) snprintf(path, sizeof path, "/shop/orders/%s/%s", want->code, names[step]);
    snprintf(key, sizeof key, "%s-%zu", names[step], number);
    return storm_call(&c->storm, client, path, want->buyer->token, key,
                      step == ORDER ? want->body : step == PAY ? "{\"pay\":\"demo\"}" : "{}",
                      answer);
}

static void note(struct crash *c, size_t number, enum step step, int status, const char *answer)
{
    struct want *want = &c->wants[number];
    const char *code = step == ORDER && status == 200 ? strstr(answer, "\"code\":\"") : NULL;
    int size = code ? (int)strcspn(code + 8, "\"") : 0;
    pthread_mutex_lock(&c->storm.lock);
    if (code) snprintf(want->code, sizeof want->code, "%.*s", size, code + 8);
    want->answers[step] = strdup(answer);
    *status_of(want, step) = status;
    c->acknowledged += status == 200;
    pthread_mutex_unlock(&c->storm.lock);
}

static void add_wrong(struct crash *c, size_t *counter, const char *what, size_t number,
                      int status)
{
    pthread_mutex_lock(&c->storm.lock);
    if ((*counter)++ < 5) printf("# w%zu: %s: %d\n", number, what, status);
    pthread_mutex_unlock(&c->storm.lock);
}

/* The same key, and something else that is wanted. */
static void send_other(struct crash *c, void *client, size_t number)
{
    const struct want *want = &c->wants[number];
    char key[40], body[2048];
    snprintf(key, sizeof key, "order-%zu", number);
    snprintf(body, sizeof body, "%.*s,\"for_name\":\"别人\"}", (int)strlen(want->body) - 1,
             want->body);
    int status = storm_call(&c->storm, client, "/shop/orders", want->buyer->token, key, body, NULL);
    if (status != 409)
        add_wrong(c, &c->conflicts_wrong, "another body under a used key", number, status);
}

static void ask_promise(struct crash *c, void *client, size_t number)
{
    const struct rig_person *buyer = c->wants[number].buyer;
    char path[160], village[RIG_VILLAGE];
    rig_village(buyer->village, village);
    snprintf(path, sizeof path, "/shop/promise?village=%s&lines=%s:1", village,
             c->rig.goods[1].code);
    int status = storm_call(&c->storm, client, path, buyer->token, NULL, NULL, NULL);
    if (status != 200) add_wrong(c, &c->promises_wrong, "no promise", number, status);
}

static void buy(void *of, struct storm *storm, void *client, size_t i)
{
    struct crash *c = of;
    size_t number = c->first + i;
    struct want *want = &c->wants[number];
    char answer[STORM_ANSWER], again[STORM_ANSWER];
    (void)storm;
    if (want->asks) ask_promise(c, client, number);
    int status = call_step(c, client, number, ORDER, answer);
    note(c, number, ORDER, status, answer);
    if (want->repeats) {
        int repeated = call_step(c, client, number, ORDER, again);
        if (repeated != status || strcmp(again, answer) != 0)
            add_wrong(c, &c->repeats_wrong, "a repeat was told something else", number, repeated);
    }
    if (want->differs) send_other(c, client, number);
    if (status != 200) return;
    if (want->pays) {
        status = call_step(c, client, number, PAY, answer);
        note(c, number, PAY, status, answer);
    }
    if (want->cancels) {
        status = call_step(c, client, number, CANCEL, answer);
        note(c, number, CANCEL, status, answer);
    }
}

/* ---- killing and looking ---- */

static void look(struct crash *c)
{
    struct truth found;
    pthread_mutex_lock(&c->storm.lock);
    struct want *known = malloc((c->count + 1) * sizeof *known);
    if (known == NULL) rig_die("no memory");
    memcpy(known, c->wants, c->count * sizeof *known);
    pthread_mutex_unlock(&c->storm.lock);
    truth_look(&c->rig, known, c->count, &found);
    truth_add(&c->truth, &found);
    c->looks++;
    free(known);
}

static bool may_kill(const struct crash *c) { return c->kills < c->kills_max; }

static void kill_and_look(struct crash *c)
{
    rig_kill(&c->rig);
    storm_down(&c->storm);
    c->kills++;
    rig_serve(&c->rig);
    look(c);
    storm_up(&c->storm, &c->rig);
}

/* When `part` of a thousand of the storm's scripts were begun, and up to 3 ms later. */
static void kill_at(struct crash *c, size_t part)
{
    if (!may_kill(c) || !storm_reach(&c->storm, c->storm.count * part / 1000)) return;
    rig_pause_us(rng_between(&c->rng, 0, 3000));
    kill_and_look(c);
}

struct turning { struct crash *crash; int64_t now_ms; };

static void *turn_once(void *of)
{
    struct turning *turning = of;
    struct crash *c = turning->crash;
    struct rig other = c->rig;   // its own copy: this one is killed meanwhile
    rig_turn(&other, c->night, turning->now_ms);
    return NULL;
}

static void turn(struct crash *c, int64_t now_ms)
{
    while (!rig_turn(&c->rig, c->night, now_ms)) rig_pause_us(POLL_US);
}

/* The clock is turned while orders come; the server dies around the instant. */
static void close_wave(struct crash *c)
{
    struct turning turning = { c, rig_at(&c->rig, c->night, 23, 0, 0, 0) };
    pthread_t thread;
    if (may_kill(c)) {
        if (pthread_create(&thread, NULL, turn_once, &turning) != 0) rig_die("no threads");
        rig_pause_us(rng_between(&c->rng, 0, 15000));
        rig_kill(&c->rig);
        pthread_join(thread, NULL);
        kill_and_look(c);
    }
    turn(c, turning.now_ms);
}

static void wait_published(struct crash *c)
{
    char state = 0;
    for (int64_t began_ms = mono_ms(); state != 'p'; rig_pause_us(POLL_US)) {
        state = rig_wave(&c->rig, c->night);
        if (mono_ms() - began_ms > 60000) rig_die("night %zu: not published in a minute", c->night);
    }
}

static void play_night(struct crash *c, size_t orders)
{
    add_wants(c, orders, make_want);
    c->storm = (struct storm){ .count = orders, .of = c, .script = buy };
    turn(c, rig_at(&c->rig, c->night, 22, 50, 0, 0));
    storm_start(&c->storm, &c->rig);
    kill_at(c, 50 + rng_below(&c->rng, 250));
    kill_at(c, 350 + rng_below(&c->rng, 200));
    storm_reach(&c->storm, orders * 6 / 10);
    turn(c, rig_at(&c->rig, c->night, 22, 59, 59, 999));
    kill_at(c, 620 + rng_below(&c->rng, 60));
    storm_reach(&c->storm, orders * 7 / 10);
    close_wave(c);
    if (may_kill(c)) {
        rig_pause_us(rng_between(&c->rng, 0, (SOLVE_MS + 200) * 1000));
        kill_and_look(c);
    }
    wait_published(c);
    storm_join(&c->storm);
    c->unanswered += c->storm.unanswered;
    look(c);
    c->night++;
}

/* ---- S1.8: a thousand want what there are a hundred of ---- */

struct watch { struct crash *crash; bool over; };

static void *watch_stock(void *of)
{
    struct watch *watch = of;
    struct crash *c = watch->crash;
    int64_t left, sold;
    while (!__atomic_load_n(&watch->over, __ATOMIC_ACQUIRE)) {
        if (truth_stock(&c->rig, c->rig.goods[0].code, &left, &sold)) {
            if (LONELY - sold < left) left = LONELY - sold;
            if (left < c->least_left) c->least_left = left;
        }
        rig_pause_us(POLL_US);
    }
    return NULL;
}

static void sell_hundred(struct crash *c, int64_t *left, int64_t *sold)
{
    struct watch watch = { .crash = c };
    pthread_t thread;
    add_wants(c, BUYERS, make_buyer);
    c->storm = (struct storm){ .count = BUYERS, .of = c, .script = buy };
    turn(c, rig_at(&c->rig, c->night, 22, 40, 0, 0));
    storm_start(&c->storm, &c->rig);
    if (pthread_create(&thread, NULL, watch_stock, &watch) != 0) rig_die("no threads");
    for (uint32_t i = 1; i <= BUYER_KILLS; i++) kill_at(c, i * 20 + rng_below(&c->rng, 30 * i * i));
    storm_join(&c->storm);
    c->unanswered += c->storm.unanswered;
    __atomic_store_n(&watch.over, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    look(c);
    if (!truth_stock(&c->rig, c->rig.goods[0].code, left, sold)) rig_die("no stock to look at");
}

/* ---- L.2: everything again, ten times, shuffled ---- */

static void send_again(void *of, struct storm *storm, void *client, size_t i)
{
    struct crash *c = of;
    char answer[STORM_ANSWER];
    size_t number = c->replay[i] / 3;
    enum step step = (enum step)(c->replay[i] % 3);
    (void)storm;
    int status = call_step(c, client, number, step, answer);
    if (status != *status_of(&c->wants[number], step)
        || strcmp(answer, c->wants[number].answers[step]) != 0)
        add_wrong(c, &c->repeats_wrong, "a repeat was told something else", number, status);
    if (step == ORDER && i % 7 == 0) send_other(c, client, number);
}

static size_t choose_replays(struct crash *c)
{
    uint32_t chosen[REPLAYED];
    size_t count = 0, from = c->count > 4 * BUYERS ? c->count - 4 * BUYERS : 0;
    while (count < REPLAYED) {
        size_t number = from + rng_below(&c->rng, (uint32_t)(c->count - from));
        enum step step = (enum step)rng_below(&c->rng, 3);
        if (*status_of(&c->wants[number], step)) chosen[count++] = (uint32_t)(number * 3) + step;
    }
    c->replay = calloc(REPLAYED * REPLAYS, sizeof *c->replay);
    if (c->replay == NULL) rig_die("no memory");
    for (size_t i = 0; i < REPLAYED * REPLAYS; i++) {
        size_t k = rng_below(&c->rng, (uint32_t)i + 1);
        c->replay[i] = c->replay[k];
        c->replay[k] = chosen[i % REPLAYED];
    }
    return REPLAYED * REPLAYS;
}

static bool replay_all(struct crash *c)
{
    size_t count = choose_replays(c), wrong = c->repeats_wrong + c->conflicts_wrong;
    int64_t before = truth_fingerprint(&c->rig);
    c->storm = (struct storm){ .count = count, .of = c, .script = send_again };
    storm_start(&c->storm, &c->rig);
    for (size_t i = 0; i < REPLAY_KILLS; i++) kill_at(c, 100 + i * 400 + rng_below(&c->rng, 300));
    storm_join(&c->storm);
    c->unanswered += c->storm.unanswered;
    look(c);
    free(c->replay);
    int64_t after = truth_fingerprint(&c->rig);
    if (before != after) printf("# replays have changed the county\n");
    return before == after && wrong == c->repeats_wrong + c->conflicts_wrong;
}

/* ---- what came of it ---- */

static int tests, failures;

static void result(bool good, const char *name, const char *about)
{
    printf("%sok %d - %s%s%s\n", good ? "" : "not ", ++tests, name, *about ? ": " : "", about);
    failures += !good;
    fflush(stdout);
}

static void results(const struct crash *c)
{
    char about[200];
    const struct truth *t = &c->truth;
    snprintf(about, sizeof about, "%zu kills, %zu orders, %zu acknowledged acts, %zu requests asked"
             " again, %zu looks", c->kills, c->count, c->acknowledged, c->unanswered, c->looks);
    result(t->lost == 0 && t->doubled == 0,
           "P.2 after kill -9 every acknowledged order is there exactly once", about);
    result(t->strange == 0 && t->half == 0, "P.2 nothing else has half an effect", "");
    result(t->ledger == 0 && t->stock == 0, "P.2 ledger and stock are right after each kill", "");
    result(t->waves == 0, "S2.1 S1.5 killed around 23:00:00.000, each wave closes once, on the "
           "instant, and no order is late in it", "");
    result(t->unplanned == 0, "P.2 S1.4 the published plan has what was promised, in time", "");
    result(c->promises_wrong == 0, "P.2 a promise can be had throughout", "");
    result(c->repeats_wrong == 0 && c->conflicts_wrong == 0,
           "P.2 L.2 a repeat is told the first answer, another body is a conflict", "");
}

static void free_wants(struct crash *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->wants[i].body);
        for (int k = 0; k < 3; k++) free(c->wants[i].answers[k]);
    }
    free(c->wants);
}

static size_t number_from(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
    struct crash c = { .kills_max = number_from("CUNHUO_KILLS", 20), .least_left = LONELY };
    const char *scratch = getenv("CUNHUO_SCRATCH");
    size_t kept = BUYER_KILLS + REPLAY_KILLS, all = c.kills_max;
    size_t nights = all > kept ? (all - kept + NIGHT_KILLS - 1) / NIGHT_KILLS : 1;
    size_t orders = ORDERS / nights > ORDERS_MIN ? ORDERS / nights : ORDERS_MIN;
    char about[160];
    int64_t left = 0, sold = 0;
    if (scratch == NULL) rig_die("CUNHUO_SCRATCH is not set");
    c.rng = rng_seeded(number_from("CUNHUO_SEED", 1));
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("1..9");
    rig_make(&c.rig, &(struct rig_plan){ .scratch = scratch, .name = "storm", .villages = VILLAGES,
        .people = PEOPLE, .goods = GOODS, .nights = nights + 1, .plenty = PLENTY, .scarce = SCARCE,
        .lonely = LONELY, .solve_ms = SOLVE_MS });
    rig_serve(&c.rig);
    c.kills_max = all > kept ? all - kept : all;
    while (c.night < nights) play_night(&c, orders);
    c.kills_max = all;
    sell_hundred(&c, &left, &sold);
    snprintf(about, sizeof about, "%lld sold, %lld left", (long long)sold, (long long)left);
    bool hundred = sold <= LONELY && left >= 0 && sold + left == LONELY && c.least_left >= 0;
    bool replayed = replay_all(&c);
    results(&c);
    result(hundred && c.truth.stock == 0, "S1.8 a thousand buyers, a hundred pieces, kills and "
           "retries: never more than there are", about);
    result(replayed, "L.2 each request ten times, shuffled, with kill -9 between", "");
    rig_stop(&c.rig);
    rig_free(&c.rig);
    free_wants(&c);
    return failures != 0;
}
