-- SPDX-License-Identifier: Apache-2.0
-- People, reviews, the log of revisions. Times are microseconds since 1970 in UTC (int8), ids of
-- people and reviews count upwards, ids of clients are any 64 bits. Enumerations have the numbers
-- of include/plimsoll/doc/fields.def. See README.md for a tour.
SET LOCAL search_path = plm, pg_temp;

CREATE FUNCTION now_us() RETURNS int8 LANGUAGE sql VOLATILE
RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::int8;

-- Domains instead of CHECKs on the tables that every append writes: PostgreSQL parses the checks of a
-- table anew for each statement, a sixth of an append's cost; a domain's are kept by the connection.
CREATE DOMAIN count8 AS int8 CHECK (VALUE >= 0);
CREATE DOMAIN number8 AS int8 CHECK (VALUE > 0);
CREATE DOMAIN client8 AS int8 CHECK (VALUE <> 0);
CREATE DOMAIN epoch4 AS int4 CHECK (VALUE > 0);
CREATE DOMAIN status2 AS int2 CHECK (VALUE BETWEEN 1 AND 4);
CREATE DOMAIN stage2 AS int2 CHECK (VALUE BETWEEN 1 AND 7);
CREATE DOMAIN visibility2 AS int2 CHECK (VALUE BETWEEN 1 AND 2);
CREATE DOMAIN grade2 AS int2 CHECK (VALUE BETWEEN 0 AND 4);
CREATE DOMAIN op_id16 AS bytea CHECK (octet_length(VALUE) = 16);

-- ---- people -------------------------------------------------------------------------------------

CREATE TABLE usr (
    id           int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name    text COLLATE "C" NOT NULL UNIQUE
                 CHECK (user_name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 64),
    enabled      bool NOT NULL DEFAULT true,
    created_us   int8 NOT NULL
);

CREATE TABLE device (
    id           int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    usr          int8 NOT NULL REFERENCES usr,
    spki_sha256  bytea NOT NULL UNIQUE CHECK (octet_length(spki_sha256) = 32),
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    enrolled_us  int8 NOT NULL,
    last_seen_us int8 NOT NULL DEFAULT 0,
    expires_us   int8 NOT NULL,
    revoked_us   int8 CHECK (revoked_us > 0)
);
CREATE INDEX device_usr ON device (usr);

-- ---- reviews ------------------------------------------------------------------------------------

CREATE SEQUENCE review_id;

-- One row is the compare-and-append point of a review: whoever changes anything about it (revisions,
-- sessions, rights) holds this row's lock. title to kind are a projection of the document.
CREATE TABLE review (
    id         number8 PRIMARY KEY,
    head       count8 NOT NULL,
    perm_epoch int4 NOT NULL DEFAULT 1, -- counts changes of membership
    title      text NOT NULL,
    status     status2 NOT NULL,
    stage      stage2 NOT NULL,
    visibility visibility2 NOT NULL,
    severity   grade2 NOT NULL,
    kind       grade2 NOT NULL,
    op_id      op_id16 NOT NULL,
    created_by int8 NOT NULL REFERENCES usr,
    created_us int8 NOT NULL,
    draft_of   int8 REFERENCES review, -- not null: the private draft of created_by for that review
    UNIQUE (created_by, op_id)
) WITH (fillfactor = 60);

CREATE TABLE membership (
    review   int8 NOT NULL REFERENCES review,
    usr      int8 NOT NULL REFERENCES usr,
    role     int2 NOT NULL CHECK (role BETWEEN 1 AND 3),
    duty     int2 NOT NULL DEFAULT 0 CHECK (duty BETWEEN 0 AND 8),
    since_us int8 NOT NULL,
    PRIMARY KEY (review, usr)
);
CREATE INDEX membership_usr ON membership (usr, review);

CREATE TABLE invite (
    id            int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    kind          int2 NOT NULL CHECK (kind BETWEEN 1 AND 4),
    usr           int8 NOT NULL REFERENCES usr,
    review        int8 REFERENCES review,
    role          int2 CHECK (role IS NULL OR role BETWEEN 1 AND 3),
    created_us    int8 NOT NULL,
    expires_us    int8 NOT NULL,
    by_usr        int8 REFERENCES usr, -- null: the operator on the host
    used_us       int8,
    used_device   int8 REFERENCES device,
    revoked_us    int8,
    CHECK ((review IS NULL) = (role IS NULL)),
    CHECK ((used_us IS NULL) = (used_device IS NULL)),
    CHECK (used_us IS NULL OR revoked_us IS NULL)
);
CREATE INDEX invite_open ON invite (expires_us) WHERE used_us IS NULL AND revoked_us IS NULL;

-- A client's place in the log: its epoch is the fence, last_* the answer to its last changeset.
CREATE TABLE session (
    review    int8 NOT NULL REFERENCES review,
    client    client8 NOT NULL,
    usr       int8 NOT NULL REFERENCES usr,
    device    int8 NOT NULL REFERENCES device,
    epoch     epoch4 NOT NULL,
    last_seq  int8 NOT NULL DEFAULT 0,
    last_rev  int8 NOT NULL DEFAULT 0, -- 0: last_seq was refused, or there is none
    last_code int4 NOT NULL DEFAULT 0,
    last_why  text NOT NULL DEFAULT '',
    opened_us int8 NOT NULL,
    PRIMARY KEY (review, client)
) WITH (fillfactor = 60);

-- One append: revisions first_rev..last_rev as frames, one behind the other. salts[i] belongs to
-- revision first_rev + i - 1 and to its audit leaf; null once that revision's text was erased. There
-- are last_rev - first_rev + 1 of them, which plimsoll_append sees to.
-- No foreign key: only plimsoll_append writes here, and it holds the row of review.
CREATE TABLE rev_batch (
    review    int8 NOT NULL,
    last_rev  int8 NOT NULL,
    first_rev number8 NOT NULL,
    at_us     int8 NOT NULL,
    salts     bytea[] NOT NULL,
    body      bytea NOT NULL,
    PRIMARY KEY (review, last_rev)
);

CREATE TABLE snapshot (
    review int8 NOT NULL REFERENCES review,
    rev    int8 NOT NULL CHECK (rev > 0),
    hash   int8 NOT NULL,
    at_us  int8 NOT NULL,
    body   bytea NOT NULL,
    PRIMARY KEY (review, rev)
);

-- Numbers that are given out once in the whole organisation.
CREATE TABLE counter (
    name text PRIMARY KEY,
    next int8 NOT NULL CHECK (next > 0)
);
INSERT INTO counter VALUES ('action', 1);

-- Server processes; a row whose seen_us is older than 10 s is not there any more.
CREATE TABLE node (
    id         int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_us int8 NOT NULL,
    seen_us    int8 NOT NULL
);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
