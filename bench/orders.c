/* orders.c - durable orders a second through HTTP, beside SQLite alone with the same rows; quotes.
 *
 * An order has three lines and is paid at once; it is answered when it is on disk. The client is
 * this process, on the same machine, with keep-alive and one request under way on each connection.
 * The bare commits write the same rows, in batches as large as the server made on average. Both
 * take turns, three times each, as neighbours of this machine come and go.
 *
 * CUNHUO is the program, CUNHUO_SCRATCH a folder of our own. Prints one JSON object a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "bench/bare.h"
#include "rig/rig.h"

enum { VILLAGES = 24, PEOPLE = 1000, GOODS = 100, PLENTY = 1000000, SOLVE_MS = 1000, LINES = 3,
       QUOTES = 3000, TURNS = 3, REST_US = 300000 };

struct bench { struct rig rig; size_t sent, refused; };

static size_t order_request(void *of, unsigned client, size_t n, char *out, size_t room)
{
    struct bench *bench = of;
    const struct rig *rig = &bench->rig;
    size_t number = bench->sent++;
    const struct rig_person *buyer = &rig->people[(number * 613 + client) % PEOPLE];
    char village[RIG_VILLAGE], body[600];
    int64_t total_fen = 0;
    (void)n;
    rig_village(buyer->village, village);
    size_t at = (size_t)snprintf(body, sizeof body,
                                 "{\"village\":\"%s\",\"day\":%lld,\"pay\":\"demo\",\"lines\":[",
                                 village, (long long)rig->day);
    for (size_t i = 0; i < LINES; i++) {
        const struct rig_goods *goods = &rig->goods[(number * 7 + i * 11) % GOODS];
        total_fen += goods->price_fen;
        at += (size_t)snprintf(body + at, sizeof body - at, "%s{\"code\":\"%s\",\"quantity\":1}",
                               i ? "," : "", goods->code);
    }
    at += (size_t)snprintf(body + at, sizeof body - at, "],\"total_fen\":%lld}",
                           (long long)total_fen);
    return (size_t)snprintf(out, room, "POST /shop/orders HTTP/1.1\r\nHost: bench\r\n"
                            "Authorization: Bearer %s\r\nIdempotency-Key: bench-%zu\r\n"
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                            buyer->token, number, at, body);
}

static size_t quote_request(void *of, unsigned client, size_t n, char *out, size_t room)
{
    const struct bench *bench = of;
    char village[RIG_VILLAGE];
    rig_village((n + client) % VILLAGES, village);
    const struct rig_goods *goods = bench->rig.goods;
    return (size_t)snprintf(out, room, "GET /shop/promise?village=%s&lines=%s:1,%s:2,%s:1"
                            " HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n", village,
                            goods[n * 7 % GOODS].code, goods[(n * 7 + 11) % GOODS].code,
                            goods[(n * 7 + 22) % GOODS].code);
}

static void count(void *of, unsigned client, size_t n, int status, const char *body, size_t size)
{
    struct bench *bench = of;
    (void)client;
    (void)n;
    if (status != 200 && bench->refused++ < 3)
        fprintf(stderr, "orders: %d %.*s\n", status, (int)(size < 300 ? size : 300), body);
}

/* A figure of /metrics. */
static int64_t metric(const struct rig *rig, const char *name)
{
    struct web_client *client = web_client(rig->port);
    struct web_reply reply = web_get(client, "/metrics", NULL);
    int64_t value = -1;
    size_t size = strlen(name);
    for (const char *line = reply.body; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, size) == 0 && line[size] == ' ') value = atoll(line + size);
    }
    web_client_end(client);
    return value;
}

struct group { int64_t acts, commits, cpu_ms; };

static int64_t cpu_ms(pid_t process)
{
    char path[64];
    long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    int read = file ? fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld",
                             &user, &system) : 0;
    if (file) fclose(file);
    return read == 2 ? (user + system) * 10 : 0;
}

static struct group group_now(const struct rig *rig)
{
    return (struct group){ metric(rig, "cunhuo_acts_total"), metric(rig, "cunhuo_commits_total"),
                           cpu_ms(rig->server) };
}

/* The average batch. */
static double measure(struct bench *bench, const char *what, unsigned clients, size_t requests,
                      size_t (*request)(void *, unsigned, size_t, char *, size_t))
{
    struct web_load load = { .port = bench->rig.port, .clients = clients, .requests = requests,
                             .of = bench, .request = request, .reply = count };
    struct web_loaded got;
    struct group before = group_now(&bench->rig);
    bench->refused = 0;
    if (!web_load(&load, &got)) rig_die("no load");
    struct group after = group_now(&bench->rig);
    int64_t commits = after.commits - before.commits;
    double batch = commits ? (double)(after.acts - before.acts) / (double)commits : 0;
    printf("{\"what\": \"%s\", \"clients\": %u, \"per_s\": %.0f, \"p50_ms\": %.2f,"
           " \"p99_ms\": %.2f, \"max_ms\": %.1f, \"batch\": %.1f, \"cpu_us\": %.0f,"
           " \"refused\": %zu, \"lost\": %zu,"
           " \"stalled\": %d}\n", what, clients, (double)got.answered * 1e6 / (double)got.took_us,
           (double)got.p50_us / 1e3, (double)got.p99_us / 1e3, (double)got.max_us / 1e3, batch,
           (double)(after.cpu_ms - before.cpu_ms) * 1e3 / (double)requests, bench->refused,
           got.lost, got.stalled);
    return batch;
}

static void copy_file(const char *from, const char *to)
{
    char command[4 * RIG_PATH];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    if (system(command) != 0) rig_die("%s: not copied", from);
}

int main(void)
{
    static const struct { unsigned clients; size_t orders; } rounds[] = {
        { 1, 500 }, { 64, 6000 }, { 128, 6000 }, { 256, 6000 },
    };
    const char *scratch = getenv("CUNHUO_SCRATCH");
    struct bench bench = { .sent = 0 };
    char county[2 * RIG_PATH], bare[2 * RIG_PATH];
    if (scratch == NULL) rig_die("CUNHUO_SCRATCH is not set");
    setvbuf(stdout, NULL, _IOLBF, 0);
    rig_make(&bench.rig, &(struct rig_plan){ .scratch = scratch, .name = "bench",
        .villages = VILLAGES, .people = PEOPLE, .goods = GOODS, .nights = 1, .plenty = PLENTY,
        .solve_ms = SOLVE_MS });
    snprintf(county, sizeof county, "%s/county.db", bench.rig.folder);
    snprintf(bare, sizeof bare, "%s/bare.db", scratch);
    copy_file(county, bare);   // as it was made: no server has it open
    rig_serve(&bench.rig);
    measure(&bench, "warm-up", 16, 2000, order_request);
    for (size_t turn = 0; turn < TURNS * COUNT(rounds); turn++) {
        size_t i = turn / TURNS;
        rig_pause_us(REST_US);   // the log's copying into the file is the round's before
        double batch = measure(&bench, "orders", rounds[i].clients, rounds[i].orders,
                               order_request);
        size_t size = batch < 1 ? 1 : (size_t)(batch + 0.5);
        struct bare limit = bare_orders(bare, rounds[i].orders, size);
        printf("{\"what\": \"bare\", \"clients\": %u, \"batch\": %zu, \"per_s\": %.0f,"
               " \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", rounds[i].clients, size,
               limit.orders_per_s, (double)limit.p50_us / 1e3, (double)limit.p99_us / 1e3);
    }
    measure(&bench, "quotes", 1, QUOTES, quote_request);
    rig_stop(&bench.rig);
    rig_free(&bench.rig);
    return 0;
}
