/* web.c - web's own room: settings, the notes of jobs, first answers; the county's clock. */
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/county.h"
#include "web/form.h"
#include "web/house.h"

static const char *const tables[] = {
    "CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    // The last instant a job has run for, and the last one after which `after` came back.
    "CREATE TABLE job (name TEXT NOT NULL PRIMARY KEY, due_ms BIGINT NOT NULL,"
    " after_ms BIGINT NOT NULL)",
    // answers.c. Ids grow with time, so the oldest rows are found without an index on stored_ms.
    "CREATE TABLE answer (id BIGINT NOT NULL PRIMARY KEY, key BYTEA NOT NULL UNIQUE,"
    " body BYTEA NOT NULL, status BIGINT NOT NULL, answer TEXT NOT NULL,"
    " stored_ms BIGINT NOT NULL)",
    NULL
};

static const struct permission turn = { "clock.turn", "Turn the county's clock", "admin" };
static const struct permission *const permissions[] = { &turn, NULL };

/* ---- The clock (拨钟): of demo counties and tests ---- */

struct turning { struct county *county; int64_t now_ms, running; };

static enum status prepare_turn(struct request *rq, void *in, struct err *err)
{
    struct turning *turning = in;
    turning->county = rq->county;
    turning->running = 1;
    if (!rq->county->may_turn)
        return err_set(err, DENIED, NULL, "The clock of this county can't be turned.");
    TRY(form_ms(rq, "now", &turning->now_ms, err));
    return form_i64_opt(rq, "running", 0, 1, &turning->running, err);
}

static void turn_clock(void *of)
{
    const struct turning *turning = of;
    clock_turn(turning->county->clock, turning->now_ms, turning->running);
    if (turning->county->server) serve_clock_turned(turning->county->server);
}

static enum status act_turn(struct tx *tx, const void *in, void *out, struct err *err)
{
    const struct turning *asked = in;
    (void)err;
    struct turning *turning = arena_new(tx_arena(tx), sizeof *turning);
    if (turning == NULL) return BROKEN;
    *turning = *asked;
    *(struct turning *)out = *asked;
    TRY(county_keep_turn(tx, asked->now_ms, asked->running));
    return tx_done(tx, turn_clock, turning);
}

static json_t *show_turn(struct request *rq, const void *out)
{
    (void)rq;
    const struct turning *turning = out;
    return json_pack("{s:I, s:b}", "now_ms", (json_int_t)turning->now_ms, "running",
                     (int)turning->running);
}

static json_t *show_clock(struct request *rq, const void *out)
{
    (void)out;
    const struct county *county = rq->county;
    return json_pack("{s:I, s:b, s:b, s:i}", "now_ms", (json_int_t)county_now_ms(county),
                     "turned", clock_turned(county->clock), "settled",
                     county->server == NULL || serve_settled(county->server), "zone_s",
                     (int)county->zone_s);
}

static const struct route routes[] = {
    {
        .method = GET, .path = "/clock", .permission = &anyone,
        .text = "The county's time; settled: every job that is due has been run",
        .show = show_clock,
    }, {
        .method = POST, .path = "/clock", .permission = &turn,
        .text = "Turn the clock of a demo county: it is `now`, `running` or standing",
        .lane = LANE_ORDER, .in_size = sizeof(struct turning),
        .out_size = sizeof(struct turning), .prepare = prepare_turn, .act = act_turn,
        .show = show_turn,
    },
    { 0 }
};

static const struct job jobs[] = {
    { .name = "web.sweep_answers", .when = JOB_EVERY, .every_s = 60, .missed = JOB_SKIP,
      .act = answers_sweep },
    { 0 }
};

const struct room web_room = {
    .name = "web", .tables = tables, .routes = routes, .permissions = permissions, .jobs = jobs,
};
