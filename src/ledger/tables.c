/* tables.c - the ledger's tables. Postings are only added: APPEND ONLY has the database refuse the
 * rest (db/db.h). */
#include "ledger/ledger.h"

const char *const ledger_tables[] = {
    // Why a transfer or hold was made, as a number, so that ten years of rows stay small.
    "CREATE TABLE ledger_kind ("
    " kind_id BIGINT PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE CHECK (name <> ''));"

    "CREATE TABLE ledger_account ("
    " account_id BIGINT PRIMARY KEY,"
    " book_id BIGINT NOT NULL,"
    " purpose TEXT NOT NULL CHECK (purpose <> ''),"
    " party_id BIGINT NOT NULL,"             // 0: the book's own
    " place_id BIGINT NOT NULL,"             // 0: anywhere
    " unit BIGINT NOT NULL CHECK (unit > 0),"
    " side BIGINT NOT NULL CHECK (side IN (1, 2)),"
    " limited BIGINT NOT NULL CHECK (limited IN (0, 1)),"
    " closed BIGINT NOT NULL CHECK (closed IN (0, 1)),"
    " UNIQUE (book_id, purpose, party_id, place_id, unit));"

    // Of limited accounts only. The checks say again what the one UPDATE in post.c asks.
    "CREATE TABLE ledger_balance ("
    " account_id BIGINT PRIMARY KEY REFERENCES ledger_account,"
    " lowest BIGINT NOT NULL,"
    " highest BIGINT NOT NULL,"
    " posted BIGINT NOT NULL,"
    " held_out BIGINT NOT NULL CHECK (held_out >= 0),"
    " held_in BIGINT NOT NULL CHECK (held_in >= 0),"
    " CHECK (posted - held_out >= lowest),"
    " CHECK (posted + held_in <= highest));"

    "CREATE TABLE ledger_hold ("
    " hold_id BIGINT PRIMARY KEY,"
    " kind_id BIGINT NOT NULL REFERENCES ledger_kind,"
    " document_id BIGINT NOT NULL,"
    " debit_id BIGINT NOT NULL REFERENCES ledger_account,"
    " credit_id BIGINT NOT NULL REFERENCES ledger_account,"
    " amount BIGINT NOT NULL CHECK (amount > 0),"
    " expires_ms BIGINT NOT NULL,"           // 0: never
    " state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 4),"  // pending, posted, voided, expired
    " posted BIGINT NOT NULL CHECK (posted BETWEEN 0 AND amount),"
    " CHECK (debit_id <> credit_id));"
    "CREATE INDEX ledger_hold_pending ON ledger_hold (document_id) WHERE state = 1;"
    "CREATE INDEX ledger_hold_expires ON ledger_hold (kind_id, expires_ms)"
    " WHERE state = 1 AND expires_ms > 0;"

    // A transfer is line_count rows next to each other, the first of which gives it its id.
    "CREATE TABLE ledger_posting ("
    " posting_id BIGINT PRIMARY KEY,"
    " transfer_id BIGINT NOT NULL,"
    " line_count BIGINT NOT NULL CHECK (line_count > 0),"
    " kind_id BIGINT NOT NULL REFERENCES ledger_kind,"
    " document_id BIGINT NOT NULL,"
    " at_ms BIGINT NOT NULL,"
    " recorded_ms BIGINT NOT NULL,"
    " debit_id BIGINT NOT NULL REFERENCES ledger_account,"
    " credit_id BIGINT NOT NULL REFERENCES ledger_account,"
    " amount BIGINT NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),"
    " reverses_id BIGINT REFERENCES ledger_posting,"
    " hold_id BIGINT REFERENCES ledger_hold,"
    " hash BYTEA NOT NULL,"                  // of this row and the hash of the row before
    " CHECK (debit_id <> credit_id));"
    "CREATE INDEX ledger_posting_document ON ledger_posting (document_id);"
    "CREATE INDEX ledger_posting_debit ON ledger_posting (debit_id, at_ms, amount);"
    "CREATE INDEX ledger_posting_credit ON ledger_posting (credit_id, at_ms, amount);"
    "CREATE UNIQUE INDEX ledger_posting_reverses ON ledger_posting (reverses_id)"
    " WHERE reverses_id IS NOT NULL;"

    // Nothing is posted in a book any more with a date up to until_ms.
    "CREATE TABLE ledger_period ("
    " book_id BIGINT NOT NULL,"
    " until_ms BIGINT NOT NULL,"
    " recorded_ms BIGINT NOT NULL,"
    " PRIMARY KEY (book_id, until_ms));"

    "APPEND ONLY ledger_posting;"
    "APPEND ONLY ledger_kind;"
    "APPEND ONLY ledger_period;",
    NULL,
};
