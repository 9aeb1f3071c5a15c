-- SPDX-License-Identifier: Apache-2.0
-- Dot voting. While a vote is open its choices are rows here, outside of the log; counting it deletes
-- them in the transaction that writes the sums into the log (plimsoll_append_vote). See README.md for
-- what can be learned from the rows, and by whom.
SET LOCAL search_path = plm, pg_temp;

-- The open vote of a review. `version` is raised by every change of a choice: sums that were taken at
-- one version are written into the log at that version, or not at all.
CREATE TABLE ballot (
    review    int8 PRIMARY KEY REFERENCES review,
    round     int4 NOT NULL CHECK (round > 0),
    kind      int2 NOT NULL CHECK (kind BETWEEN 1 AND 3),
    dots      int2 NOT NULL CHECK (dots BETWEEN 1 AND 20),
    key_check bytea CHECK (octet_length(key_check) = 16), -- of the key that made the voters; null: no vote yet
    version   int8 NOT NULL DEFAULT 0,
    frozen_us int8 NOT NULL DEFAULT 0 -- being counted: no choices until then
);

-- `voter` is a number that the server process makes of user and round with a key that is not in the
-- database: the same for the same person in one round, and meaningless without the key.
CREATE TABLE vote (
    review int8 NOT NULL REFERENCES ballot (review),
    voter  bytea NOT NULL CHECK (octet_length(voter) = 16),
    client int8 NOT NULL, -- the entry's id
    n      int8 NOT NULL,
    dots   int2 NOT NULL CHECK (dots BETWEEN 1 AND 20),
    PRIMARY KEY (review, voter, client, n)
);

-- May this person, with this device, do `op` in the review as it is? The caller holds its lock. code: 0,
-- 21 no such review, 40 no right, 41 revoked or disabled.
CREATE FUNCTION may_op(p_review int8, p_usr int8, p_device int8, p_op int4) RETURNS int4
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT plm.actor_is_good(p_usr, p_device) OR p_usr = 0 THEN
        RETURN 41;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM plm.review r WHERE r.id = p_review) THEN
        RETURN 21;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM plm.review r
                     JOIN plm.membership m ON m.review = r.id AND m.usr = p_usr
                     JOIN plm.perm p ON p.status = r.status AND p.role = m.role AND p.op = p_op
                    WHERE r.id = p_review) THEN
        RETURN 40;
    END IF;
    RETURN 0;
END $$;

-- Sets the dots of a person on one entry; 0 takes them back. The o_ entries were merged into it: what
-- the person gave to them is replaced too. That the entry can be voted on was judged by the server.
-- code: 0, 21, 40, 41 as may_op, 24 wrong number, 10 more dots than a person has, 25 too many entries have
-- dots, 28 this vote is not open, 52 this server process does not hold the key of the vote, 53 it is being
-- counted.
CREATE FUNCTION plimsoll_vote(
    p_review int8, p_usr int8, p_device int8, p_round int4, p_voter bytea, p_key_check bytea,
    p_client int8, p_n int8, p_dots int4, o_client int8[], o_n int8[]) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_code int4;
    b ballot;
BEGIN
    PERFORM 1 FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    v_code := may_op(p_review, p_usr, p_device, 20);
    IF v_code <> 0 THEN
        RETURN v_code;
    END IF;
    SELECT t.* INTO b FROM ballot t WHERE t.review = p_review AND t.round = p_round;
    IF NOT FOUND THEN
        RETURN 28;
    END IF;
    IF b.frozen_us > now_us() THEN
        RETURN 53;
    END IF;
    -- Without a choice there is no voter to tell from others, so any key will do.
    IF b.key_check <> p_key_check AND EXISTS (SELECT 1 FROM vote v WHERE v.review = p_review) THEN
        RETURN 52;
    END IF;
    IF p_dots NOT BETWEEN 0 AND b.dots THEN
        RETURN 24;
    END IF;
    IF p_dots + (SELECT coalesce(sum(v.dots), 0) FROM vote v
                  WHERE v.review = p_review AND v.voter = p_voter
                    AND (v.client, v.n) <> (p_client, p_n)
                    AND NOT EXISTS (SELECT 1 FROM unnest(o_client, o_n) AS o (client, n)
                                     WHERE o.client = v.client AND o.n = v.n)) > b.dots THEN
        RETURN 10;
    END IF;
    IF p_dots > 0 AND (SELECT count(DISTINCT (v.client, v.n)) FROM vote v
                        WHERE v.review = p_review AND (v.client, v.n) <> (p_client, p_n)) >= 200 THEN
        RETURN 25;
    END IF;
    DELETE FROM vote v WHERE v.review = p_review AND v.voter = p_voter
        AND ((v.client, v.n) = (p_client, p_n)
             OR EXISTS (SELECT 1 FROM unnest(o_client, o_n) AS o (client, n)
                         WHERE o.client = v.client AND o.n = v.n));
    IF p_dots > 0 THEN
        INSERT INTO vote (review, voter, client, n, dots)
            VALUES (p_review, p_voter, p_client, p_n, p_dots);
    END IF;
    UPDATE ballot t SET version = t.version + 1, key_check = p_key_check WHERE t.review = p_review;
    RETURN 0;
END $$;

-- The sums of the open vote, for counting it: for p_freeze_us no choice can change. items: each client
-- int8, n int8, dots int8. code: 0, 21, 40, 41 as may_op, 28 no vote is open.
CREATE FUNCTION plimsoll_tally(
    p_review int8, p_usr int8, p_device int8, p_freeze_us int8, OUT code int4, OUT round int4,
    OUT version int8, OUT voters int4, OUT items bytea)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    round := 0; version := 0; voters := 0; items := '';
    PERFORM 1 FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    code := may_op(p_review, p_usr, p_device, 18);
    IF code <> 0 THEN
        RETURN;
    END IF;
    UPDATE ballot b SET frozen_us = now_us() + p_freeze_us WHERE b.review = p_review
        RETURNING b.round, b.version INTO round, version;
    IF NOT FOUND THEN
        code := 28; round := 0; version := 0;
        RETURN;
    END IF;
    SELECT count(DISTINCT v.voter) INTO voters FROM vote v WHERE v.review = p_review;
    SELECT coalesce(string_agg(int8send(t.client) || int8send(t.n) || int8send(t.dots), ''::bytea
                               ORDER BY t.client, t.n), ''::bytea) INTO items
        FROM (SELECT v.client, v.n, sum(v.dots)::int8 AS dots FROM vote v WHERE v.review = p_review
               GROUP BY v.client, v.n) t;
END $$;

-- plimsoll_append of a batch in which revision p_expect + x_ord opens (x_kind 1) or counts (2) a vote.
-- The table changes with the log, or neither does: a vote that is open already, or one whose choices are
-- not those of x_version any more, is verdict 6 for that author.
CREATE FUNCTION plimsoll_append_vote(
    x_ord int4, x_kind int4, x_round int4, x_ballot int4, x_dots int4, x_version int8,
    p_review int8, p_expect int8, p_lock_first bool, p_node int4, p_n int4, p_body bytea,
    p_client int8[], p_usr int8[], p_device int8[], p_epoch int4[], p_seq int8[], p_ops int8[],
    p_salt bytea[], p_commitment bytea[],
    r_client int8[], r_epoch int4[], r_seq int8[], r_code int4[], r_why text[],
    f_title text, f_status int4, f_stage int4, f_visibility int4, f_severity int4, f_kind int4,
    p_rows jsonb DEFAULT NULL,
    OUT outcome int4, OUT head int8, OUT verdicts bytea, OUT missing bytea)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_head int8;
    v_fits bool;
BEGIN
    IF p_lock_first THEN -- the turn before the row, as everywhere
        PERFORM plm.turn_take(p_review);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(plm.turn_of(p_review));
    END IF;
    SELECT r.head INTO v_head FROM plm.review r WHERE r.id = p_review FOR NO KEY UPDATE;
    IF v_head = p_expect THEN
        IF x_kind = 1 THEN
            v_fits := NOT EXISTS (SELECT 1 FROM plm.ballot b WHERE b.review = p_review);
        ELSE
            v_fits := EXISTS (SELECT 1 FROM plm.ballot b WHERE b.review = p_review
                                 AND b.round = x_round AND b.version = x_version);
        END IF;
        IF NOT v_fits THEN
            SELECT 2, a.head, set_byte(decode(repeat('00', p_n), 'hex'), x_ord - 1, 6), ''::bytea
              INTO outcome, head, verdicts, missing
              FROM plm.plimsoll_append(p_review, p_expect, p_lock_first, p_node, 0, ''::bytea,
                                       '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
                                       r_client, r_epoch, r_seq, r_code, r_why,
                                       NULL, 0, 0, 0, 0, 0) a;
            RETURN;
        END IF;
    END IF;
    SELECT a.outcome, a.head, a.verdicts, a.missing INTO outcome, head, verdicts, missing
      FROM plm.plimsoll_append(p_review, p_expect, p_lock_first, p_node, p_n, p_body, p_client,
                               p_usr, p_device, p_epoch, p_seq, p_ops, p_salt, p_commitment,
                               r_client, r_epoch, r_seq, r_code, r_why, f_title, f_status, f_stage,
                               f_visibility, f_severity, f_kind, p_rows) a;
    IF outcome <> 0 THEN
        RETURN;
    END IF;
    PERFORM plm.audit_vote(p_review, p_expect + x_ord, p_usr[x_ord], p_device[x_ord], p_node, x_kind,
                           x_round);
    IF x_kind = 1 THEN
        INSERT INTO plm.ballot (review, round, kind, dots)
            VALUES (p_review, x_round, x_ballot, x_dots);
    ELSE
        DELETE FROM plm.vote v WHERE v.review = p_review;
        DELETE FROM plm.ballot b WHERE b.review = p_review;
    END IF;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
