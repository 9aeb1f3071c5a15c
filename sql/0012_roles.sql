-- SPDX-License-Identifier: Apache-2.0
-- Who of the database's roles (roles.sql) may do what with the tables and functions of the files before.
-- A role has what stands here and nothing else. A later file grants for its own tables and functions.
--
-- Functions run with the rights of who calls them. So plm_app has each right that an append or a command
-- needs, column by column, and no other: what was appended to the log it can neither change nor delete,
-- what it wrote of people it can only switch off, and permissions it can only read.
SET LOCAL search_path = plm, pg_temp;

-- ---- plm_app: the server ------------------------------------------------------------------------

GRANT SELECT ON usr, device, review, membership, invite, session, rev_batch, snapshot, counter, node,
    stream, audit_event, perm, perm_mask, ballot, vote, file, file_chunk, signed_act, review_invite,
    review_invite_use, fact, marker, participant, action, lesson TO plm_app;

-- the log: rows are added, never changed
GRANT INSERT ON rev_batch, audit_event, signed_act, review_invite_use TO plm_app;
GRANT INSERT (id), UPDATE (next_seq, last_leaf, last_us) ON stream TO plm_app;

-- people
GRANT INSERT (user_name, display_name, created_us), UPDATE (enabled) ON usr TO plm_app;
GRANT INSERT (usr, spki_sha256, name, enrolled_us, expires_us), UPDATE (last_seen_us, revoked_us)
    ON device TO plm_app;
GRANT INSERT (secret_sha256, kind, usr, review, role, created_us, expires_us, by_usr),
    UPDATE (used_us, used_device, revoked_us) ON invite TO plm_app;
GRANT INSERT, UPDATE (used, revoked_us) ON review_invite TO plm_app;
GRANT USAGE ON SEQUENCE invite_id_seq, review_id TO plm_app;

-- reviews
GRANT INSERT (id, head, title, status, stage, visibility, severity, kind, op_id, created_by, created_us),
    UPDATE (head, perm_epoch, title, status, stage, visibility, severity, kind, draft_of)
    ON review TO plm_app;
GRANT INSERT, UPDATE (role, duty), DELETE ON membership TO plm_app;
GRANT INSERT (review, client, usr, device, epoch, opened_us),
    UPDATE (epoch, opened_us, last_seq, last_rev, last_code, last_why), DELETE ON session TO plm_app;
GRANT INSERT, DELETE ON snapshot TO plm_app;
GRANT UPDATE (next) ON counter TO plm_app;
GRANT INSERT (review, round, kind, dots), UPDATE (key_check, version, frozen_us), DELETE
    ON ballot TO plm_app;
GRANT INSERT, UPDATE (dots), DELETE ON vote TO plm_app;
GRANT INSERT (review, entry_client, entry_n, usr, device, name, media_type, size, sha256, created_us,
              touched_us),
    UPDATE (name, media_type, device, held, state, rev, touched_us), DELETE ON file TO plm_app;
-- the sweep locks the chunks that it deletes, and a lock of rows needs a right to change them
GRANT INSERT, UPDATE (no), DELETE ON file_chunk TO plm_app;

-- what repeats the documents is written anew
GRANT INSERT, DELETE ON fact, marker, participant, action, lesson TO plm_app;

GRANT INSERT, UPDATE (seen_us), DELETE ON node TO plm_app;

-- ---- plm_ca, plm_seal, plm_audit, plm_erase -------------------------------------------------------

GRANT SELECT ON usr, device, invite, review_invite, review_invite_use, signed_act TO plm_ca;

GRANT SELECT ON audit_event, stream TO plm_seal;

GRANT SELECT ON audit_event, stream, usr, device TO plm_audit;
GRANT SELECT (review, first_rev, last_rev, at_us) ON rev_batch TO plm_audit;
GRANT SELECT (id, kind, review, usr, device, issued_us, at_us, nonce, head, signature, spki)
    ON signed_act TO plm_audit;

GRANT SELECT ON rev_batch, audit_event TO plm_erase;
GRANT UPDATE (salts, body) ON rev_batch TO plm_erase;
GRANT SELECT (review, rev), DELETE ON snapshot TO plm_erase;
GRANT SELECT (id, review, seen), UPDATE (seen) ON signed_act TO plm_erase;

-- ---- functions ------------------------------------------------------------------------------------

-- All but those of triggers, which nobody calls.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'plm'::regnamespace
                         AND p.prorettype <> 'trigger'::regtype
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO plm_app', v_function);
    END LOOP;
END $$;

-- Of a trigger the functions that its own function calls run as whoever changes the table.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
