/* tables.c - the tables of people/. */
#include "people/place.h"

const char *const people_tables[] = {
    "CREATE TABLE people_place ("
    " place_id BIGINT PRIMARY KEY,"
    " kind BIGINT NOT NULL CHECK (kind BETWEEN 1 AND 6),"      // enum place_kind
    " code TEXT UNIQUE,"
    " name TEXT NOT NULL CHECK (name <> ''),"
    " pinyin TEXT NOT NULL,"                 // "he feng cun"
    " joined TEXT NOT NULL,"                 // "hefengcun"
    " initials TEXT NOT NULL,"               // "hfc"
    " parent_id BIGINT REFERENCES people_place,"   // NULL: the county, or the county's own
    " lat_e6 BIGINT CHECK (lat_e6 BETWEEN -90000000 AND 90000000),"
    " lon_e6 BIGINT CHECK (lon_e6 BETWEEN -180000000 AND 180000000),"
    " source TEXT,"                          // of the position
    " opens_s BIGINT NOT NULL,"
    " closes_s BIGINT NOT NULL,"
    " cold_boxes BIGINT NOT NULL CHECK (cold_boxes >= 0),"
    " CHECK ((lat_e6 IS NULL) = (lon_e6 IS NULL)));"
    "CREATE INDEX people_place_parent ON people_place (parent_id, kind);"
    "CREATE UNIQUE INDEX people_place_county ON people_place (kind) WHERE kind = 1;"

    "CREATE TABLE people_party ("
    " party_id BIGINT PRIMARY KEY,"
    " kind BIGINT NOT NULL CHECK (kind IN (1, 2)),"            // enum party_kind
    " name TEXT NOT NULL CHECK (name <> ''),"
    " phone TEXT CHECK (phone <> ''),"       // digits
    " code TEXT CHECK (code <> ''),"
    " place_id BIGINT REFERENCES people_place);"
    "CREATE UNIQUE INDEX people_party_phone ON people_party (phone)"
    " WHERE kind = 1 AND phone IS NOT NULL;"
    "CREATE UNIQUE INDEX people_party_code ON people_party (code)"
    " WHERE kind = 2 AND code IS NOT NULL;"

    "CREATE TABLE people_role ("
    " role_id BIGINT PRIMARY KEY,"           // in the order in which they were given
    " person_id BIGINT NOT NULL REFERENCES people_party,"
    " role TEXT NOT NULL,"                   // a name of ROLES
    " place_id BIGINT NOT NULL,"             // 0: the whole county
    " UNIQUE (person_id, role, place_id));"

    "CREATE TABLE people_password ("
    " person_id BIGINT PRIMARY KEY REFERENCES people_party,"
    " hash TEXT NOT NULL);"                  // argon2id with its salt and cost

    "CREATE TABLE people_failure ("          // of log-ins
    " subject TEXT PRIMARY KEY,"
    " failures BIGINT NOT NULL CHECK (failures > 0),"
    " last_ms BIGINT NOT NULL);"

    "CREATE TABLE people_session ("
    " session_id BIGINT PRIMARY KEY,"
    " person_id BIGINT NOT NULL REFERENCES people_party,"
    " token_hash BYTEA NOT NULL UNIQUE,"
    " opened_ms BIGINT NOT NULL,"
    " seen_ms BIGINT NOT NULL);"
    "CREATE INDEX people_session_person ON people_session (person_id);"

    "CREATE TABLE people_audit ("
    " audit_id BIGINT PRIMARY KEY,"
    " at_ms BIGINT NOT NULL,"
    " person_id BIGINT NOT NULL,"            // who; 0: the program itself
    " what TEXT NOT NULL,"
    " about_id BIGINT NOT NULL,"
    " text TEXT NOT NULL,"
    " previous BYTEA NOT NULL,"              // hash of the row before
    " hash BYTEA NOT NULL);"
    "CREATE INDEX people_audit_about ON people_audit (about_id, audit_id);"
    "CREATE TABLE people_audit_head ("       // one row: how many, and the hash of the last
    " one BIGINT PRIMARY KEY CHECK (one = 1),"
    " rows_written BIGINT NOT NULL,"
    " hash BYTEA NOT NULL);"
    "APPEND ONLY people_audit;",
    NULL,
};
