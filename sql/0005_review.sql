-- SPDX-License-Identifier: Apache-2.0
-- Making a review, and who takes part in it.
SET LOCAL search_path = plm, pg_temp;

-- Is this an enabled user with a device of his own that is not revoked? 0, 0 is the operator.
CREATE FUNCTION actor_is_good(p_usr int8, p_device int8) RETURNS bool LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT (p_usr = 0 AND p_device = 0)
        OR EXISTS (SELECT 1 FROM plm.usr u JOIN plm.device d ON d.usr = u.id
                    WHERE u.id = p_usr AND u.enabled AND d.id = p_device
                      AND d.revoked_us IS NULL);
END;

-- The review that this op_id of this user has made (made true), or else a fresh id.
CREATE FUNCTION plimsoll_review_reserve(p_op_id bytea, p_usr int8, OUT made bool, OUT review int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    SELECT r.id INTO review FROM review r WHERE r.created_by = p_usr AND r.op_id = p_op_id;
    made := FOUND;
    IF NOT made THEN
        review := nextval('review_id');
    END IF;
END $$;

-- Review, revision 1 (made by the server in the name of its creator), facilitator, audit events
-- 0201 created (16 user, 18 role) and 0301 for revision 1. p_rows: its projections. The same op_id again
-- gives the same review.
-- code: 0, 28 the id is taken, 41 revoked or disabled.
CREATE FUNCTION plimsoll_create_review(
    p_review int8, p_op_id bytea, p_usr int8, p_device int8, p_node int4, p_title text,
    p_severity int4, p_kind int4, p_stage int4, p_visibility int4, p_body bytea, p_salt bytea,
    p_commitment bytea, p_rows jsonb DEFAULT NULL, OUT code int4, OUT review int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
    v_draft_of int8;
BEGIN
    code := 0;
    review := 0;
    -- there is no review yet whose lock an end of his access would wait for
    PERFORM 1 FROM usr u WHERE u.id = p_usr FOR SHARE;
    PERFORM 1 FROM device d WHERE d.id = p_device FOR SHARE;
    IF NOT actor_is_good(p_usr, p_device) OR p_usr = 0 THEN
        code := 41;
        RETURN;
    END IF;
    INSERT INTO review (id, head, title, status, stage, visibility, severity, kind, op_id,
                        created_by, created_us)
        VALUES (p_review, 1, p_title, 1, p_stage, p_visibility, p_severity, p_kind, p_op_id,
                p_usr, v_now)
        ON CONFLICT DO NOTHING RETURNING id INTO review;
    IF NOT FOUND THEN
        SELECT r.id INTO review FROM review r WHERE r.created_by = p_usr AND r.op_id = p_op_id;
        IF NOT FOUND THEN
            code := 28;
            review := 0;
        END IF;
        RETURN;
    END IF;
    INSERT INTO membership (review, usr, role, since_us) VALUES (p_review, p_usr, 1, v_now);
    INSERT INTO stream (id) VALUES (p_review);
    INSERT INTO rev_batch (review, last_rev, first_rev, at_us, salts, body)
        VALUES (p_review, 1, 1, v_now, ARRAY[p_salt], p_body);
    v_draft_of := (p_rows -> 'fact' -> 0 ->> 'draft_of')::int8;
    PERFORM audit_add(p_review, x'0201'::int4, p_usr, p_device, p_node,
                      CASE WHEN v_draft_of IS NULL THEN 2 ELSE 3 END,
                      tlv(16, int8send(p_usr)) || tlv(18, int2send(1::int2))
                      || coalesce(tlv(31, int8send(v_draft_of)), ''::bytea));
    PERFORM audit_append(p_review, 1, p_node, v_now, ARRAY[0::int8], ARRAY[p_usr],
                         ARRAY[p_device], ARRAY[0::int8], ARRAY[0::int8], ARRAY[p_commitment]);
    IF p_rows IS NOT NULL THEN
        PERFORM project(p_review, p_rows); -- 0010_projections
    END IF;
END $$;

-- May p_usr change who takes part? The operator (0) may, and a facilitator while the review's status
-- lets him conduct (18): not in a closed one. Nobody in a private draft. The caller holds the
-- review's lock.
CREATE FUNCTION may_facilitate(p_review int8, p_usr int8) RETURNS bool LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT NOT EXISTS (SELECT 1 FROM plm.review d WHERE d.id = p_review AND d.draft_of IS NOT NULL)
       AND (p_usr = 0
        OR EXISTS (SELECT 1 FROM plm.review r JOIN plm.membership m ON m.review = r.id
                    JOIN plm.perm p ON p.status = r.status AND p.role = m.role AND p.op = 18
                    WHERE r.id = p_review AND m.usr = p_usr));
END;

-- Tells every server process to look again at what a person or device may do.
CREATE FUNCTION notify_rights(p_device int8, p_usr int8) RETURNS void LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT pg_notify('plimsoll', format('r %s %s', p_device, p_usr));
END;

-- Sets (role 1-3) or ends (0) a participation. Event 0203: 16 user, 18 role, 19 role before, 20 duty,
-- 26 perm_epoch. code: 0, 21 no such review or user, 24 wrong role, 25 too many participants, 30 no
-- facilitator would be left, or he took part in the incident (0014_duty), 40 no right or oneself, 41 the
-- actor's access is gone.
CREATE FUNCTION plimsoll_member_set(
    p_review int8, p_by_usr int8, p_by_device int8, p_node int4, p_user_name text, p_role int4,
    p_duty int4, OUT code int4, OUT usr int8, OUT user_name text, OUT display_name text,
    OUT old_role int4, OUT head int8, OUT changed bool)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    r review;
    u usr;
    v_old membership;
BEGIN
    code := 0; usr := 0; user_name := ''; display_name := ''; old_role := 0; head := 0;
    changed := false;
    SELECT t.* INTO r FROM review t WHERE t.id = p_review FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    head := r.head;
    IF NOT actor_is_good(p_by_usr, p_by_device) THEN
        code := 41;
        RETURN;
    END IF;
    IF NOT may_facilitate(p_review, p_by_usr) THEN
        code := 40;
        RETURN;
    END IF;
    IF p_role NOT BETWEEN 0 AND 3 OR p_duty NOT BETWEEN 0 AND 8 THEN
        code := 24;
        RETURN;
    END IF;
    SELECT t.* INTO u FROM usr t WHERE t.user_name = p_user_name AND (t.enabled OR p_role = 0);
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    usr := u.id; user_name := u.user_name; display_name := u.display_name;
    IF u.id = p_by_usr THEN
        code := 40;
        RETURN;
    END IF;
    SELECT t.* INTO v_old FROM membership t WHERE t.review = p_review AND t.usr = u.id;
    old_role := coalesce(v_old.role, 0);
    IF old_role = p_role AND (p_role = 0 OR v_old.duty = p_duty) THEN
        RETURN;
    END IF;
    IF old_role = 0 AND (SELECT count(*) FROM membership t WHERE t.review = p_review) >= 200 THEN
        code := 25;
        RETURN;
    END IF;
    IF p_role = 1 AND old_role <> 1 AND is_involved(p_review, u.id) THEN
        code := 30;
        RETURN;
    END IF;
    IF old_role = 1 AND p_role <> 1
       AND (SELECT count(*) FROM membership t WHERE t.review = p_review AND t.role = 1) = 1 THEN
        code := 30;
        RETURN;
    END IF;
    changed := true;
    PERFORM member_write(p_review, u.id, p_role, p_duty, old_role, p_by_usr, p_by_device, p_node);
END $$;

-- The writing half: row, perm_epoch, audit event, word to the other processes. The caller has judged
-- and holds the review's lock.
CREATE FUNCTION member_write(p_review int8, p_usr int8, p_role int4, p_duty int4, p_old_role int4,
                             p_by_usr int8, p_by_device int8, p_node int4) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_epoch int4;
BEGIN
    IF p_role = 0 THEN
        DELETE FROM membership WHERE review = p_review AND usr = p_usr;
    ELSE
        INSERT INTO membership (review, usr, role, duty, since_us)
            VALUES (p_review, p_usr, p_role, p_duty, now_us())
            ON CONFLICT (review, usr) DO UPDATE SET role = excluded.role, duty = excluded.duty;
    END IF;
    UPDATE review SET perm_epoch = perm_epoch + 1 WHERE id = p_review
        RETURNING perm_epoch INTO v_epoch;
    PERFORM audit_add(p_review, x'0203'::int4, p_by_usr, p_by_device, p_node, 5,
                      tlv(16, int8send(p_usr)) || tlv(18, int2send(p_role::int2))
                      || tlv(19, int2send(p_old_role::int2)) || tlv(20, int2send(p_duty::int2))
                      || tlv(26, int4send(v_epoch)));
    PERFORM notify_rights(0, p_usr);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
