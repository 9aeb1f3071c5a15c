-- SPDX-License-Identifier: Apache-2.0
-- The log of a review: append and sessions. Expected refusals are results, never errors: an error
-- would undo the other appends of the same flush.
--
-- Everything here first takes the lock of the review's row and then looks, in a statement of its
-- own, at rights and sessions. In one statement the look would see rows as they were before the wait.
--
-- An append is what people wait for, and its work is mostly the executor's starting and ending of
-- statements: few statements, names with their schema instead of a search_path to set and reset.
SET LOCAL search_path = plm, pg_temp;

-- perm as one word per status and role; kept equal by a trigger.
CREATE TABLE perm_mask (
    status int2,
    role   int2,
    ops    int8 NOT NULL,
    PRIMARY KEY (status, role)
);

CREATE FUNCTION perm_mask_fill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM plm.perm_mask;
    INSERT INTO plm.perm_mask
        SELECT status, role, bit_or(1::int8 << op) FROM plm.perm GROUP BY status, role;
    RETURN NULL;
END $$;
CREATE TRIGGER perm_mask AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON perm
    FOR EACH STATEMENT EXECUTE FUNCTION perm_mask_fill();
UPDATE perm SET op = op WHERE op = 0;

-- Batches after a revision, about max_bytes of them and at least one:
-- each first_rev int8, last_rev int8, length int4, body.
CREATE FUNCTION missing_batches(p_review int8, p_after int8, p_max_bytes int4) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(int8send(first_rev) || int8send(last_rev)
                               || int4send(octet_length(body)) || body, ''::bytea
                               ORDER BY last_rev), ''::bytea)
      FROM (SELECT first_rev, last_rev, body,
                   sum(octet_length(body)) OVER (ORDER BY last_rev) - octet_length(body) AS before
              FROM (SELECT first_rev, last_rev, body FROM plm.rev_batch
                     WHERE review = p_review AND last_rev > p_after
                     ORDER BY last_rev LIMIT 1000) b) t
     WHERE before < p_max_bytes);
END $$;

-- What becomes of each author of a batch, one byte each: 0 ok, 1 no right, 2 access taken away,
-- 3 fenced, 4 duplicate. The caller holds the review's lock. (Here and below: plpgsql, because it
-- keeps its plans from call to call; an SQL function is planned anew in every transaction.)
CREATE FUNCTION author_verdicts(p_review int8, p_status int2, p_visibility int2, p_client int8[],
                                p_usr int8[], p_device int8[], p_epoch int4[], p_seq int8[],
                                p_ops int8[]) RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_all bytea;
BEGIN
    SELECT string_agg(set_byte('\x00'::bytea, 0, CASE
               WHEN a.usr <> 0 AND NOT coalesce(u.enabled, false) THEN 2
               WHEN a.device <> 0 AND (d.usr IS DISTINCT FROM a.usr OR d.revoked_us IS NOT NULL)
                   THEN 2
               WHEN a.client <> 0 AND (s.usr IS DISTINCT FROM a.usr
                                       OR s.device IS DISTINCT FROM a.device
                                       OR s.epoch IS DISTINCT FROM a.epoch) THEN 3
               WHEN a.client <> 0 AND s.last_seq >= a.seq THEN 4
               WHEN a.ops = 0 AND a.client = 0 THEN 0
               WHEN m.role IS NULL THEN CASE p_visibility WHEN 2 THEN 1 ELSE 2 END
               WHEN a.ops & ~coalesce(p.ops, 0) <> 0 THEN 1
               ELSE 0 END), ''::bytea ORDER BY a.ord)
      INTO v_all
      FROM unnest(p_client, p_usr, p_device, p_epoch, p_seq, p_ops) WITH ORDINALITY
           AS a (client, usr, device, epoch, seq, ops, ord)
      LEFT JOIN plm.usr u ON u.id = a.usr
      LEFT JOIN plm.device d ON d.id = a.device
      LEFT JOIN plm.session s ON s.review = p_review AND s.client = a.client
      LEFT JOIN plm.membership m ON m.review = p_review AND m.usr = a.usr
      LEFT JOIN plm.perm_mask p ON p.status = p_status AND p.role = m.role;
    RETURN v_all;
END $$;

-- One audit leaf (kind 0301, 769) per revision. Fields: 1 revision, 2 client, 3 sequence number, 4 permission bits.
-- The caller holds the review's lock, which guards the stream's row as well.
CREATE FUNCTION audit_append(p_review int8, p_first int8, p_node int4, p_now int8, p_client int8[],
                             p_usr int8[], p_device int8[], p_seq int8[], p_ops int8[],
                             p_commitment bytea[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_seq int8;
    v_prev bytea;
    v_us int8;
    v_leaf bytea;
BEGIN
    SELECT next_seq, last_leaf, last_us INTO STRICT v_seq, v_prev, v_us
        FROM plm.stream WHERE id = p_review;
    FOR i IN 1 .. cardinality(p_client) LOOP
        v_us := greatest(v_us + 1, p_now);
        v_leaf := plm.audit_leaf(p_review, v_seq, v_us, 769, 0, p_usr[i], p_device[i], p_node, v_prev,
                             p_commitment[i], 4,
                             '\x00010008'::bytea || int8send(p_first + i - 1)
                             || '\x00020008'::bytea || int8send(p_client[i])
                             || '\x00030008'::bytea || int8send(p_seq[i])
                             || '\x00040008'::bytea || int8send(p_ops[i]));
        v_prev := sha256('\x00'::bytea || v_leaf);
        INSERT INTO plm.audit_event (review, rseq, kind, at_us, actor, leaf, leaf_hash)
            VALUES (p_review, v_seq, 769, v_us, p_usr[i], v_leaf, v_prev);
        v_seq := v_seq + 1;
    END LOOP;
    UPDATE plm.stream SET next_seq = v_seq, last_leaf = v_prev, last_us = v_us WHERE id = p_review;
END $$;

-- The turn: a server process that lost a race would lose the next one too, because the winner's next
-- append is on its way first. With p_lock_first it takes the turn of the review (a session's advisory
-- lock, exclusive; all other appends take it shared) before it looks at the head. Answered 1, it keeps
-- the turn: nobody else can append until it has come again with p_lock_first, which commits and gives
-- the turn back. It must come at once or call pg_advisory_unlock(turn_of(review)). While a connection
-- has a turn it waits for nothing else.
CREATE FUNCTION turn_of(p_review int8) RETURNS int8 LANGUAGE sql IMMUTABLE
RETURN p_review | (x'504c'::int8 << 48);

CREATE FUNCTION turn_take(p_review int8) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_turn int8 := plm.turn_of(p_review);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
                         AND pid = pg_backend_pid() AND mode = 'ExclusiveLock' AND objsubid = 1
                         AND classid::int8 = v_turn >> 32 AND objid::int8 = v_turn & 4294967295) THEN
        PERFORM pg_advisory_lock(v_turn);
    END IF;
END $$;

-- The append of one revision by one person, by far the most frequent: rights, session, audit leaf and
-- batch in one statement. False: he may not, nothing was written; author_verdicts says why. The caller
-- holds the review's lock and has raised its head to p_rev.
CREATE FUNCTION append_one(
    p_review int8, p_rev int8, p_status int2, p_node int4, p_body bytea, p_client int8, p_usr int8,
    p_device int8, p_epoch int4, p_seq int8, p_ops int8, p_salt bytea[], p_commitment bytea)
RETURNS bool LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now int8 := plm.now_us();
BEGIN
    WITH may AS (
        UPDATE plm.session s SET last_seq = p_seq, last_rev = p_rev, last_code = 0, last_why = ''
          FROM plm.usr u, plm.device d, plm.membership m, plm.perm_mask p
         WHERE s.review = p_review AND s.client = p_client AND s.usr = p_usr
           AND s.device = p_device AND s.epoch = p_epoch AND s.last_seq < p_seq
           AND u.id = p_usr AND u.enabled
           AND d.id = p_device AND d.usr = p_usr AND d.revoked_us IS NULL
           AND m.review = p_review AND m.usr = p_usr
           AND p.status = p_status AND p.role = m.role AND p_ops & ~p.ops = 0
        RETURNING 1),
    next AS (
        SELECT t.next_seq, greatest(t.last_us + 1, v_now) AS us,
               plm.audit_leaf(p_review, t.next_seq, greatest(t.last_us + 1, v_now), 769, 0, p_usr,
                              p_device, p_node, t.last_leaf, p_commitment, 4,
                              '\x00010008'::bytea || int8send(p_rev)
                              || '\x00020008'::bytea || int8send(p_client)
                              || '\x00030008'::bytea || int8send(p_seq)
                              || '\x00040008'::bytea || int8send(p_ops)) AS leaf
          FROM plm.stream t, may WHERE t.id = p_review),
    event AS (
        INSERT INTO plm.audit_event (review, rseq, kind, at_us, actor, leaf, leaf_hash)
        SELECT p_review, n.next_seq, 769, n.us, p_usr, n.leaf, sha256('\x00'::bytea || n.leaf)
          FROM next n RETURNING rseq, at_us, leaf_hash),
    tip AS (
        UPDATE plm.stream t SET next_seq = e.rseq + 1, last_leaf = e.leaf_hash, last_us = e.at_us
          FROM event e WHERE t.id = p_review)
    INSERT INTO plm.rev_batch (review, last_rev, first_rev, at_us, salts, body)
        SELECT p_review, p_rev, p_rev, v_now, p_salt, p_body FROM may;
    RETURN FOUND;
END $$;

-- Any number of revisions whose authors all may, the server among them.
CREATE FUNCTION append_many(
    p_review int8, p_expect int8, p_node int4, p_n int4, p_body bytea, p_client int8[],
    p_usr int8[], p_device int8[], p_seq int8[], p_ops int8[], p_salt bytea[],
    p_commitment bytea[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_now int8 := plm.now_us();
BEGIN
    INSERT INTO plm.rev_batch (review, last_rev, first_rev, at_us, salts, body)
        VALUES (p_review, p_expect + p_n, p_expect + 1, v_now, p_salt, p_body);
    UPDATE plm.session s
        SET last_seq = a.seq, last_rev = p_expect + a.ord, last_code = 0, last_why = ''
        FROM unnest(p_client, p_seq) WITH ORDINALITY AS a (client, seq, ord)
        WHERE s.review = p_review AND s.client = a.client;
    PERFORM plm.audit_append(p_review, p_expect + 1, p_node, v_now, p_client, p_usr, p_device,
                             p_seq, p_ops, p_commitment);
END $$;

-- Commits a batch of revisions behind revision p_expect, or nothing of it. Element i of the p_ arrays
-- is the author of revision p_expect + i; client 0 is the server itself, in the name of usr (0:
-- nobody), and needs no session. The r_ arrays are changesets that the server refused by itself.
-- f_title not null: the f_ values replace the projection in review; 0 leaves status, stage, visibility.
-- p_rows not null: rows of the projections that change (0010_projections).
--
-- outcome 0: committed. 1: the head is not p_expect; `missing` brings the caller nearer to it. 2: not
-- every author may; only the refusals were stored (later changesets of a batch are transformed over
-- earlier ones, so it goes in whole or not at all). 5: no such review.
CREATE FUNCTION plimsoll_append(
    p_review int8, p_expect int8, p_lock_first bool, p_node int4, p_n int4, p_body bytea,
    p_client int8[], p_usr int8[], p_device int8[], p_epoch int4[], p_seq int8[], p_ops int8[],
    p_salt bytea[], p_commitment bytea[],
    r_client int8[], r_epoch int4[], r_seq int8[], r_code int4[], r_why text[],
    f_title text, f_status int4, f_stage int4, f_visibility int4, f_severity int4, f_kind int4,
    p_rows jsonb DEFAULT NULL,
    OUT outcome int4, OUT head int8, OUT verdicts bytea, OUT missing bytea)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_status int2;
    v_visibility int2;
    v_done bool;
BEGIN
    outcome := 0;
    verdicts := '';
    missing := '';
    IF cardinality(p_salt) <> p_n OR cardinality(p_client) <> p_n THEN
        RAISE EXCEPTION '% revisions, % authors', p_n, cardinality(p_client)
            USING ERRCODE = 'check_violation';
    END IF;
    IF p_lock_first THEN
        PERFORM plm.turn_take(p_review);
    ELSIF pg_advisory_xact_lock_shared(plm.turn_of(p_review)) IS NULL THEN
        NULL; -- as a condition it needs no statement of its own
    END IF;
    IF p_n = 0 THEN
        SELECT r.head INTO head FROM plm.review r WHERE r.id = p_review FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            outcome := 5;
            head := 0;
        END IF;
    END IF;
    IF p_n > 0 THEN
        UPDATE plm.review r SET head = r.head + p_n WHERE r.id = p_review AND r.head = p_expect
            RETURNING r.head, r.status, r.visibility INTO head, v_status, v_visibility;
        IF NOT FOUND THEN
            SELECT r.head INTO head FROM plm.review r WHERE r.id = p_review;
            outcome := CASE WHEN FOUND THEN 1 ELSE 5 END;
            head := coalesce(head, 0);
            missing := plm.missing_batches(p_review, p_expect, 1048576);
            IF outcome = 5 AND p_lock_first THEN
                PERFORM pg_advisory_unlock(plm.turn_of(p_review));
            END IF;
            RETURN; -- behind: with the turn, if it was asked for
        END IF;
        v_done := p_n = 1 AND p_client[1] <> 0
            AND plm.append_one(p_review, head, v_status, p_node, p_body, p_client[1], p_usr[1],
                               p_device[1], p_epoch[1], p_seq[1], p_ops[1], p_salt,
                               p_commitment[1]);
        IF NOT v_done THEN
            verdicts := plm.author_verdicts(p_review, v_status, v_visibility, p_client, p_usr,
                                            p_device, p_epoch, p_seq, p_ops);
            IF ltrim(verdicts, '\x00'::bytea) <> ''::bytea THEN
                outcome := 2;
                head := p_expect;
                UPDATE plm.review r SET head = p_expect WHERE r.id = p_review;
            ELSE
                PERFORM plm.append_many(p_review, p_expect, p_node, p_n, p_body, p_client, p_usr,
                                        p_device, p_seq, p_ops, p_salt, p_commitment);
            END IF;
        END IF;
        IF outcome = 0 AND f_title IS NOT NULL THEN
            UPDATE plm.review r
                SET title = f_title, status = coalesce(nullif(f_status, 0), r.status),
                    stage = coalesce(nullif(f_stage, 0), r.stage),
                    visibility = coalesce(nullif(f_visibility, 0), r.visibility),
                    severity = f_severity, kind = f_kind
                WHERE r.id = p_review;
        END IF;
        IF outcome = 0 AND p_rows IS NOT NULL THEN
            PERFORM plm.project(p_review, p_rows);
            IF p_rows ? 'event' THEN
                PERFORM plm.audit_derived(p_review, p_expect, p_node, p_usr, p_device,
                                          p_rows -> 'event');
            END IF;
        END IF;
    END IF;
    IF cardinality(r_client) > 0 THEN
        UPDATE plm.session s SET last_seq = a.seq, last_rev = 0, last_code = a.code, last_why = a.why
            FROM (SELECT DISTINCT ON (client) * FROM unnest(r_client, r_epoch, r_seq, r_code, r_why)
                      AS r (client, epoch, seq, code, why) ORDER BY client, seq DESC) a
            WHERE s.review = p_review AND s.client = a.client AND s.epoch = a.epoch
              AND s.last_seq < a.seq;
    END IF;
    IF p_lock_first THEN
        PERFORM pg_advisory_unlock(plm.turn_of(p_review));
    END IF;
END $$;

-- Opens or resumes a session. From its commit on no append with an older epoch can commit: both hold
-- the review's lock. p_client 0: reading only, no session, no lock. code: 0, 21 no such review, 40 not
-- a participant and not visible, 41 device revoked or user disabled, 42 the client id belongs to
-- another device or person.
CREATE FUNCTION plimsoll_session_open(
    p_review int8, p_client int8, p_usr int8, p_device int8,
    OUT code int4, OUT epoch int4, OUT last_seq int8, OUT last_rev int8, OUT last_code int4,
    OUT last_why text, OUT role int4, OUT status int4, OUT head int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
DECLARE
    r review;
BEGIN
    code := 0; epoch := 0; last_seq := 0; last_rev := 0; last_code := 0; last_why := ''; role := 0;
    status := 0; head := 0;
    IF p_client <> 0 THEN
        SELECT * INTO r FROM review WHERE id = p_review FOR NO KEY UPDATE;
    ELSE
        SELECT * INTO r FROM review WHERE id = p_review;
    END IF;
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    status := r.status;
    head := r.head;
    PERFORM 1 FROM usr u JOIN device d ON d.usr = u.id
        WHERE u.id = p_usr AND u.enabled AND d.id = p_device AND d.revoked_us IS NULL;
    IF NOT FOUND THEN
        code := 41;
        RETURN;
    END IF;
    SELECT m.role INTO role FROM membership m WHERE m.review = p_review AND m.usr = p_usr;
    IF NOT FOUND THEN
        role := 0;
        IF r.visibility <> 2 THEN
            code := 40;
            RETURN;
        END IF;
    END IF;
    IF p_client = 0 THEN
        RETURN;
    END IF;
    -- a device keeps its 64 newest clients in a review: more would only be journals long forgotten
    DELETE FROM session WHERE review = p_review AND client IN
        (SELECT t.client FROM session t WHERE t.review = p_review AND t.usr = p_usr
            AND t.device = p_device AND t.client <> p_client ORDER BY t.opened_us DESC OFFSET 63);
    INSERT INTO session AS s (review, client, usr, device, epoch, opened_us)
        VALUES (p_review, p_client, p_usr, p_device, 1, now_us())
        ON CONFLICT (review, client) DO UPDATE
            SET epoch = s.epoch + 1, opened_us = excluded.opened_us
            WHERE s.usr = excluded.usr AND s.device = excluded.device
        RETURNING s.epoch, s.last_seq, s.last_rev, s.last_code, s.last_why
        INTO epoch, last_seq, last_rev, last_code, last_why;
    IF NOT FOUND THEN
        code := 42;
        epoch := 0; last_seq := 0; last_rev := 0; last_code := 0; last_why := '';
    END IF;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
