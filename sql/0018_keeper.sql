-- SPDX-License-Identifier: Apache-2.0
-- Certificates: what the keeper, which alone can sign them, notes before it hands one out. Event 010A certificate
-- issued: 17 device (0: the server's own), 23 SHA-256 of the key, 52 SHA-256 of the certificate.
SET LOCAL search_path = plm, pg_temp;

-- Written before a certificate leaves the keeper; rows never change.
CREATE TABLE certificate (
    id          int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device      int8 REFERENCES device, -- null: the server's
    spki_sha256 bytea NOT NULL CHECK (octet_length(spki_sha256) = 32),
    cert_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(cert_sha256) = 32),
    issued_us   int8 NOT NULL,
    expires_us  int8 NOT NULL CHECK (expires_us > issued_us)
);
CREATE INDEX certificate_issued ON certificate (issued_us);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON certificate
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON certificate
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
ALTER TABLE certificate ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE certificate ENABLE ALWAYS TRIGGER append_only_all;

-- Is this the key of the device (of this person)?
CREATE FUNCTION device_had_key(p_device int8, p_usr int8, p_spki_sha256 bytea) RETURNS bool
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM plm.device d
                    WHERE d.id = p_device AND d.usr = p_usr AND d.spki_sha256 = p_spki_sha256);
END;

-- Event 010A. code: 0, 42 the device has not this key or is not in force, 54 too many in an hour.
CREATE FUNCTION plimsoll_certificate_note(p_device int8, p_spki_sha256 bytea, p_cert_sha256 bytea,
                                          p_expires_us int8, p_hour_max int4, p_node int4)
RETURNS int4 LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
BEGIN
    PERFORM lock_organisation();
    IF p_device <> 0 AND NOT EXISTS (
           SELECT 1 FROM device d JOIN usr u ON u.id = d.usr
            WHERE d.id = p_device AND d.spki_sha256 = p_spki_sha256 AND d.revoked_us IS NULL
              AND u.enabled) THEN
        RETURN 42;
    END IF;
    IF (SELECT count(*) FROM certificate WHERE issued_us > v_now - 3600000000) >= p_hour_max THEN
        RETURN 54;
    END IF;
    INSERT INTO certificate (device, spki_sha256, cert_sha256, issued_us, expires_us)
        VALUES (nullif(p_device, 0), p_spki_sha256, p_cert_sha256, v_now, p_expires_us);
    PERFORM audit_add(0, x'010A'::int4, 0, 0, p_node, 3,
                      tlv(17, int8send(p_device)) || tlv(23, p_spki_sha256)
                      || tlv(52, p_cert_sha256));
    RETURN 0;
END $$;

-- ---- rights ---------------------------------------------------------------------------------------

-- The keeper's role uses invites up and notes certificates: what that writes, and nothing else. The
-- server may not make devices.
GRANT SELECT (id, head, perm_epoch, status, visibility, created_by, draft_of) ON review TO plm_ca;
GRANT SELECT ON membership, stream, perm, participant, certificate TO plm_ca;
GRANT INSERT (user_name, display_name, created_us) ON usr TO plm_ca;
GRANT INSERT (usr, spki_sha256, name, enrolled_us, expires_us), UPDATE (revoked_us) ON device
    TO plm_ca;
GRANT UPDATE (used_us, used_device) ON invite TO plm_ca;
GRANT UPDATE (used) ON review_invite TO plm_ca;
GRANT INSERT ON review_invite_use, audit_event, certificate TO plm_ca;
GRANT INSERT, UPDATE (role, duty) ON membership TO plm_ca;
GRANT UPDATE (perm_epoch) ON review TO plm_ca;
GRANT UPDATE (next_seq, last_leaf, last_us) ON stream TO plm_ca;
GRANT SELECT ON certificate TO plm_app, plm_audit;
REVOKE INSERT ON device FROM plm_app;
REVOKE INSERT (usr, spki_sha256, name, enrolled_us, expires_us) ON device FROM plm_app;
REVOKE INSERT ON review_invite_use FROM plm_app;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
-- What joining calls is many small functions; they have the rights of who calls them.
ALTER DEFAULT PRIVILEGES IN SCHEMA plm GRANT EXECUTE ON FUNCTIONS TO plm_ca;
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'plm'::regnamespace
                         AND p.prorettype <> 'trigger'::regtype AND p.proname NOT LIKE 'log%'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO plm_ca', v_function);
        IF v_function::text ~ 'join|redeem|certificate_note' THEN
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM plm_app', v_function);
        END IF;
    END LOOP;
END $$;
