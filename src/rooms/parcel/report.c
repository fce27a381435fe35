/* report.c - see report.h. */
#include "rooms/parcel/report.h"

#include "base/arena.h"
#include "db/db.h"
#include "rooms/parcel/files.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/take.h"
#include "web/county.h"

/* ---- taking rows ---- */

static const struct sql add_file = SQL(
    "INSERT INTO parcel_file (id, courier_id, name, rows, by_id, made_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6)");
static const struct sql add_row = SQL(
    "INSERT INTO parcel_row (file_id, line, state, waybill, name, phone, address, weight_g,"
    " volume_ml, pieces, wrong_column, text, about)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
static const struct sql set_row = SQL(
    "UPDATE parcel_row SET state = $3, parcel_id = $4, text = $5, wrong_column = $6, place = $7,"
    " at_state = $8 WHERE file_id = $1 AND line = $2");

static enum status store_row(struct tx *tx, int64_t file_id, const struct piece_row *row)
{
    return db_run(tx, &add_row,
        ARGS(i64(file_id), i64(row->line), str(row->text ? "wrong" : "waiting"),
             str(row->waybill), str(row->name), str(row->phone), str(row->address),
             i64(row->weight_g), i64(row->volume_ml), i64(row->pieces), str(row->column),
             str(row->text), str(row->about)));
}

/* One row in a savepoint of its own: what can't be taken is told, the others are. */
static enum status take_row(struct tx *tx, const struct intake *intake, int64_t line,
                            const struct piece *piece, struct err *err)
{
    struct taken taken = { .parcel_id = 0 };
    struct err why = { .text = NULL };
    TRY(tx_savepoint(tx));
    enum status done = piece_take(tx, intake, piece, &taken, &why);
    TRY(tx_savepoint_end(tx, done == OK));
    if (done == BROKEN || done == BUSY) {
        *err = why;
        return done;
    }
    const char *state = done == OK ? take_result_name(taken.result) : "wrong";
    return db_run(tx, &set_row,
        ARGS(i64(intake->file_id), i64(line), str(state),
             done == OK ? i64(taken.parcel_id) : null(), str(done == OK ? taken.why : why.text),
             str(done == OK ? NULL : why.field), str(taken.place), str(taken.state)));
}

static void wake_rest(void *of)
{
    rest_wake(of);
}

enum status report_take(struct tx *tx, struct handed_in *file, struct err *err)
{
    file->id = tx_id(tx);
    struct intake intake = { .courier = file->courier, .file_id = file->id,
                             .by_id = file->by_id, .now_ms = file->made_ms };
    TRY(intake_begin(tx, &intake));
    TRY(db_run(tx, &add_file, ARGS(i64(file->id), i64(file->courier.party_id), str(file->name),
                                   i64((int64_t)file->count), i64(file->by_id),
                                   i64(file->made_ms))));
    for (size_t i = 0; i < file->count; i++) {
        const struct piece_row *row = &file->rows[i];
        TRY(store_row(tx, file->id, row));
        if (row->text || i >= ROWS_AT_ONCE) continue;
        struct piece piece = {
            .waybill = row->waybill, .kind = "parcel", .name = row->name, .phone = row->phone,
            .address = row->address, .weight_g = row->weight_g, .volume_ml = row->volume_ml,
            .pieces = row->pieces,
        };
        TRY(take_row(tx, &intake, row->line, &piece, err));
    }
    if (file->count <= ROWS_AT_ONCE) return OK;
    return tx_done(tx, wake_rest, parcels_of(tx_county(tx))->rest);
}

static const struct sql find_waiting = SQL(
    "SELECT r.file_id, r.line, r.waybill, r.name, r.phone, r.address, r.weight_g, r.volume_ml,"
    " r.pieces, f.courier_id, f.by_id FROM parcel_row r JOIN parcel_file f ON f.id = r.file_id"
    " WHERE r.state = 'waiting' ORDER BY r.file_id, r.line LIMIT $1");

struct waiting { int64_t file_id, line, courier_id, by_id; struct piece piece; };

static enum status read_waiting(struct tx *tx, size_t count_max, struct waiting **out,
                                size_t *count)
{
    struct rows *rows;
    *count = 0;
    *out = arena_new(tx_arena(tx), count_max * sizeof **out);
    if (*out == NULL) return BROKEN;
    enum status found = db_first(tx, &find_waiting, ARGS(i64((int64_t)count_max)), &rows);
    for (; found == OK; found = db_next(rows))
        (*out)[(*count)++] = (struct waiting){
            .file_id = row_i64(rows, 0), .line = row_i64(rows, 1),
            .courier_id = row_i64(rows, 9), .by_id = row_i64(rows, 10),
            .piece = {
                .waybill = row_str(rows, 2), .kind = "parcel", .name = row_str(rows, 3),
                .phone = row_str(rows, 4), .address = row_str(rows, 5),
                .weight_g = row_i64(rows, 6), .volume_ml = row_i64(rows, 7),
                .pieces = row_i64(rows, 8),
            },
        };
    return found == NOT_FOUND ? OK : found;
}

enum status report_slice(struct tx *tx, size_t count_max, int64_t now_ms, size_t *taken,
                         struct err *err)
{
    struct waiting *waiting;
    struct intake intake = { .now_ms = now_ms };
    TRY(intake_begin(tx, &intake));
    TRY(read_waiting(tx, count_max, &waiting, taken));
    for (const struct waiting *w = waiting; w < waiting + *taken; w++) {
        if (intake.file_id != w->file_id) {
            intake.file_id = w->file_id;
            intake.by_id = w->by_id;
            TRY(courier_get(tx, w->courier_id, &intake.courier, err));
        }
        TRY(take_row(tx, &intake, w->line, &w->piece, err));
    }
    return OK;
}

/* ---- reading ---- */

#define REPORT                                                                               \
    "SELECT f.id, f.made_ms, c.short_name, f.name, f.rows,"                                  \
    " (SELECT count(*) FROM parcel_row r WHERE r.file_id = f.id AND r.state = 'taken'),"     \
    " (SELECT count(*) FROM parcel_row r WHERE r.file_id = f.id AND r.state = 'already'),"   \
    " (SELECT count(*) FROM parcel_row r WHERE r.file_id = f.id AND r.state = 'unsure'),"    \
    " (SELECT count(*) FROM parcel_row r WHERE r.file_id = f.id AND r.state = 'wrong'),"     \
    " (SELECT count(*) FROM parcel_row r WHERE r.file_id = f.id AND r.state = 'waiting')"    \
    " FROM parcel_file f JOIN parcel_courier c ON c.party_id = f.courier_id "

static struct report read_report(const struct rows *rows)
{
    return (struct report){
        .file_id = row_i64(rows, 0), .made_ms = row_i64(rows, 1), .courier = row_str(rows, 2),
        .name = row_str(rows, 3), .rows = row_i64(rows, 4), .taken = row_i64(rows, 5),
        .already = row_i64(rows, 6), .unsure = row_i64(rows, 7), .wrong = row_i64(rows, 8),
        .waiting = row_i64(rows, 9),
    };
}

static const struct sql find_report = SQL(REPORT "WHERE f.id = $1");
static const struct sql find_told = SQL(
    "SELECT r.line, r.waybill, r.state, r.wrong_column, r.text, r.about, r.place, r.at_state,"
    " coalesce(p.day, 0) FROM parcel_row r LEFT JOIN parcel p ON p.id = r.parcel_id"
    " WHERE r.file_id = $1 AND (r.state IN ('wrong', 'unsure', 'already') OR r.text IS NOT NULL)"
    " ORDER BY r.line LIMIT $2");

enum status report_read(struct tx *tx, int64_t file_id, struct report *out,
                        struct report_row **told, size_t *count, struct err *err)
{
    struct rows *rows;
    *told = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_report, ARGS(i64(file_id)), &rows);
    if (found == NOT_FOUND) return err_set(err, NOT_FOUND, NULL, "There is no such file.");
    if (found != OK) return found;
    *out = read_report(rows);
    found = db_first(tx, &find_told, ARGS(i64(file_id), i64(TOLD_MAX)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *told = arena_more(tx_arena(tx), *told, *count, sizeof **told);
        if (*told == NULL) return BROKEN;
        (*told)[(*count)++] = (struct report_row){
            .line = row_i64(rows, 0), .waybill = row_str(rows, 1), .state = row_str(rows, 2),
            .column = row_str(rows, 3), .text = row_str(rows, 4), .about = row_str(rows, 5),
            .place = row_str(rows, 6), .where = row_str(rows, 7), .day = row_i64(rows, 8),
        };
    }
    return found == NOT_FOUND ? OK : found;
}

static const struct sql find_reports = SQL(REPORT "ORDER BY f.id DESC LIMIT $1");

enum status report_list(struct tx *tx, size_t count_max, struct report **out, size_t *count)
{
    struct rows *rows;
    *out = NULL;
    *count = 0;
    enum status found = db_first(tx, &find_reports, ARGS(i64((int64_t)count_max)), &rows);
    for (; found == OK; found = db_next(rows)) {
        *out = arena_more(tx_arena(tx), *out, *count, sizeof **out);
        if (*out == NULL) return BROKEN;
        (*out)[(*count)++] = read_report(rows);
    }
    return found == NOT_FOUND ? OK : found;
}
