/* answers.c - every write is told its first answer, however often it is sent.
 *
 * A row holds the answer to one idempotency key of one user: a digest of what was asked, the
 * outcome, and the view or the refusal as JSON. It is written in the same transaction as what the
 * act wrote, so there is never one without the other, kill or no kill. A refusal undoes the act (a
 * savepoint around it) and is remembered too. BUSY and BROKEN are not: they may go well later. Nor
 * is an answer that carries a session's token: tokens stand in the database as digests only, and
 * who logs in twice has two sessions.
 *
 * What prepare refuses goes through the writer as well: in the meantime the same write may have
 * been done, and its answer then is the one to give. Rows go after a week, oldest first, a slice a
 * minute. */
#include <sodium.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "web/house.h"

enum { KEPT_DAYS = 7, SWEEP_ROWS = 2000 };

void answer_key(struct call *call)
{
    crypto_generichash_state digest;
    crypto_generichash_init(&digest, NULL, 0, FORM_DIGEST);
    crypto_generichash_update(&digest, (const unsigned char *)&call->rq.user_id,
                              sizeof call->rq.user_id);
    crypto_generichash_update(&digest, (const unsigned char *)call->rq.key,
                              strlen(call->rq.key));
    crypto_generichash_final(&digest, call->key_digest, FORM_DIGEST);
    form_digest(&call->form, call->route->path, call->digest);
}

static const struct sql find_answer = SQL(
    "SELECT body, status, answer FROM answer WHERE key = $1");

static const struct sql add_answer = SQL(
    "INSERT INTO answer (id, key, body, status, answer, stored_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6)");

static const char *kept(struct arena *arena, const json_t *refusal, const char *name)
{
    const char *text = json_string_value(json_object_get(refusal, name));
    return text ? arena_text(arena, text) : NULL;
}

static enum status refusal_read(struct call *call, const char *text)
{
    json_t *refusal = json_loads(text, 0, NULL);
    if (refusal == NULL) return BROKEN;
    call->err = (struct err){
        .status = call->status,
        .field = kept(call->rq.arena, refusal, "field"),
        .text = kept(call->rq.arena, refusal, "text"),
    };
    const char *detail = json_string_value(json_object_get(refusal, "detail"));
    size_t size = detail ? strlen(detail) : 0;
    if (size < sizeof call->err.detail && size > 0) memcpy(call->err.detail, detail, size + 1);
    json_decref(refusal);
    return OK;
}

/* OK: call has its first answer, or CONFLICT because something else was asked under this key. */
static enum status first_answer(struct tx *tx, struct call *call)
{
    struct rows *rows;
    TRY(db_first(tx, &find_answer, ARGS(blob(call->key_digest, FORM_DIGEST)), &rows));
    struct value body = row_blob(rows, 0);
    if (body.size != FORM_DIGEST || memcmp(body.bytes, call->digest, FORM_DIGEST) != 0) {
        call->status = err_set(&call->err, CONFLICT, "key",
                               "Another request was sent under this idempotency key.");
        return OK;
    }
    call->status = (enum status)row_i64(rows, 1);
    call->reply.replayed = true;
    const char *text = row_str(rows, 2);
    if (call->status != OK) return refusal_read(call, text);
    call->text = arena_text(call->rq.arena, text);
    call->text_size = strlen(text);
    return call->text ? OK : BROKEN;
}

/* The session's token leaves the view before anybody sees or stores it. */
static enum status take_session(struct call *call)
{
    const json_t *session = json_object_get(call->view, "set_session");
    if (session == NULL) return OK;
    const char *token = json_string_value(session);
    call->session = arena_text(call->rq.arena, token ? token : "");
    json_object_del(call->view, "set_session");
    return call->session ? OK : BROKEN;
}

static enum status act_and_show(struct tx *tx, struct call *call)
{
    json_decref(call->view);   // a group that is run again starts from nothing
    call->view = NULL;
    call->err = (struct err){ 0 };
    memset(call->out, 0, call->route->out_size);
    TRY(call->route->act(tx, call->in, call->out, &call->err));
    call->view = call->route->show(&call->rq, call->out);
    if (call->view == NULL) return BROKEN;
    TRY(take_session(call));
    return view_text(call->rq.arena, call->view, &call->text, &call->text_size);
}

static enum status store(struct tx *tx, struct call *call)
{
    const char *text = call->text;
    json_t *refusal = NULL;
    if (call->status != OK) {
        refusal = json_pack("{s:s*, s:s*, s:s*}", "field", call->err.field, "text",
                            call->err.text, "detail",
                            call->err.detail[0] ? call->err.detail : NULL);
        size_t size;
        char *made = NULL;
        enum status printed = refusal ? view_text(call->rq.arena, refusal, &made, &size) : BROKEN;
        json_decref(refusal);
        TRY(printed);
        text = made;
    }
    return db_run(tx, &add_answer,
                  ARGS(i64(tx_id(tx)), blob(call->key_digest, FORM_DIGEST),
                       blob(call->digest, FORM_DIGEST), i64((int64_t)call->status), str(text),
                       i64(call->rq.arrived_ms)));
}

enum status answer_act(struct tx *tx, struct entry *entry, struct err *err)
{
    struct call *call = (struct call *)entry;
    enum status found = first_answer(tx, call);
    if (found != NOT_FOUND) return found;
    if (call->prepared != OK) {
        call->status = call->prepared;
        call->err = call->prepare_err;
        return OK;
    }
    TRY(tx_savepoint(tx));
    call->status = act_and_show(tx, call);
    TRY(tx_savepoint_end(tx, call->status == OK));
    if (call->status == BUSY || call->status == BROKEN) {
        *err = call->err;
        return call->status;
    }
    return call->session ? OK : store(tx, call);
}

static const struct sql drop_old = SQL(
    "DELETE FROM answer WHERE stored_ms < $1"
    " AND id IN (SELECT id FROM answer ORDER BY id LIMIT $2)");

enum status answers_sweep(struct tx *tx, int64_t due_ms, struct err *err)
{
    (void)err;
    return db_run(tx, &drop_old, ARGS(i64(due_ms - KEPT_DAYS * DAY_MS), i64(SWEEP_ROWS)));
}
