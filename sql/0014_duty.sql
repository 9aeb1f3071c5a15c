-- SPDX-License-Identifier: Apache-2.0
-- What needs two different people, and what must not meet in one person, as constraints: the server
-- judges it from the document first (server/review), and what stands here holds whatever it does. A
-- violation is a fault of the server, so it raises an error and the append comes to nothing.
--
-- Publication will bring its own. A CHECK passes when it is null: each one says what null means.
SET LOCAL search_path = plm, pg_temp;

-- ---- actions ------------------------------------------------------------------------------------

-- Verified by somebody else than its owner and than who marked it done, and not before it was done.
ALTER TABLE action ADD CONSTRAINT action_verified_by_another CHECK (
    verified_by IS NULL OR (owner IS DISTINCT FROM verified_by AND done_by IS NOT NULL
                            AND verified_by <> done_by AND done_us IS NOT NULL));
ALTER TABLE action ADD CONSTRAINT action_verified_when CHECK (
    (verified_by IS NULL) = (verified_us IS NULL));
ALTER TABLE action ADD CONSTRAINT action_done_when CHECK ((done_by IS NULL) = (done_us IS NULL));

-- States as in doc/fields.def: 4 done, 5 verified, 6 to 9 judged.
ALTER TABLE action ADD CONSTRAINT action_state_has_people CHECK (
    (state <> 4 OR done_by IS NOT NULL) AND (state NOT BETWEEN 5 AND 9 OR verified_by IS NOT NULL));

-- ---- closing --------------------------------------------------------------------------------------

ALTER TABLE fact ADD COLUMN close_asked_by int8, ADD COLUMN closed_by int8;

-- Closed by somebody else than who asked for it.
ALTER TABLE fact ADD CONSTRAINT fact_closed_by_another CHECK (
    (closed_by IS NULL) = (closed_us IS NULL)
    AND (closed_by IS NULL OR (close_asked_by IS NOT NULL AND closed_by <> close_asked_by)));

-- A review goes on one step at a time, and back to any status before.
CREATE FUNCTION review_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    IF NEW.status > OLD.status + 1 THEN
        RAISE EXCEPTION 'review % goes from status % to %', NEW.id, OLD.status, NEW.status
            USING ERRCODE = 'PL003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER review_step BEFORE UPDATE OF status ON review
    FOR EACH ROW WHEN (NEW.status > OLD.status) EXECUTE FUNCTION review_step();

-- ---- who facilitates --------------------------------------------------------------------------------

-- Does the review say of this person that he took part in the incident?
CREATE FUNCTION is_involved(p_review int8, p_usr int8) RETURNS bool LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM plm.participant p
                    WHERE p.usr = p_usr AND p.review = p_review AND p.involved);
END;

-- Who took part does not become facilitator. One who says so of himself later stays until somebody else
-- takes over; the session cannot begin meanwhile.
CREATE FUNCTION membership_neutral() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    IF is_involved(NEW.review, NEW.usr) THEN
        RAISE EXCEPTION 'user % took part in the incident of review %', NEW.usr, NEW.review
            USING ERRCODE = 'PL004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER membership_neutral BEFORE INSERT OR UPDATE OF role ON membership
    FOR EACH ROW WHEN (NEW.role = 1) EXECUTE FUNCTION membership_neutral();

-- ---- checks of columns that may be null -------------------------------------------------------------

ALTER TABLE device DROP CONSTRAINT device_revoked_us_check,
    ADD CONSTRAINT device_revoked_us_check CHECK (revoked_us IS NULL OR revoked_us > 0);
ALTER TABLE ballot DROP CONSTRAINT ballot_key_check_check,
    ADD CONSTRAINT ballot_key_check_check CHECK (key_check IS NULL OR octet_length(key_check) = 16);

GRANT EXECUTE ON FUNCTION is_involved(int8, int8) TO plm_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
