-- SPDX-License-Identifier: Apache-2.0
-- The hash tree over all audit events (RFC 6962): every event waits in log_pending until the sealer
-- (server/audit/sealer.c) gives it a place. What has a place keeps it; checkpoints sign the whole.
--
-- A full tile of 256 hashes is kept as its root alone, which is at the same time one hash of the level
-- above: level 0 are the leaf hashes, hash n of level L is the root of tile n of level L - 1. Partial
-- tiles follow from that for each size, so none are kept.
SET LOCAL search_path = plm, pg_temp;

-- One tree per epoch. A new one begins only by the operator's hand, after a failover that lost commits.
CREATE TABLE log_epoch (
    epoch      int4 PRIMARY KEY CHECK (epoch > 0),
    origin     text NOT NULL,
    vkey       text NOT NULL, -- of the signed notes
    started_us int8 NOT NULL,
    old_size   int8,          -- of the last checkpoint of the epoch before
    old_root   hash32,
    common     int8,          -- so many leaves are the same in both
    reason     text
);

-- Events without a place. Who writes an event holds its stream's row, and the sequence has no cache, so
-- inside a stream the ids are in the order of the events.
CREATE TABLE log_pending (
    id        int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review    int8 NOT NULL,
    rseq      int8 NOT NULL,
    leaf_hash hash32 NOT NULL
);

CREATE TABLE log_leaf (
    epoch     int4 NOT NULL,
    idx       count8 NOT NULL,
    review    int8 NOT NULL,
    rseq      int8 NOT NULL,
    leaf_hash hash32 NOT NULL,
    PRIMARY KEY (epoch, idx),
    UNIQUE (epoch, review, rseq)
);

CREATE TABLE log_tile (
    epoch int4 NOT NULL,
    lvl   int4 NOT NULL,
    n     count8 NOT NULL,
    root  hash32 NOT NULL,
    PRIMARY KEY (epoch, lvl, n)
);

CREATE TABLE log_checkpoint (
    epoch int4 NOT NULL,
    size  int8 NOT NULL CHECK (size > 0),
    root  hash32 NOT NULL,
    note  text NOT NULL,
    at_us int8 NOT NULL,
    PRIMARY KEY (epoch, size) -- two sealers cannot publish two roots for one size
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['log_epoch', 'log_leaf', 'log_tile', 'log_checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION append_only()', t);
        EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION append_only()', t);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', t);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_all', t);
    END LOOP;
END $$;

CREATE FUNCTION log_enqueue() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER -- who writes events queues no others than these
AS $$
BEGIN
    INSERT INTO plm.log_pending (review, rseq, leaf_hash)
        VALUES (NEW.review, NEW.rseq, NEW.leaf_hash);
    RETURN NULL;
END $$;
CREATE TRIGGER log_enqueue AFTER INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION log_enqueue();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER log_enqueue;
INSERT INTO log_pending (review, rseq, leaf_hash)
    SELECT review, rseq, leaf_hash FROM audit_event ORDER BY at_us, review, rseq;

-- One sealer at a time works on the tree.
CREATE FUNCTION log_turn() RETURNS bool LANGUAGE sql VOLATILE
RETURN pg_try_advisory_xact_lock(x'504c0000006c6f67'::int8);

-- How things stand; epoch 0: no tree yet. lag_us: age of the oldest event that no checkpoint covers.
CREATE FUNCTION log_state(OUT epoch int4, OUT origin text, OUT vkey text, OUT size int8,
                          OUT sealed int8, OUT root bytea, OUT note text, OUT lag_us int8)
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
DECLARE
    v_us int8;
BEGIN
    SELECT e.epoch, e.origin, e.vkey INTO epoch, origin, vkey
        FROM log_epoch e ORDER BY e.epoch DESC LIMIT 1;
    epoch := coalesce(epoch, 0);
    origin := coalesce(origin, '');
    vkey := coalesce(vkey, '');
    SELECT l.idx + 1 INTO size FROM log_leaf l WHERE l.epoch = log_state.epoch
        ORDER BY l.idx DESC LIMIT 1;
    size := coalesce(size, 0);
    SELECT c.size, c.root, c.note INTO sealed, root, note
        FROM log_checkpoint c WHERE c.epoch = log_state.epoch ORDER BY c.size DESC LIMIT 1;
    sealed := coalesce(sealed, 0);
    note := coalesce(note, '');
    SELECT e.at_us INTO v_us FROM log_leaf l JOIN audit_event e USING (review, rseq)
        WHERE l.epoch = log_state.epoch AND l.idx = sealed;
    IF NOT FOUND THEN
        SELECT e.at_us INTO v_us
            FROM (SELECT p.review, p.rseq FROM log_pending p ORDER BY p.id LIMIT 1) p
            JOIN audit_event e USING (review, rseq);
    END IF;
    lag_us := CASE WHEN v_us IS NULL THEN 0 ELSE greatest(now_us() - v_us, 1) END;
END $$;

-- Has nothing been sealed for five minutes? Then acts that need a signature should not be taken: who
-- looks into the log later could not rely on it.
CREATE FUNCTION log_is_late() RETURNS bool
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
BEGIN
    RETURN (SELECT s.lag_us > 300000000 FROM log_state() s);
END $$;

-- The first epoch, and event 0703: a key is added. Fields 61: the number of the epoch, 62: the key.
CREATE FUNCTION log_begin(p_origin text, p_vkey text, p_key bytea) RETURNS bool
LANGUAGE plpgsql VOLATILE SECURITY DEFINER -- a sealer writes no other event
SET search_path = plm, pg_temp AS $$
BEGIN
    IF NOT log_turn() OR EXISTS (SELECT 1 FROM log_epoch) THEN
        RETURN false;
    END IF;
    INSERT INTO log_epoch (epoch, origin, vkey, started_us) VALUES (1, p_origin, p_vkey, now_us());
    PERFORM audit_add(0, x'0703'::int4, 0, 0, 0, 2, tlv(61, int4send(1)) || tlv(62, p_key));
    RETURN true;
END $$;

-- The hashes at the right edge of the tree of so many leaves, from which its root follows: of each
-- level what does not fill a tile.
CREATE FUNCTION log_edge(p_epoch int4, p_size int8) RETURNS TABLE (lvl int4, n int8, hash bytea)
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
DECLARE
    v_n int8 := p_size;
BEGIN
    RETURN QUERY SELECT 0, l.idx::int8, l.leaf_hash::bytea FROM log_leaf l
        WHERE l.epoch = p_epoch AND l.idx >= (p_size & -256) AND l.idx < p_size ORDER BY l.idx;
    FOR i IN 0 .. 6 LOOP
        v_n := v_n >> 8;
        RETURN QUERY SELECT i + 1, t.n::int8, t.root::bytea FROM log_tile t
            WHERE t.epoch = p_epoch AND t.lvl = i AND t.n >= (v_n & -256) AND t.n < v_n
            ORDER BY t.n;
    END LOOP;
END $$;

-- `count` hashes of a level from `first` on, one behind the other.
CREATE FUNCTION log_hashes(p_epoch int4, p_lvl int4, p_first int8, p_count int4) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
BEGIN
    IF p_lvl = 0 THEN
        RETURN (SELECT coalesce(string_agg(leaf_hash, ''::bytea ORDER BY idx), '') FROM log_leaf
                 WHERE epoch = p_epoch AND idx >= p_first AND idx < p_first + p_count);
    END IF;
    RETURN (SELECT coalesce(string_agg(root, ''::bytea ORDER BY n), '') FROM log_tile
             WHERE epoch = p_epoch AND lvl = p_lvl - 1 AND n >= p_first AND n < p_first + p_count);
END $$;

-- The next events that have no place; prev: the hash of the event before in its stream, if that has one.
CREATE FUNCTION log_look(p_epoch int4, p_limit int4)
RETURNS TABLE (id int8, review int8, rseq int8, leaf_hash bytea, leaf bytea, prev bytea)
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.id, p.review, p.rseq, p.leaf_hash::bytea, e.leaf::bytea, s.leaf_hash::bytea
        FROM (SELECT * FROM log_pending t ORDER BY t.id LIMIT p_limit) p
        LEFT JOIN audit_event e ON e.review = p.review AND e.rseq = p.rseq
        LEFT JOIN log_leaf s ON s.epoch = p_epoch AND s.review = p.review AND s.rseq = p.rseq - 1
        ORDER BY p.id;
END $$;

-- Gives these events their places, from p_base on, in the order of their ids, and keeps the tiles that
-- are full by them. 0 done, 1 another sealer is at work, 2 the tree is another one than thought.
CREATE FUNCTION log_take(p_epoch int4, p_base int8, p_ids int8[], p_lvl int4[], p_n int8[],
                         p_root bytea[]) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_count int8;
BEGIN
    IF NOT log_turn() THEN
        RETURN 1;
    END IF;
    IF p_epoch <> (SELECT max(epoch) FROM log_epoch)
       OR p_base <> coalesce((SELECT max(idx) + 1 FROM log_leaf WHERE epoch = p_epoch), 0) THEN
        RETURN 2;
    END IF;
    WITH gone AS (DELETE FROM log_pending WHERE id = ANY (p_ids)
                  RETURNING id, review, rseq, leaf_hash)
    INSERT INTO log_leaf (epoch, idx, review, rseq, leaf_hash)
        SELECT p_epoch, p_base + row_number() OVER (ORDER BY id) - 1, review, rseq, leaf_hash
          FROM gone;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> cardinality(p_ids) THEN
        RAISE EXCEPTION 'pending events are gone' USING ERRCODE = 'PL002';
    END IF;
    INSERT INTO log_tile (epoch, lvl, n, root)
        SELECT p_epoch, t.lvl, t.n, t.root FROM unnest(p_lvl, p_n, p_root) AS t (lvl, n, root);
    RETURN 0;
END $$;

-- Publishes a checkpoint. 0 done, or there already with this root; 1 another root is there.
CREATE FUNCTION log_publish(p_epoch int4, p_size int8, p_root bytea, p_note text) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    INSERT INTO log_checkpoint (epoch, size, root, note, at_us)
        VALUES (p_epoch, p_size, p_root, p_note, now_us()) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM pg_notify('plimsoll', 's ' || p_epoch || ' ' || p_size);
        RETURN 0;
    END IF;
    RETURN (SELECT CASE WHEN root = p_root THEN 0 ELSE 1 END FROM log_checkpoint
             WHERE epoch = p_epoch AND size = p_size);
END $$;

-- A new tree: its first leaf says what became of the old one (event 0702; fields 47 size and 48 root
-- of the old epoch's last checkpoint, 49 leaves that both have, 50 reason), then come the leaves that
-- both have, in their order, then all other events. 0 done, 1 a sealer is at work, 2 not the next epoch.
CREATE FUNCTION log_epoch_new(p_epoch int4, p_origin text, p_vkey text, p_old_size int8,
                              p_old_root bytea, p_common int8, p_code int4, p_reason text)
RETURNS int4 LANGUAGE plpgsql VOLATILE SECURITY DEFINER -- it alone fills log_pending anew
SET search_path = plm, pg_temp AS $$
DECLARE
    v_rseq int8;
BEGIN
    IF NOT log_turn() THEN
        RETURN 1;
    END IF;
    IF p_epoch <> coalesce((SELECT max(epoch) FROM log_epoch), 0) + 1 THEN
        RETURN 2;
    END IF;
    LOCK TABLE audit_event IN SHARE ROW EXCLUSIVE MODE; -- no event may slip between
    SELECT next_seq INTO v_rseq FROM stream WHERE id = 0;
    PERFORM audit_add(0, x'0702'::int4, 0, 0, 0, 4,
                      tlv(47, int8send(p_old_size)) || tlv(48, p_old_root)
                      || tlv(49, int8send(p_common)) || tlv(50, int2send(p_code::int2)));
    DELETE FROM log_pending;
    INSERT INTO log_pending (review, rseq, leaf_hash)
        SELECT e.review, e.rseq, e.leaf_hash
          FROM audit_event e LEFT JOIN log_leaf l
            ON l.epoch = p_epoch - 1 AND l.review = e.review AND l.rseq = e.rseq AND l.idx < p_common
         ORDER BY (e.review = 0 AND e.rseq = v_rseq) DESC, l.idx NULLS LAST, e.at_us, e.review, e.rseq;
    INSERT INTO log_epoch VALUES (p_epoch, p_origin, p_vkey, now_us(), p_old_size, p_old_root,
                                  p_common, p_reason);
    RETURN 0;
END $$;

-- Event 0606: the log was exported by the operator. Fields 63: up to which size, 64: 1 with texts.
CREATE FUNCTION log_exported(p_size int8, p_texts bool) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    PERFORM audit_add(0, x'0606'::int4, 0, 0, 0, 2,
                      tlv(63, int8send(p_size)) || tlv(64, int2send(p_texts::int4::int2)));
END $$;

-- What a batch did beyond editing texts (server/room/oplog_events.c): each with its kind, and its fields
-- but the first, the revision that did it. p_ arrays as in plimsoll_append.
CREATE FUNCTION audit_derived(p_review int8, p_expect int8, p_node int4, p_usr int8[], p_device int8[],
                              p_events jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v jsonb;
    v_ord int4;
BEGIN
    FOR v IN SELECT * FROM jsonb_array_elements(p_events) LOOP
        v_ord := (v ->> 'ord')::int4;
        PERFORM audit_add(p_review, (v ->> 'kind')::int4, p_usr[v_ord], p_device[v_ord], p_node,
                          (v ->> 'n')::int4 + 1,
                          tlv(1, int8send(p_expect + v_ord)) || decode(v ->> 'fields', 'hex'));
    END LOOP;
END $$;

-- A vote was opened (0304) or counted (0305). Fields 1: revision, 65: round; counted, from the choices
-- as they still are: 66: how many voted, 67: the 100 entries with most dots, each client 8, n 8, dots 4.
CREATE FUNCTION audit_vote(p_review int8, p_rev int8, p_usr int8, p_device int8, p_node int4,
                           p_kind int4, p_round int4) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_head bytea := tlv(1, int8send(p_rev)) || tlv(65, int4send(p_round));
BEGIN
    IF p_kind = 1 THEN
        PERFORM audit_add(p_review, x'0304'::int4, p_usr, p_device, p_node, 2, v_head);
        RETURN;
    END IF;
    PERFORM audit_add(p_review, x'0305'::int4, p_usr, p_device, p_node, 4, v_head
        || tlv(66, int4send((SELECT count(DISTINCT voter) FROM vote WHERE review = p_review)::int4))
        || tlv(67, (SELECT coalesce(string_agg(int8send(client) || int8send(n) || int4send(dots),
                                               ''::bytea ORDER BY dots DESC, client, n), ''::bytea)
                      FROM (SELECT client, n, sum(dots)::int4 AS dots FROM vote
                             WHERE review = p_review GROUP BY client, n
                             ORDER BY 3 DESC, 1, 2 LIMIT 100) t)));
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;

GRANT SELECT ON log_epoch, log_pending, log_leaf, log_tile, log_checkpoint
    TO plm_app, plm_seal, plm_audit;
GRANT INSERT ON log_leaf, log_tile, log_checkpoint TO plm_seal;
GRANT DELETE ON log_pending TO plm_seal;
GRANT EXECUTE ON FUNCTION now_us(), log_state(), log_is_late(), log_edge(int4, int8), log_hashes(int4, int4, int8, int4)
    TO plm_app, plm_seal, plm_audit;
GRANT EXECUTE ON FUNCTION log_exported(int8, bool),
    audit_derived(int8, int8, int4, int8[], int8[], jsonb),
    audit_vote(int8, int8, int8, int8, int4, int4, int4) TO plm_app;
GRANT EXECUTE ON FUNCTION log_turn(), log_begin(text, text, bytea), log_look(int4, int4),
    log_take(int4, int8, int8[], int4[], int8[], bytea[]), log_publish(int4, int8, bytea, text),
    log_epoch_new(int4, text, text, int8, bytea, int8, int4, text) TO plm_seal;
