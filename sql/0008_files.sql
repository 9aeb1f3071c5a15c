-- SPDX-License-Identifier: Apache-2.0
-- Files of materials and evidence, in chunks of 16384 bytes (the last one may be shorter), so that no
-- file is ever whole in anyone's memory. What the document says of a file (name, size, SHA-256) is a
-- revision like any other; here are the bytes.
--
-- A file arrives (1), is checked against its SHA-256 (2), is shown by a revision (3), and is dropped
-- (4): replaced by another file of its entry, wrong, or never finished. The file of an entry that was
-- removed stays, since the entry may be restored. Dropped files are deleted by the sweep, in pieces.
--
-- Chunks are committed without waiting for the disk: after a crash of PostgreSQL fewer are held, which
-- FILE_READY then says. The commit that makes a file checked waits, and so for all before it.
SET LOCAL search_path = plm, pg_temp;

CREATE TABLE file (
    id           int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review       int8 NOT NULL REFERENCES review,
    entry_client int8 NOT NULL,
    entry_n      int8 NOT NULL CHECK (entry_n BETWEEN 0 AND 4294967295),
    usr          int8 NOT NULL REFERENCES usr,
    device       int8 NOT NULL REFERENCES device,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    media_type   text NOT NULL CHECK (char_length(media_type) <= 128),
    size         int8 NOT NULL CHECK (size BETWEEN 1 AND 1073741824),
    sha256       hash32 NOT NULL,
    held         int8 NOT NULL DEFAULT 0 CHECK (held BETWEEN 0 AND size),
    state        int2 NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4),
    rev          int8 NOT NULL DEFAULT 0 CHECK ((state = 3) <= (rev > 0)),
    created_us   int8 NOT NULL,
    touched_us   int8 NOT NULL
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX file_shown ON file (review, entry_client, entry_n) WHERE state = 3;
CREATE INDEX file_review ON file (review) WHERE state < 4;
CREATE INDEX file_unfinished ON file (usr) WHERE state = 1;
CREATE INDEX file_dropped ON file (id) WHERE state = 4;

CREATE TABLE file_chunk (
    file int8 NOT NULL REFERENCES file,
    no   int4 NOT NULL CHECK (no >= 0), -- begins at byte no * 16384
    body bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 16384),
    PRIMARY KEY (file, no)
);
ALTER TABLE file_chunk ALTER COLUMN body SET STORAGE EXTERNAL;

-- May this person do p_ops in this review now? 0, 40 no right, 41 access taken away. Nothing asked for
-- is refused as well. The caller holds the review's lock.
CREATE FUNCTION file_verdict(p_review int8, p_usr int8, p_device int8, p_ops int8) RETURNS int4
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
BEGIN
    IF p_usr = 0 OR NOT actor_is_good(p_usr, p_device) THEN
        RETURN 41;
    END IF;
    IF p_ops <> 0 AND EXISTS (SELECT 1 FROM review r
            JOIN membership m ON m.review = r.id AND m.usr = p_usr
            JOIN perm_mask p ON p.status = r.status AND p.role = m.role
            WHERE r.id = p_review AND p_ops & ~p.ops = 0) THEN
        RETURN 0;
    END IF;
    RETURN 40;
END $$;

-- Room for one more unfinished file: true, maybe after dropping the one that was left alone longest,
-- if that was over a minute. Never one that is checked: a revision may show it already.
CREATE FUNCTION file_make_room(p_usr int8, p_device int8, p_max int4) RETURNS bool
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM file WHERE usr = p_usr AND state = 1
            AND (p_device = 0 OR device = p_device)) < p_max THEN
        RETURN true;
    END IF;
    UPDATE file SET state = 4 WHERE id = (SELECT id FROM file WHERE usr = p_usr AND state = 1
        AND (p_device = 0 OR device = p_device) AND touched_us < now_us() - 60000000
        ORDER BY touched_us LIMIT 1);
    RETURN FOUND;
END $$;

-- Begins an upload, or finds the same one (person, entry, content) again: held is where it goes on.
-- Quotas count what was announced. code: 0, 21 no such review, 25 the review's quota, 32 the
-- organisation's, 33 too many uploads, 40 no right, 41 access taken away.
CREATE FUNCTION plimsoll_file_put(
    p_review int8, p_client int8, p_n int8, p_usr int8, p_device int8, p_ops int8, p_name text,
    p_media_type text, p_size int8, p_sha256 bytea, l_review int8, l_organisation int8, l_user int4,
    l_device int4, OUT code int4, OUT file int8, OUT held int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_now int8 := now_us();
BEGIN
    file := 0; held := 0;
    -- one at a time in the whole organisation, so that quotas hold
    PERFORM pg_advisory_xact_lock(x'504d000000000001'::int8);
    PERFORM 1 FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    code := file_verdict(p_review, p_usr, p_device, p_ops);
    IF code <> 0 THEN
        RETURN;
    END IF;
    UPDATE file f SET touched_us = v_now, device = p_device,
            name = CASE WHEN f.state = 1 THEN p_name ELSE f.name END,
            media_type = CASE WHEN f.state = 1 THEN p_media_type ELSE f.media_type END
        WHERE f.id = (SELECT t.id FROM file t WHERE t.review = p_review AND t.state < 4
            AND t.entry_client = p_client AND t.entry_n = p_n AND t.usr = p_usr AND t.size = p_size
            AND t.sha256 = p_sha256 ORDER BY t.state DESC, t.held DESC LIMIT 1)
        RETURNING f.id, f.held INTO file, held;
    IF FOUND THEN
        RETURN;
    END IF;
    file := 0; held := 0;
    IF NOT file_make_room(p_usr, 0, l_user) OR NOT file_make_room(p_usr, p_device, l_device) THEN
        code := 33;
    ELSIF (SELECT coalesce(sum(t.size), 0) FROM file t WHERE t.review = p_review AND t.state < 4)
            + p_size > l_review THEN
        code := 25;
    ELSIF (SELECT coalesce(sum(t.size), 0) FROM file t WHERE t.state < 4) + p_size > l_organisation
    THEN
        code := 32;
    ELSE
        INSERT INTO file AS f (review, entry_client, entry_n, usr, device, name, media_type, size,
                               sha256, created_us, touched_us)
            VALUES (p_review, p_client, p_n, p_usr, p_device, p_name, p_media_type, p_size,
                    p_sha256, v_now, v_now) RETURNING f.id INTO file;
    END IF;
END $$;

-- The next chunk. One that is held already is passed over. code: 0, 16 not the next one, or nothing
-- more is wanted, 21 no such upload of this person, 24 not 16384 bytes although not the last, or
-- beyond the size.
CREATE FUNCTION plimsoll_file_chunk(p_file int8, p_usr int8, p_offset int8, p_body bytea,
                                    OUT code int4, OUT held int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_n int4 := octet_length(p_body);
    f file;
BEGIN
    code := 0;
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE file t SET held = t.held + v_n, touched_us = now_us()
        WHERE t.id = p_file AND t.usr = p_usr AND t.state = 1 AND t.held = p_offset
          AND (v_n = 16384 OR p_offset + v_n = t.size) AND v_n > 0 AND v_n <= t.size - p_offset
        RETURNING t.held INTO held;
    IF FOUND THEN
        INSERT INTO file_chunk (file, no, body) VALUES (p_file, (p_offset / 16384)::int4, p_body);
        RETURN;
    END IF;
    held := 0;
    SELECT t.* INTO f FROM file t WHERE t.id = p_file AND t.usr = p_usr AND t.state < 4;
    IF NOT FOUND THEN
        code := 21;
        RETURN;
    END IF;
    held := f.held;
    IF p_offset >= 0 AND p_offset < f.held AND v_n <= f.held - p_offset THEN
        code := 0;
    ELSIF p_offset <> f.held OR f.state <> 1 THEN
        code := 16;
    ELSE
        code := 24;
    END IF;
END $$;

-- What the server found when it had read the whole file: it is what was announced, or it is dropped.
-- 0, or 21: no such file that is complete.
CREATE FUNCTION plimsoll_file_checked(p_file int8, p_usr int8, p_good bool) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    UPDATE file SET state = CASE WHEN p_good THEN 2 ELSE 4 END, touched_us = now_us()
        WHERE id = p_file AND usr = p_usr AND state < 3 AND (held = size OR NOT p_good);
    RETURN CASE WHEN FOUND THEN 0 ELSE 21 END;
END $$;

-- Revision p_rev shows this file; p_rev 0: none does, it is dropped. The newest revision wins whatever
-- the order of the calls. 0, or 21.
CREATE FUNCTION plimsoll_file_show(p_file int8, p_rev int8) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    f file;
    v_newer bool;
BEGIN
    SELECT t.* INTO f FROM file t WHERE t.id = p_file;
    IF NOT FOUND THEN
        RETURN 21;
    END IF;
    PERFORM 1 FROM review r WHERE r.id = f.review FOR NO KEY UPDATE;
    IF p_rev = 0 THEN
        UPDATE file SET state = 4 WHERE id = p_file AND state = 2;
        RETURN 0;
    END IF;
    v_newer := EXISTS (SELECT 1 FROM file t WHERE t.review = f.review AND t.id <> p_file
        AND t.entry_client = f.entry_client AND t.entry_n = f.entry_n AND t.state = 3
        AND t.rev > p_rev);
    UPDATE file t SET state = 4 WHERE t.review = f.review AND t.id <> p_file AND NOT v_newer
        AND t.entry_client = f.entry_client AND t.entry_n = f.entry_n AND t.state = 3;
    UPDATE file t SET state = CASE WHEN v_newer THEN 4 ELSE 3 END, rev = p_rev
        WHERE t.id = p_file AND t.state = 2;
    RETURN 0;
END $$;

-- Drops what nobody went on with for p_expire_us, and deletes up to p_chunks chunks of dropped files.
-- stale: a checked file whose revision nobody has heard of for p_stale_us, or 0.
CREATE FUNCTION plimsoll_file_sweep(p_expire_us int8, p_stale_us int8, p_chunks int4,
                                    OUT expired int4, OUT chunks int4, OUT stale int8)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE file SET state = 4 WHERE state = 1 AND touched_us < now_us() - p_expire_us;
    GET DIAGNOSTICS expired = ROW_COUNT;
    DELETE FROM file_chunk WHERE ctid = ANY (ARRAY(
        SELECT c.ctid FROM file f JOIN file_chunk c ON c.file = f.id WHERE f.state = 4
        LIMIT p_chunks FOR UPDATE OF c SKIP LOCKED));
    GET DIAGNOSTICS chunks = ROW_COUNT;
    IF chunks = 0 THEN
        DELETE FROM file f WHERE f.state = 4
            AND NOT EXISTS (SELECT 1 FROM file_chunk c WHERE c.file = f.id);
    END IF;
    UPDATE file t SET touched_us = now_us() -- the others have their turn before it comes again
        WHERE t.id = (SELECT f.id FROM file f
            WHERE f.state = 2 AND f.touched_us < now_us() - p_stale_us ORDER BY f.touched_us LIMIT 1)
        RETURNING t.id INTO stale;
    stale := coalesce(stale, 0);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
