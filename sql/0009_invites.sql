-- SPDX-License-Identifier: Apache-2.0
-- Acts that a person signs with the key of his device, and the invites of facilitators, which are the
-- first of them. Such an invite only ever makes a new person: with one into an existing person's
-- place, whoever redeems it would be that person.
--
-- Locks as in 0006: the review's row, then stream 0. Fields of the events beside those of 0006: 25 how
-- often it may be used, 27 SHA-256 of what the signer saw, 28 end, x'7001' the signature.
SET LOCAL search_path = plm, pg_temp;

-- ---- signed acts --------------------------------------------------------------------------------

-- The bytes are those of include/plimsoll/tls/statement.h. head || seen is the statement; the
-- signature is over head, which holds SHA-256 of seen, so it can be checked also when seen, where
-- names and texts are, was erased.
CREATE TABLE signed_act (
    id        int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      int2 NOT NULL CHECK (kind > 0),
    review    int8 NOT NULL CHECK (review >= 0), -- 0: none
    usr       int8 NOT NULL REFERENCES usr,
    device    int8 NOT NULL REFERENCES device,
    issued_us int8 NOT NULL,
    at_us     int8 NOT NULL,
    nonce     bytea NOT NULL UNIQUE CHECK (octet_length(nonce) = 16),
    head      bytea NOT NULL CHECK (octet_length(head) = 126
                                    AND substring(head FROM 1 FOR 4) = '\x504c5331'
                                    AND substring(head FROM 79 FOR 16) = nonce),
    seen      bytea CHECK (seen IS NULL OR sha256(seen) = substring(head FROM 95 FOR 32)),
    signature bytea NOT NULL CHECK (octet_length(signature) BETWEEN 1 AND 80),
    spki      bytea NOT NULL CHECK (octet_length(spki) BETWEEN 1 AND 128) -- of the device, DER
);

-- What was seen may be erased; nothing else ever changes.
CREATE FUNCTION signed_act_keep() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
DECLARE
    v_old signed_act;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.seen IS NULL THEN
        v_old := OLD;
        v_old.seen := NULL;
        IF NEW IS NOT DISTINCT FROM v_old THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'PL001';
END $$;
CREATE TRIGGER signed_act_keep BEFORE UPDATE OR DELETE ON signed_act
    FOR EACH ROW EXECUTE FUNCTION signed_act_keep();
CREATE TRIGGER signed_act_keep_all BEFORE TRUNCATE ON signed_act
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
ALTER TABLE signed_act ENABLE ALWAYS TRIGGER signed_act_keep;
ALTER TABLE signed_act ENABLE ALWAYS TRIGGER signed_act_keep_all;

-- Keeps one. The server has checked the signature, and that the statement says what is being done;
-- here it must be of this person and device, by the key that is registered, of these ten minutes, and
-- new. code: 0, 24 it is not, 28 its nonce was used before.
CREATE FUNCTION signed_act_add(p_kind int4, p_review int8, p_usr int8, p_device int8, p_head bytea,
                               p_seen bytea, p_signature bytea, p_spki bytea,
                               OUT code int4, OUT act int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
    v_issued int8;
BEGIN
    code := 24; act := 0;
    IF octet_length(p_head) <> 126 OR substring(p_head FROM 1 FOR 4) <> '\x504c5331'
       OR substring(p_head FROM 5 FOR 2) <> int2send(p_kind::int2)
       OR substring(p_head FROM 39 FOR 8) <> int8send(p_review)
       OR substring(p_head FROM 55 FOR 8) <> int8send(p_usr)
       OR substring(p_head FROM 63 FOR 8) <> int8send(p_device)
       OR substring(p_head FROM 95 FOR 32) <> sha256(p_seen)
       OR NOT EXISTS (SELECT 1 FROM device d WHERE d.id = p_device AND d.usr = p_usr
                                               AND d.spki_sha256 = sha256(p_spki)) THEN
        RETURN;
    END IF;
    v_issued := ('x' || encode(substring(p_head FROM 71 FOR 8), 'hex'))::bit(64)::int8;
    IF v_issued NOT BETWEEN v_now - 600000000 AND v_now + 600000000 THEN
        RETURN;
    END IF;
    INSERT INTO signed_act (kind, review, usr, device, issued_us, at_us, nonce, head, seen, signature,
                            spki)
        VALUES (p_kind, p_review, p_usr, p_device, v_issued, v_now, substring(p_head FROM 79 FOR 16),
                p_head, p_seen, p_signature, p_spki)
        ON CONFLICT (nonce) DO NOTHING RETURNING id INTO act;
    code := CASE WHEN FOUND THEN 0 ELSE 28 END;
    act := coalesce(act, 0);
END $$;

-- The signature as a field of a leaf: algorithm (1 ECDSA over P-256 and SHA-256, 2 Ed25519), time,
-- nonce, signature. With kind, organisation, review, actor, device and the hash of what was seen,
-- which the log holds too, that is all that the head was made of.
CREATE FUNCTION signed_tlv(p_head bytea, p_signature bytea, p_spki bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT plm.tlv(x'7001'::int4,
                   CASE octet_length(p_spki) WHEN 44 THEN '\x02'::bytea ELSE '\x01'::bytea END
                   || substring(p_head FROM 71 FOR 8) || substring(p_head FROM 79 FOR 16)
                   || p_signature);
END;

-- ---- invites of facilitators ----------------------------------------------------------------------

-- For one new person (names given, one use), or for a group: whoever has it names himself, until it
-- has been used as often as it may. Numbers are of the same sequence as those of invite.
CREATE TABLE review_invite (
    id            int8 PRIMARY KEY DEFAULT nextval('invite_id_seq'),
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    review        int8 NOT NULL REFERENCES review,
    role          int2 NOT NULL CHECK (role BETWEEN 1 AND 3),
    user_name     text COLLATE "C" CHECK (user_name IS NULL
                                          OR user_name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    display_name  text CHECK (display_name IS NULL OR char_length(display_name) BETWEEN 1 AND 64),
    uses          int2 NOT NULL CHECK (uses BETWEEN 1 AND 20),
    used          int2 NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
    created_us    int8 NOT NULL,
    expires_us    int8 NOT NULL CHECK (expires_us > created_us),
    by_usr        int8 NOT NULL REFERENCES usr,
    by_device     int8 NOT NULL REFERENCES device,
    act           int8 NOT NULL UNIQUE REFERENCES signed_act,
    revoked_us    int8,
    CHECK ((user_name IS NULL) = (display_name IS NULL)),
    CHECK ((user_name IS NULL) = (uses > 1)),
    CHECK (uses = 1 OR role > 1) -- nobody becomes facilitator by a line that many have
);
CREATE INDEX review_invite_open ON review_invite (review, expires_us) WHERE revoked_us IS NULL;
CREATE INDEX review_invite_by ON review_invite (by_usr, created_us);

CREATE TABLE review_invite_use (
    invite int8 NOT NULL REFERENCES review_invite,
    device int8 NOT NULL UNIQUE REFERENCES device,
    at_us  int8 NOT NULL,
    PRIMARY KEY (invite, device)
);

-- Does this person's part in the review let him invite (28) now? The caller holds the review's lock.
CREATE FUNCTION may_invite_into(p_review int8, p_usr int8) RETURNS bool LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM plm.review r JOIN plm.membership m ON m.review = r.id
                     JOIN plm.usr u ON u.id = m.usr
                     JOIN plm.perm p ON p.status = r.status AND p.role = m.role AND p.op = 28
                    WHERE r.id = p_review AND r.draft_of IS NULL AND m.usr = p_usr AND u.enabled);
END;

-- Why an invite with these names cannot be, or ''.
CREATE FUNCTION review_invite_conflict(p_user_name text) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE
        WHEN EXISTS (SELECT 1 FROM plm.usr u WHERE u.user_name = p_user_name)
            THEN format('%s is enrolled here already and needs no invite: add them to the review'
                        ' instead', p_user_name)
        WHEN EXISTS (SELECT 1 FROM plm.review_invite i
                      WHERE i.user_name = p_user_name AND i.used = 0 AND i.revoked_us IS NULL
                        AND i.expires_us > plm.now_us())
            THEN format('there is an open invite for %s; withdraw that one first', p_user_name)
        ELSE '' END;
END;

-- Event 0101. Empty names: for a group. code: 0, 21 no such review, 24 a bad value, 25 too many open
-- in this review, 28 a name or a nonce that is taken (see why), 40 no right, 41 the actor's access is
-- gone, 54 too many in an hour.
CREATE FUNCTION plimsoll_review_invite_add(
    p_secret_sha256 bytea, p_review int8, p_user_name text, p_display_name text, p_role int4,
    p_uses int4, p_minutes int4, p_by_usr int8, p_by_device int8, p_node int4, p_head bytea,
    p_seen bytea, p_signature bytea, p_spki bytea, p_open_max int4, p_hour_max int4,
    OUT code int4, OUT why text, OUT invite int8, OUT expires_us int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now int8 := now_us();
    v_group bool := p_uses > 1;
    v_act int8;
BEGIN
    code := 24; why := ''; invite := 0; expires_us := v_now + p_minutes * 60000000::int8;
    IF p_role NOT BETWEEN 1 AND 3 OR p_uses NOT BETWEEN 1 AND 20 OR (v_group AND p_role = 1)
       OR p_minutes NOT BETWEEN 1 AND (CASE WHEN v_group THEN 60 ELSE 10080 END)
       OR (NOT v_group AND p_user_name COLLATE "C" !~ '^[a-z0-9][a-z0-9._-]{0,63}$')
       OR (NOT v_group AND char_length(p_display_name) NOT BETWEEN 1 AND 64)
       OR (v_group AND p_user_name || p_display_name <> '') THEN
        RETURN;
    END IF;
    PERFORM 1 FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    PERFORM lock_organisation();
    code := CASE WHEN p_by_usr = 0 OR NOT actor_is_good(p_by_usr, p_by_device) THEN 41
                 WHEN NOT may_invite_into(p_review, p_by_usr) THEN 40
                 WHEN (SELECT count(*) FROM review_invite i
                        WHERE i.by_usr = p_by_usr AND i.created_us > v_now - 3600000000) >= p_hour_max
                     THEN 54
                 WHEN (SELECT count(*) FROM review_invite i
                        WHERE i.review = p_review AND i.revoked_us IS NULL AND i.used < i.uses
                          AND i.expires_us > v_now) >= p_open_max THEN 25
                 ELSE 0 END;
    IF code = 0 AND NOT v_group THEN
        why := review_invite_conflict(p_user_name);
        code := CASE WHEN why = '' THEN 0 ELSE 28 END;
    END IF;
    IF code <> 0 THEN
        RETURN;
    END IF;
    SELECT s.code, s.act INTO code, v_act
        FROM signed_act_add(1, p_review, p_by_usr, p_by_device, p_head, p_seen, p_signature, p_spki) s;
    IF code <> 0 THEN
        why := CASE code WHEN 28 THEN 'this statement was used before' ELSE '' END;
        RETURN;
    END IF;
    INSERT INTO review_invite AS i (secret_sha256, review, role, user_name, display_name, uses,
                                    created_us, expires_us, by_usr, by_device, act)
        VALUES (p_secret_sha256, p_review, p_role, nullif(p_user_name, ''),
                nullif(p_display_name, ''), p_uses, v_now, expires_us, p_by_usr, p_by_device, v_act)
        RETURNING i.id INTO invite;
    PERFORM audit_add(0, x'0101'::int4, p_by_usr, p_by_device, p_node, 8,
                      tlv(18, int2send(p_role::int2)) || tlv(21, int8send(invite))
                      || tlv(22, int2send(CASE WHEN v_group THEN 5 ELSE 1 END::int2))
                      || tlv(24, int8send(p_review)) || tlv(25, int2send(p_uses::int2))
                      || tlv(27, sha256(p_seen)) || tlv(28, int8send(expires_us))
                      || signed_tlv(p_head, p_signature, p_spki));
END $$;

-- Event 0103. By a facilitator of the review, whoever made it. One that is used up, over or withdrawn
-- already may be withdrawn. code: 0, 21 none of this review, 40 no right, 41 the actor's access is gone.
CREATE FUNCTION plimsoll_review_invite_revoke(p_review int8, p_invite int8, p_by_usr int8,
                                              p_by_device int8, p_node int4) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM 1 FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    PERFORM lock_organisation();
    IF NOT actor_is_good(p_by_usr, p_by_device) THEN
        RETURN 41;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM membership m
                    WHERE m.review = p_review AND m.usr = p_by_usr AND m.role = 1) THEN
        RETURN 40;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM review_invite i WHERE i.id = p_invite AND i.review = p_review) THEN
        RETURN 21;
    END IF;
    UPDATE review_invite SET revoked_us = now_us() WHERE id = p_invite AND revoked_us IS NULL;
    IF FOUND THEN
        PERFORM audit_add(0, x'0103'::int4, p_by_usr, p_by_device, p_node, 1,
                          tlv(21, int8send(p_invite)));
    END IF;
    RETURN 0;
END $$;

-- Withdraws what a person has open in a review (0: in all), because he lost the right to it. Event
-- 0103 by nobody. Redeeming judges again in any case: this is so that it does not come back to life
-- when he gets the right back.
CREATE FUNCTION review_invite_end(p_review int8, p_usr int8) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_id int8;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM review_invite i WHERE i.by_usr = p_usr AND i.revoked_us IS NULL
                      AND i.used < i.uses AND i.expires_us > now_us()) THEN
        RETURN;
    END IF;
    PERFORM lock_organisation();
    FOR v_id IN
        UPDATE review_invite i SET revoked_us = now_us()
         WHERE i.by_usr = p_usr AND (p_review = 0 OR i.review = p_review) AND i.revoked_us IS NULL
           AND i.used < i.uses AND i.expires_us > now_us() RETURNING i.id
    LOOP
        PERFORM audit_add(0, x'0103'::int4, 0, 0, 0, 1, tlv(21, int8send(v_id)));
    END LOOP;
END $$;

CREATE FUNCTION review_invite_lost_role() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM review_invite_end(OLD.review, OLD.usr);
    RETURN NULL;
END $$;
CREATE TRIGGER review_invite_lost_role AFTER UPDATE OF role ON membership
    FOR EACH ROW WHEN (OLD.role = 1 AND NEW.role <> 1) EXECUTE FUNCTION review_invite_lost_role();
CREATE TRIGGER review_invite_left AFTER DELETE ON membership
    FOR EACH ROW WHEN (OLD.role = 1) EXECUTE FUNCTION review_invite_lost_role();

CREATE FUNCTION review_invite_disabled() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM review_invite_end(0, OLD.id);
    RETURN NULL;
END $$;
CREATE TRIGGER review_invite_disabled AFTER UPDATE OF enabled ON usr
    FOR EACH ROW WHEN (OLD.enabled AND NOT NEW.enabled) EXECUTE FUNCTION review_invite_disabled();

-- ---- joining ------------------------------------------------------------------------------------

-- The person, device and part that an invite makes; events 0109, 0102, 0104, 0203. The caller holds
-- the locks and has judged the invite. code: 0, 24 a bad name, 25 the review is full, 28 the name is
-- taken: nothing is used up then.
CREATE FUNCTION redeem_review_invite(
    i review_invite, p_spki_sha256 bytea, p_name text, p_expires_us int8, p_node int4,
    p_user_name text, p_display_name text, OUT code int4, OUT why text, OUT device int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_usr int8;
    v_now int8 := now_us();
    v_name text := coalesce(i.user_name, p_user_name);
    v_display text := coalesce(i.display_name, p_display_name);
BEGIN
    code := 24; device := 0;
    why := 'a login name has small letters, digits, ''.'', ''_'', ''-'' and begins with a letter or'
           ' digit; the name to show has 1 to 64 characters';
    IF v_name COLLATE "C" !~ '^[a-z0-9][a-z0-9._-]{0,63}$'
       OR char_length(v_display) NOT BETWEEN 1 AND 64 THEN
        RETURN;
    END IF;
    IF (SELECT count(*) FROM membership m WHERE m.review = i.review) >= 200 THEN
        code := 25;
        why := 'the review has as many participants as it may';
        RETURN;
    END IF;
    INSERT INTO usr (user_name, display_name, created_us) VALUES (v_name, v_display, now_us())
        ON CONFLICT DO NOTHING RETURNING id INTO v_usr;
    IF NOT FOUND THEN
        code := 28;
        why := format('the login name %s is taken; ', v_name)
               || CASE WHEN i.uses > 1 THEN 'choose another' ELSE 'ask for another invite' END;
        RETURN;
    END IF;
    code := 0; why := '';
    INSERT INTO device (usr, spki_sha256, name, enrolled_us, expires_us)
        VALUES (v_usr, p_spki_sha256, p_name, v_now, p_expires_us) RETURNING id INTO device;
    INSERT INTO review_invite_use (invite, device, at_us) VALUES (i.id, device, v_now);
    UPDATE review_invite t SET used = t.used + 1 WHERE t.id = i.id;
    PERFORM audit_add(0, x'0109'::int4, i.by_usr, i.by_device, p_node, 2,
                      tlv(16, int8send(v_usr)) || tlv(21, int8send(i.id)));
    PERFORM audit_add(0, x'0102'::int4, v_usr, device, p_node, 2,
                      tlv(16, int8send(v_usr)) || tlv(21, int8send(i.id)));
    PERFORM audit_add(0, x'0104'::int4, v_usr, device, p_node, 3,
                      tlv(16, int8send(v_usr)) || tlv(17, int8send(device)) || tlv(23, p_spki_sha256));
    PERFORM member_write(i.review, v_usr, i.role, 0, 0, i.by_usr, i.by_device, p_node);
END $$;

-- The half of plimsoll_join for invites of facilitators.
CREATE FUNCTION join_review_invite(
    p_invite int8, p_spki_sha256 bytea, p_name text, p_expires_us int8, p_node int4,
    p_user_name text, p_display_name text,
    OUT code int4, OUT why text, OUT usr int8, OUT user_name text, OUT display_name text,
    OUT device int8, OUT review int8, OUT role int4, OUT expires_us int8, OUT again bool)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
DECLARE
    i review_invite;
    d device;
BEGIN
    code := 43; why := ''; usr := 0; user_name := ''; display_name := ''; device := 0; review := 0;
    role := 0; expires_us := 0; again := false;
    SELECT t.* INTO i FROM review_invite t WHERE t.id = p_invite;
    PERFORM 1 FROM review t WHERE t.id = i.review FOR NO KEY UPDATE;
    PERFORM lock_organisation();
    SELECT t.* INTO i FROM review_invite t WHERE t.id = p_invite;
    IF i.expires_us <= now_us() THEN
        RETURN;
    END IF;
    SELECT t.* INTO d FROM review_invite_use x JOIN device t ON t.id = x.device
        WHERE x.invite = i.id AND t.spki_sha256 = p_spki_sha256;
    again := FOUND;
    IF again AND NOT actor_is_good(d.usr, d.id) THEN
        RETURN;
    ELSIF NOT again THEN
        IF i.revoked_us IS NOT NULL OR i.used >= i.uses OR NOT may_invite_into(i.review, i.by_usr)
           OR NOT actor_is_good(i.by_usr, i.by_device)
           OR EXISTS (SELECT 1 FROM device t WHERE t.spki_sha256 = p_spki_sha256) THEN
            RETURN;
        END IF;
        SELECT r.code, r.why, r.device INTO code, why, device
            FROM redeem_review_invite(i, p_spki_sha256, p_name, p_expires_us, p_node, p_user_name,
                                      p_display_name) r;
        IF code <> 0 THEN
            RETURN;
        END IF;
        SELECT t.* INTO d FROM device t WHERE t.id = device;
    END IF;
    code := 0; device := d.id; expires_us := d.expires_us;
    SELECT u.id, u.user_name, u.display_name INTO usr, user_name, display_name
        FROM usr u WHERE u.id = d.usr;
    SELECT m.review, m.role INTO review, role FROM membership m
        WHERE m.review = i.review AND m.usr = d.usr;
    review := coalesce(review, 0); role := coalesce(role, 0);
END $$;

-- Any invite, by the hash of its secret. The same key again gives the same device as long as the
-- invite has not expired: the answer may have been lost. Names are only given for a group.
-- code: 0, 24 a bad name, 25 too many devices or participants, 28 the name is taken, 43 whatever is
-- wrong with the invite.
CREATE FUNCTION plimsoll_join(
    p_secret_sha256 bytea, p_spki_sha256 bytea, p_name text, p_expires_us int8, p_node int4,
    p_device_max int4, p_user_name text, p_display_name text,
    OUT code int4, OUT why text, OUT usr int8, OUT user_name text, OUT display_name text,
    OUT device int8, OUT review int8, OUT role int4, OUT expires_us int8, OUT again bool)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
DECLARE
    i review_invite;
BEGIN
    code := 43; why := ''; usr := 0; user_name := ''; display_name := ''; device := 0; review := 0;
    role := 0; expires_us := 0; again := false;
    SELECT t.* INTO i FROM review_invite t WHERE t.secret_sha256 = p_secret_sha256;
    IF p_user_name || p_display_name <> '' AND (i.uses = 1 OR (i.id IS NULL AND EXISTS (
           SELECT 1 FROM invite t WHERE t.secret_sha256 = p_secret_sha256))) THEN
        code := 24; why := 'this invite says who you are: give no name';
    ELSIF i.id IS NULL THEN
        SELECT r.code, '', r.usr, r.user_name, r.display_name, r.device, r.review, r.role,
               r.expires_us, r.again
          INTO code, why, usr, user_name, display_name, device, review, role, expires_us, again
          FROM plimsoll_redeem_invite(p_secret_sha256, p_spki_sha256, p_name, p_expires_us, p_node,
                                      p_device_max) r;
    ELSE
        SELECT r.* INTO code, why, usr, user_name, display_name, device, review, role, expires_us,
                        again
          FROM join_review_invite(i.id, p_spki_sha256, p_name, p_expires_us, p_node, p_user_name,
                                  p_display_name) r;
    END IF;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
