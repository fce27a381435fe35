/* test_lost.c - the answer to a COMMIT is lost on its way: PostgreSQL has written the group, but
 * the connection dies before it says so. The writer asks anew, and tells the truth. Between the two
 * stands a relay of ours that forwards everything, until it is told to swallow an answer. */
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/test.h"
#include "db/db.h"
#include "db/engine.h"
#include "db/testing.h"
#include "db/writer.h"

static const char *const coin_tables[] = {
    "CREATE TABLE coin (coin_id BIGINT PRIMARY KEY, key BIGINT NOT NULL)", NULL
};
const struct test_room test_rooms[] = { { "coins", coin_tables }, { NULL, NULL } };

/* ---- The relay ---- */

static struct sockaddr_un server_address;
static atomic_bool swallow;   // the answer to the next COMMIT
static atomic_int swallowed;

/* Forwards what can be read. False: the end. */
static bool forward(int from, int to, bool *commits)
{
    char bytes[16384];
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got <= 0) return false;
    *commits = memmem(bytes, (size_t)got, "COMMIT", sizeof "COMMIT") != NULL;
    for (ssize_t sent = 0, n; sent < got; sent += n)
        if ((n = write(to, bytes + sent, (size_t)(got - sent))) <= 0) return false;
    return true;
}

static void *relay(void *of)
{
    int client = *(int *)of, server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    free(of);
    bool open = connect(server, (struct sockaddr *)&server_address, sizeof server_address) == 0;
    while (open) {
        struct pollfd ends[] = { { .fd = client, .events = POLLIN }, { .fd = server,
                                                                       .events = POLLIN } };
        bool commits = false;
        if (poll(ends, 2, -1) < 0) break;
        if (ends[0].revents) open = forward(client, server, &commits);
        else open = forward(server, client, &(bool){ false });
        if (!commits || !atomic_exchange(&swallow, false)) continue;
        char answer[1024];
        if (read(server, answer, sizeof answer) > 0) swallowed++;   // it is done, and nobody hears
        open = false;
    }
    close(client);
    close(server);
    return NULL;
}

static void *listen_on(void *of)
{
    for (int listener = *(int *)of; ; ) {
        pthread_t thread;
        int *client = malloc(sizeof *client);
        *client = accept(listener, NULL, NULL);
        if (*client < 0 || pthread_create(&thread, NULL, relay, client) != 0) {
            free(client);
            return NULL;   // the listener was shut
        }
        pthread_detach(thread);
    }
}

static void find_server(void)
{
    PGconn *conn = PQconnectdb(getenv("CUNHUO_TEST_PG"));
    server_address.sun_family = AF_UNIX;
    snprintf(server_address.sun_path, sizeof server_address.sun_path, "%.80s/.s.PGSQL.%.8s",
             PQhost(conn), PQport(conn));
    PQfinish(conn);
}

/* ---- Coins ---- */

static const struct sql add_coin = SQL("INSERT INTO coin (coin_id, key) VALUES ($1, $2)");
static const struct sql count_coins = SQL("SELECT count(*) FROM coin");

struct coin { struct entry entry; int64_t key; int undone, on_disk; };

static void undo_coin(void *of) { ((struct coin *)of)->undone++; }
static void coin_on_disk(void *of) { ((struct coin *)of)->on_disk++; }

static enum status act_coin(struct tx *tx, struct entry *entry, struct err *err)
{
    struct coin *coin = (struct coin *)(void *)entry;
    (void)err;
    TRY(tx_undo(tx, undo_coin, coin));
    TRY(tx_done(tx, coin_on_disk, coin));
    return db_run(tx, &add_coin, ARGS(i64(tx_id(tx)), i64(coin->key)));
}

static void put_coins(struct db *db)
{
    enum { COINS = 9 };
    struct writer *writer;
    struct err err;
    struct arena *arena = arena_open(1 << 20);
    struct tx *tx;
    struct rows *rows;
    assert_int_equal(writer_start(db, &writer, &err), OK);
    for (int i = 0; i < COINS; i++) {
        struct coin coin = { { .lane = LANE_ORDER, .arena = arena, .act = act_coin }, .key = i };
        swallow = i % 3 == 1;
        assert_int_equal(writer_call(writer, &coin.entry, &err), OK);
        assert_int_equal(coin.on_disk, 1);
        assert_int_equal(coin.undone, 0);
    }
    writer_stop(writer);
    assert_int_equal(swallowed, 3);
    assert_int_equal(db_read_begin(db, arena, &tx), OK);
    assert_int_equal(db_first(tx, &count_coins, NO_ARGS, &rows), OK);
    assert_int_equal(row_i64(rows, 0), COINS);
    db_read_end(tx);
    arena_free(arena);
}

static void lost_answers_are_asked_for(void **state)
{
    (void)state;
    struct db *direct = test_db_open(true, NULL), *db;   // makes the schema and throws it away
    if (direct == NULL) skip();
    find_server();
    if (access(server_address.sun_path, F_OK) != 0) skip();   // a server across the net

    char folder[] = "/tmp/cunhuo-relay-XXXXXX", url[600];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct err err = { 0 };
    pthread_t thread;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(pthread_create(&thread, NULL, listen_on, &listener), 0);

    PGconn *conn = PQconnectdb(getenv("CUNHUO_TEST_PG"));
    snprintf(url, sizeof url, "host=%s port=5432 dbname=%s user=%s schema=%s_relayed", folder,
             PQdb(conn), PQuser(conn), strstr(direct->url, "test_"));
    assert_int_equal(db_open(url, NULL, &db, &err), OK);
    assert_int_equal(db_migrate(db, "coins", coin_tables, &err), OK);
    put_coins(db);
    db_close(db);
    snprintf(url, sizeof url, "DROP SCHEMA %s_relayed CASCADE", strstr(direct->url, "test_"));
    PGresult *dropped = PQexec(conn, url);
    assert_int_equal(PQresultStatus(dropped), PGRES_COMMAND_OK);
    PQclear(dropped);
    PQfinish(conn);
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
    unlink(address.sun_path);
    rmdir(folder);
    test_db_close(direct);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("P.2 a commit whose answer is lost is acknowledged all the same (PostgreSQL)",
             lost_answers_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
