/* status.h - how a function says what became of it. */
#ifndef CUNHUO_BASE_STATUS_H
#define CUNHUO_BASE_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Expected outcomes only, each with one HTTP answer. A programmer's mistake is an assert. */
enum status {
    OK,         // 200
    INVALID,    // 422: a field is wrong, err says which
    DENIED,     // 403
    NOT_FOUND,  // 404
    CONFLICT,   // 409: true for somebody else already
    BUSY,       // 503: the same request may succeed later
    BROKEN,     // 500: disk, memory or a bug; no caller can act on it
};

struct err {
    enum status status;
    const char *field;  // form field, column or option at fault, or NULL; a literal
    const char *text;   // msgid, translated when shown; a literal
    char detail[160];   // what it is about: a value, a file and line; shown after the text
};

/* Returns `status`, and tells the user why through `err`. Both texts are literals. */
MUST_USE enum status err_set(struct err *err, enum status status, const char *field,
                             const char *text);

/* The same, with a detail: a value refused, a file and its line. Cut at a whole character. */
MUST_USE enum status err_about(struct err *err, enum status status, const char *field,
                               const char *text, const char *detail, ...) PRINTF(5, 6);

/* The name of a status as it stands in answers: "invalid", "not_found". */
const char *status_name(enum status status);

/* Returning early is always safe: the arena owns memory, the transaction owns the rest. */
#define TRY(call) do { enum status try_ = (call); if (try_ != OK) return try_; } while (0)

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#endif
