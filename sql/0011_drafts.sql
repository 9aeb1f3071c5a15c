-- SPDX-License-Identifier: Apache-2.0
-- Private drafts: a review with draft_of set and one member, who made it. Each person has at most one
-- for a review. Lists and everything over all reviews leave them out (draft_of IS NULL).
SET LOCAL search_path = plm, pg_temp;

CREATE UNIQUE INDEX review_draft ON review (draft_of, created_by) WHERE draft_of IS NOT NULL;

-- The op_id under which a person makes his draft for a review: so that it is made once.
CREATE FUNCTION draft_op_id(p_review int8) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN substring(sha256('\x504c4431'::bytea || int8send(p_review)) FOR 16);

-- May p_usr write accounts (6) or observations (7) in this review, when it is not closed yet? Then the
-- role that he has there, else 0. A draft has no drafts.
CREATE FUNCTION draft_role(p_review int8, p_usr int8) RETURNS int4 LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(max(m.role), 0)::int4 FROM plm.membership m
      JOIN plm.review r ON r.id = m.review AND r.draft_of IS NULL
     WHERE m.review = p_review AND m.usr = p_usr
       AND EXISTS (SELECT 1 FROM plm.perm p
                    WHERE p.role = m.role AND p.status IN (1, 2) AND p.op IN (6, 7));
END;

-- The draft of p_usr for p_review (made true), or else a fresh id for it. code: 0, 21 no such review,
-- 40 he takes no part or his role writes nothing there.
CREATE FUNCTION plimsoll_draft_reserve(p_review int8, p_usr int8, OUT code int4, OUT made bool,
                                       OUT draft int8, OUT role int4)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    code := 0; made := false; draft := 0;
    role := draft_role(p_review, p_usr);
    IF role = 0 THEN
        code := CASE WHEN EXISTS (SELECT 1 FROM review r WHERE r.id = p_review) THEN 40 ELSE 21 END;
        RETURN;
    END IF;
    SELECT r.id INTO draft FROM review r WHERE r.draft_of = p_review AND r.created_by = p_usr;
    made := FOUND;
    IF NOT made THEN
        draft := nextval('review_id');
    END IF;
END $$;

-- Makes it, as plimsoll_create_review makes a review: the same revision 1, audit events, and codes;
-- 40 as above. The lock of the review comes first, as its id is the lower one.
CREATE FUNCTION plimsoll_draft_create(
    p_of int8, p_draft int8, p_usr int8, p_device int8, p_node int4, p_title text, p_body bytea,
    p_salt bytea, p_commitment bytea, p_rows jsonb, OUT code int4, OUT draft int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_role int4;
BEGIN
    draft := 0;
    PERFORM 1 FROM review WHERE id = p_of FOR NO KEY UPDATE;
    v_role := draft_role(p_of, p_usr);
    IF v_role = 0 THEN
        code := 40;
        RETURN;
    END IF;
    SELECT c.code, c.review INTO code, draft
        FROM plimsoll_create_review(p_draft, draft_op_id(p_of), p_usr, p_device, p_node, p_title, 0, 0,
                                    1, 1, p_body, p_salt, p_commitment, p_rows) c;
    IF code = 0 AND draft = p_draft THEN
        UPDATE review SET draft_of = p_of WHERE id = p_draft;
        UPDATE membership SET role = v_role WHERE review = p_draft AND usr = p_usr;
    END IF;
END $$;

-- Who takes part in a review under a role has that role in his draft of it, and leaves it with it.
-- What he wrote stays, and is his again when he comes back.
CREATE FUNCTION draft_follow() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM membership m USING review r
            WHERE r.draft_of = OLD.review AND r.created_by = OLD.usr AND m.review = r.id;
    ELSE
        INSERT INTO membership (review, usr, role, since_us)
            SELECT r.id, NEW.usr, NEW.role, NEW.since_us FROM review r
             WHERE r.draft_of = NEW.review AND r.created_by = NEW.usr
            ON CONFLICT (review, usr) DO UPDATE SET role = excluded.role;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER draft_follow AFTER INSERT OR UPDATE OR DELETE ON membership
    FOR EACH ROW EXECUTE FUNCTION draft_follow();

-- Nobody but its author is ever a member of a draft, whoever asks.
CREATE FUNCTION draft_guard() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM review r WHERE r.id = NEW.review AND r.draft_of IS NOT NULL
                                        AND r.created_by <> NEW.usr) THEN
        RAISE EXCEPTION 'review % is a private draft', NEW.review USING ERRCODE = 'PL002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER draft_guard BEFORE INSERT OR UPDATE ON membership
    FOR EACH ROW EXECUTE FUNCTION draft_guard();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
