/* files.c - couriers hand in their files; what became of each row. */
#include "rooms/parcel/files.h"

#include <sodium.h>
#include <string.h>
#include "base/arena.h"
#include "base/ids.h"
#include "db/db.h"
#include "rooms/parcel/inside.h"
#include "rooms/parcel/report.h"
#include "rooms/parcel/views.h"
#include "web/county.h"
#include "web/form.h"
#include "web/room.h"

enum { BODY_BYTES_MAX = 1 << 20, READ_BYTES = 64 << 20, NAME_BYTES = 120, LISTED = 50 };

/* ---- handing in ---- */

static enum status find_courier(struct request *rq, struct courier *out, struct err *err)
{
    const char *name;
    struct tx *tx;
    TRY(form_str(rq, "courier", 60, &name, err));
    TRY(db_read_begin(rq->county->db, rq->arena, &tx));
    enum status found = courier_find(tx, name, out, err);
    db_read_end(tx);
    return found;
}

static enum status decode(struct request *rq, const unsigned char **bytes, size_t *size,
                          struct err *err)
{
    const char *text;
    TRY(form_str(rq, "content_base64", BODY_BYTES_MAX, &text, err));
    size_t length = strlen(text), room = length / 4 * 3 + 3;
    unsigned char *out = arena_new(rq->arena, room);
    if (out == NULL) return BROKEN;
    if (sodium_base642bin(out, room, text, length, " \r\n", size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(err, INVALID, "content_base64", "This is not Base64.");
    *bytes = out;
    return OK;
}

/* What of the rows is needed later: reading a table takes several times its size. */
static enum status keep(struct arena *arena, const struct piece_file *file, struct handed_in *in)
{
    struct piece_row *rows = arena_new(arena, file->count * sizeof *rows);
    if (rows == NULL) return BROKEN;
    for (size_t i = 0; i < file->count; i++) {
        struct piece_row *row = &rows[i];
        *row = file->rows[i];
        const char **texts[] = { &row->waybill, &row->name, &row->phone, &row->address,
                                 &row->column, &row->about };
        for (size_t k = 0; k < COUNT(texts); k++)
            if (*texts[k] && (*texts[k] = arena_text(arena, *texts[k])) == NULL) return BROKEN;
    }
    in->rows = rows;
    in->count = file->count;
    return OK;
}

static enum status prepare_file(struct request *rq, void *of, struct err *err)
{
    struct handed_in *in = of;
    struct piece_file file;
    const unsigned char *bytes;
    size_t size;
    in->by_id = rq->user_id;
    in->made_ms = rq->arrived_ms;
    in->name = "file.csv";
    TRY(form_str_opt(rq, "name", NAME_BYTES, &in->name, err));
    TRY(find_courier(rq, &in->courier, err));
    TRY(decode(rq, &bytes, &size, err));
    struct arena *arena = arena_open(READ_BYTES);
    enum status read = arena == NULL ? BROKEN
        : layout_read(arena, in->courier.layout, in->name, bytes, size, &file, err);
    if (read == OK) read = keep(rq->arena, &file, in);
    arena_free(arena);
    return read;
}

struct file_report { struct report report; struct report_row *told; size_t count; };

static enum status act_file(struct tx *tx, const void *in, void *of, struct err *err)
{
    struct handed_in file = *(const struct handed_in *)in;
    struct file_report *out = of;
    TRY(report_take(tx, &file, err));
    return report_read(tx, file.id, &out->report, &out->told, &out->count, err);
}

static json_t *show_file(struct request *rq, const void *of)
{
    const struct file_report *f = of;
    json_t *view = report_json(&f->report);
    json_t *wrong = json_array(), *already = json_array(), *unsure = json_array();
    for (size_t i = 0; i < f->count; i++) {
        const struct report_row *row = &f->told[i];
        json_t *list = strcmp(row->state, "wrong") == 0 ? wrong
                     : strcmp(row->state, "already") == 0 ? already : unsure;
        json_array_append_new(list, report_row_json(rq->lang, row));
    }
    if (view == NULL
        || json_object_set_new(view, "has_wrong", json_boolean(json_array_size(wrong) > 0)) != 0
        || json_object_set_new(view, "has_known", json_boolean(json_array_size(already) > 0)) != 0
        || json_object_set_new(view, "has_asked", json_boolean(json_array_size(unsure) > 0)) != 0
        || json_object_set_new(view, "wrong", wrong) != 0
        || json_object_set_new(view, "known", already) != 0
        || json_object_set_new(view, "asked", unsure) != 0) {
        json_decref(view);
        return NULL;
    }
    return view;
}

/* ---- looking ---- */

static enum status prepare_id(struct request *rq, void *in, struct err *err)
{
    return form_i64(rq, "file_id", 1, ID_MAX, (int64_t *)in, err);
}

static enum status act_read(struct tx *tx, const void *in, void *of, struct err *err)
{
    const int64_t *file_id = in;
    struct file_report *out = of;
    return report_read(tx, *file_id, &out->report, &out->told, &out->count, err);
}

struct home { struct report *files; size_t count; int64_t unsure, waiting; };

static const struct sql count_open = SQL(
    "SELECT count(CASE WHEN state = 'unsure' THEN 1 END),"
    " count(CASE WHEN state = 'waiting' THEN 1 END) FROM parcel"
    " WHERE state IN ('unsure', 'waiting')");

static enum status act_home(struct tx *tx, const void *in, void *of, struct err *err)
{
    struct home *home = of;
    struct rows *rows;
    (void)in;
    (void)err;
    TRY(db_first(tx, &count_open, NO_ARGS, &rows));
    home->unsure = row_i64(rows, 0);
    home->waiting = row_i64(rows, 1);
    return report_list(tx, LISTED, &home->files, &home->count);
}

static json_t *show_home(struct request *rq, const void *of)
{
    const struct home *home = of;
    json_t *files = json_array();
    for (size_t i = 0; files && i < home->count; i++)
        json_array_append_new(files, report_json(&home->files[i]));
    return files ? json_pack("{s:I, s:I, s:I, s:o}", "page", (json_int_t)rq->arrived_ms,
                             "unsure", (json_int_t)home->unsure, "waiting",
                             (json_int_t)home->waiting, "files", files) : NULL;
}

const struct permission take_permission = {
    "parcel.take", "Hand in couriers' parcels", "courier dispatcher admin" };
const struct permission see_permission = {
    "parcel.see", "See couriers' parcels",
    "courier dispatcher picker station keeper clerk head auditor admin" };

const struct route file_routes[] = {
    { .method = GET, .path = "/parcel", .permission = &see_permission, .page = "parcel/home",
      .text = "Couriers' files, and how many parcels wait", .in_size = 1,
      .out_size = sizeof(struct home), .act = act_home, .show = show_home },
    { .method = POST, .path = "/parcel/files", .permission = &take_permission,
      .next = "/parcel/files/{file_id}", .lane = LANE_IMPORT,
      .text = "Hand in a courier's file: courier, name, content_base64",
      .in_size = sizeof(struct handed_in), .out_size = sizeof(struct file_report),
      .prepare = prepare_file, .act = act_file, .show = show_file, .body_max = BODY_BYTES_MAX,
      .slow = true },
    { .method = GET, .path = "/parcel/files/{file_id}", .permission = &see_permission,
      .page = "parcel/file", .text = "What became of each row of a courier's file",
      .in_size = sizeof(int64_t), .out_size = sizeof(struct file_report),
      .prepare = prepare_id, .act = act_read, .show = show_file },
    { 0 }
};
