-- SPDX-License-Identifier: Apache-2.0
-- Users, invites, devices, server processes. Changes are serialised by the lock of stream 0, which
-- their audit events need anyway; locks of reviews, where needed, are taken before it and in order
-- of id. Fields of the events: 16 user, 17 device, 18 role, 21 invite, 22 its kind, 23 SHA-256 of the
-- key, 24 review.
SET LOCAL search_path = plm, pg_temp;

CREATE FUNCTION lock_organisation() RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM 1 FROM stream WHERE id = 0 FOR NO KEY UPDATE;
END $$;

-- Locks every review that a person takes part in: no append of his is half way through afterwards.
-- And one more that he is to take part in; either may be null.
CREATE FUNCTION lock_reviews_of(p_usr int8, p_review int8 = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM 1 FROM review
        WHERE id = p_review OR id IN (SELECT review FROM membership WHERE usr = p_usr)
        ORDER BY id FOR NO KEY UPDATE;
END $$;

-- ---- users --------------------------------------------------------------------------------------

-- Event 0109. code: 0, 24 bad name, 28 name taken.
CREATE FUNCTION plimsoll_user_add(p_user_name text, p_display_name text, p_node int4,
                                  OUT code int4, OUT usr int8, OUT created_us int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
#variable_conflict use_column
BEGIN
    code := 0; usr := 0; created_us := now_us();
    IF p_user_name COLLATE "C" !~ '^[a-z0-9][a-z0-9._-]{0,63}$'
       OR char_length(p_display_name) NOT BETWEEN 1 AND 64 THEN
        code := 24;
        RETURN;
    END IF;
    PERFORM lock_organisation();
    INSERT INTO usr (user_name, display_name, created_us)
        VALUES (p_user_name, p_display_name, now_us())
        ON CONFLICT DO NOTHING RETURNING id, created_us INTO usr, created_us;
    IF NOT FOUND THEN
        code := 28;
        usr := 0;
        RETURN;
    END IF;
    PERFORM audit_add(0, x'0109'::int4, 0, 0, p_node, 1, tlv(16, int8send(usr)));
END $$;

-- Events 0107 enabled, 0108 disabled. code: 0, 21 no such user.
CREATE FUNCTION plimsoll_user_enable(p_usr int8, p_enabled bool, p_node int4) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM lock_reviews_of(p_usr);
    PERFORM lock_organisation();
    IF NOT EXISTS (SELECT 1 FROM usr WHERE id = p_usr) THEN
        RETURN 21;
    END IF;
    UPDATE usr SET enabled = p_enabled WHERE id = p_usr AND enabled <> p_enabled;
    IF FOUND THEN
        PERFORM audit_add(0, CASE WHEN p_enabled THEN x'0107'::int4 ELSE x'0108'::int4 END, 0, 0,
                          p_node, 1, tlv(16, int8send(p_usr)));
        PERFORM notify_rights(0, p_usr);
    END IF;
    RETURN 0;
END $$;

-- ---- devices ------------------------------------------------------------------------------------

-- Event 0106. code: 0, 21 no such device, 40 it is somebody else's, 41 the actor's access is gone.
CREATE FUNCTION plimsoll_device_revoke(p_device int8, p_by_usr int8, p_by_device int8, p_node int4)
RETURNS int4 LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_usr int8;
BEGIN
    SELECT usr INTO v_usr FROM device WHERE id = p_device;
    IF NOT FOUND THEN
        RETURN 21;
    END IF;
    IF p_by_usr <> 0 AND p_by_usr <> v_usr THEN
        RETURN 40;
    END IF;
    PERFORM lock_reviews_of(v_usr);
    PERFORM lock_organisation();
    IF NOT actor_is_good(p_by_usr, p_by_device) THEN
        RETURN 41;
    END IF;
    PERFORM device_revoke_write(p_device, v_usr, p_by_usr, p_by_device, p_node);
    RETURN 0;
END $$;

CREATE FUNCTION device_revoke_write(p_device int8, p_usr int8, p_by_usr int8, p_by_device int8,
                                    p_node int4) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    UPDATE device SET revoked_us = now_us() WHERE id = p_device AND revoked_us IS NULL;
    IF FOUND THEN
        PERFORM audit_add(0, x'0106'::int4, p_by_usr, p_by_device, p_node, 2,
                          tlv(16, int8send(p_usr)) || tlv(17, int8send(p_device)));
        PERFORM notify_rights(p_device, p_usr);
    END IF;
END $$;

-- ---- invites ------------------------------------------------------------------------------------

-- Who may make this invite, which enrols a device of a person who exists: the operator any; anybody
-- one for a further device of his own. Nobody else: whoever redeems such an invite becomes that
-- person. Facilitators add people who exist (plimsoll_member_set). The same is asked again when the
-- invite is redeemed.
CREATE FUNCTION may_invite(p_by_usr int8, p_kind int4, p_usr int8, p_review int8) RETURNS bool
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p_by_usr = 0
        OR (p_kind = 2 AND p_review = 0 AND p_by_usr = p_usr
            AND EXISTS (SELECT 1 FROM plm.usr WHERE id = p_by_usr AND enabled));
END;

-- Event 0101. p_review 0: none. code: 0, 21 no such user or review (a private draft is none), 24 a bad
-- value, 25 too many open, 40 no right.
CREATE FUNCTION plimsoll_invite_add(
    p_secret_sha256 bytea, p_kind int4, p_usr int8, p_review int8, p_role int4, p_expires_us int8,
    p_by_usr int8, p_by_device int8, p_node int4, p_open_max int4, OUT code int4, OUT invite int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
BEGIN
    code := 0; invite := 0;
    IF p_kind NOT BETWEEN 1 AND 4 OR (p_review = 0) <> (p_role = 0) OR p_role NOT BETWEEN 0 AND 3
       OR octet_length(p_secret_sha256) <> 32 OR p_expires_us <= v_now THEN
        code := 24;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM usr u WHERE u.id = p_usr AND u.enabled)
       OR (p_review <> 0 AND NOT EXISTS (SELECT 1 FROM review r WHERE r.id = p_review
                                                                   AND r.draft_of IS NULL)) THEN
        code := 21;
        RETURN;
    END IF;
    PERFORM lock_organisation();
    IF NOT actor_is_good(p_by_usr, p_by_device)
       OR NOT may_invite(p_by_usr, p_kind, p_usr, p_review) THEN
        code := 40;
        RETURN;
    END IF;
    IF (SELECT count(*) FROM invite i WHERE i.used_us IS NULL AND i.revoked_us IS NULL
                                        AND i.expires_us > v_now) >= p_open_max THEN
        code := 25;
        RETURN;
    END IF;
    INSERT INTO invite AS i (secret_sha256, kind, usr, review, role, created_us, expires_us, by_usr)
        VALUES (p_secret_sha256, p_kind, p_usr, nullif(p_review, 0), nullif(p_role, 0), v_now,
                p_expires_us, nullif(p_by_usr, 0))
        RETURNING i.id INTO invite;
    PERFORM audit_add(0, x'0101'::int4, p_by_usr, p_by_device, p_node, 5,
                      tlv(16, int8send(p_usr)) || tlv(18, int2send(p_role::int2))
                      || tlv(21, int8send(invite)) || tlv(22, int2send(p_kind::int2))
                      || tlv(24, int8send(p_review)));
END $$;

-- Event 0103. code: 0, 21 unknown or used, 40 somebody else's.
CREATE FUNCTION plimsoll_invite_revoke(p_invite int8, p_by_usr int8, p_by_device int8, p_node int4)
RETURNS int4 LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_by int8;
BEGIN
    PERFORM lock_organisation();
    SELECT coalesce(by_usr, 0) INTO v_by FROM invite
        WHERE id = p_invite AND used_us IS NULL AND revoked_us IS NULL;
    IF NOT FOUND THEN
        RETURN 21;
    END IF;
    IF NOT actor_is_good(p_by_usr, p_by_device) OR (p_by_usr <> 0 AND p_by_usr <> v_by) THEN
        RETURN 40;
    END IF;
    UPDATE invite SET revoked_us = now_us() WHERE id = p_invite;
    PERFORM audit_add(0, x'0103'::int4, p_by_usr, p_by_device, p_node, 1,
                      tlv(21, int8send(p_invite)));
    RETURN 0;
END $$;

-- Uses an invite up: device, membership, events 0102 redeemed and 0104 enrolled, in one transaction.
-- The same key again before the invite expires gives the same device (again true): the answer may
-- have been lost. code: 0, 43 whatever is wrong with it, 25 the user has too many devices.
CREATE FUNCTION plimsoll_redeem_invite(
    p_secret_sha256 bytea, p_spki_sha256 bytea, p_name text, p_expires_us int8, p_node int4,
    p_device_max int4, OUT code int4, OUT usr int8, OUT user_name text, OUT display_name text,
    OUT device int8, OUT review int8, OUT role int4, OUT expires_us int8, OUT again bool)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    i invite;
    u usr;
    d device;
    v_now int8 := now_us();
BEGIN
    code := 43; usr := 0; user_name := ''; display_name := ''; device := 0; review := 0; role := 0;
    expires_us := 0; again := false;
    SELECT t.* INTO i FROM invite t WHERE t.secret_sha256 = p_secret_sha256;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM lock_reviews_of(CASE WHEN i.kind = 3 THEN i.usr END, i.review);
    PERFORM lock_organisation();
    SELECT t.* INTO i FROM invite t WHERE t.id = i.id;
    SELECT t.* INTO u FROM usr t WHERE t.id = i.usr;
    IF i.revoked_us IS NOT NULL OR i.expires_us <= v_now OR NOT u.enabled THEN
        RETURN;
    END IF;
    IF i.used_us IS NOT NULL THEN
        SELECT t.* INTO d FROM device t WHERE t.id = i.used_device
            AND t.spki_sha256 = p_spki_sha256 AND t.revoked_us IS NULL;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        again := true;
    ELSE
        IF NOT may_invite(coalesce(i.by_usr, 0), i.kind, i.usr, coalesce(i.review, 0))
           OR (i.kind = 4 AND EXISTS (SELECT 1 FROM device))
           OR EXISTS (SELECT 1 FROM device t WHERE t.spki_sha256 = p_spki_sha256) THEN
            RETURN;
        END IF;
        IF i.kind <> 3 AND (SELECT count(*) FROM device t WHERE t.usr = i.usr
                                                            AND t.revoked_us IS NULL) >= p_device_max
        THEN
            code := 25;
            RETURN;
        END IF;
        d := redeem_write(i, p_spki_sha256, p_name, p_expires_us, p_node);
    END IF;
    code := 0; usr := u.id; user_name := u.user_name; display_name := u.display_name;
    device := d.id; expires_us := d.expires_us;
    -- the role that he has, which need not be the invite's (any more); none if he takes no part
    SELECT m.review, m.role INTO review, role FROM membership m
        WHERE m.review = i.review AND m.usr = i.usr;
    review := coalesce(review, 0); role := coalesce(role, 0);
END $$;

CREATE FUNCTION redeem_write(i invite, p_spki_sha256 bytea, p_name text, p_expires_us int8,
                             p_node int4) RETURNS device
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    d device;
BEGIN
    IF i.kind = 3 THEN
        PERFORM device_revoke_write(t.id, i.usr, 0, 0, p_node)
            FROM device t WHERE t.usr = i.usr AND t.revoked_us IS NULL;
    END IF;
    INSERT INTO device (usr, spki_sha256, name, enrolled_us, expires_us)
        VALUES (i.usr, p_spki_sha256, p_name, now_us(), p_expires_us) RETURNING * INTO d;
    UPDATE invite SET used_us = d.enrolled_us, used_device = d.id WHERE id = i.id;
    PERFORM audit_add(0, x'0102'::int4, i.usr, d.id, p_node, 2,
                      tlv(16, int8send(i.usr)) || tlv(21, int8send(i.id)));
    PERFORM audit_add(0, x'0104'::int4, i.usr, d.id, p_node, 3,
                      tlv(16, int8send(i.usr)) || tlv(17, int8send(d.id))
                      || tlv(23, p_spki_sha256));
    IF i.review IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM membership t WHERE t.review = i.review AND t.usr = i.usr)
       AND (SELECT count(*) FROM membership t WHERE t.review = i.review) < 200
       AND NOT (i.role = 1 AND is_involved(i.review, i.usr)) THEN
        PERFORM member_write(i.review, i.usr, i.role, 0, 0, coalesce(i.by_usr, 0), 0, p_node);
    END IF;
    RETURN d;
END $$;

-- ---- server processes ---------------------------------------------------------------------------

-- A sign of life. p_id 0: registers, and tells the others. `others`: how many more there are now.
CREATE FUNCTION plimsoll_node_beat(p_id int4, OUT id int4, OUT others int4)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
BEGIN
    id := p_id;
    UPDATE node n SET seen_us = v_now WHERE n.id = p_id;
    IF NOT FOUND THEN
        IF p_id = 0 THEN
            INSERT INTO node AS n (started_us, seen_us) VALUES (v_now, v_now)
                RETURNING n.id INTO id;
        ELSE
            INSERT INTO node (id, started_us, seen_us) OVERRIDING SYSTEM VALUE
                VALUES (p_id, v_now, v_now);
        END IF;
        DELETE FROM node n WHERE n.seen_us < v_now - 86400000000;
        PERFORM pg_notify('plimsoll', format('n %s', id));
    END IF;
    SELECT count(*) INTO others FROM node n WHERE n.id <> plimsoll_node_beat.id
        AND n.seen_us > v_now - 10000000;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
