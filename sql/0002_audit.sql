-- SPDX-License-Identifier: Apache-2.0
-- Audit events: one chain of hashes per stream. A stream is a review, or 0 for the organisation.
-- The leaf is what is proved later; the other columns repeat parts of it for people and queries.
SET LOCAL search_path = plm, pg_temp;

CREATE DOMAIN hash32 AS bytea CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN leaf4096 AS bytea CHECK (octet_length(VALUE) <= 4096);
CREATE DOMAIN event4 AS int4 CHECK (VALUE BETWEEN 1 AND 65535);

CREATE TABLE stream (
    id        int8 PRIMARY KEY,
    next_seq  int8 NOT NULL DEFAULT 0,
    last_leaf hash32 NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    last_us   int8 NOT NULL DEFAULT 0
) WITH (fillfactor = 60);
INSERT INTO stream (id) VALUES (0);

CREATE TABLE audit_event (
    review    int8 NOT NULL,
    rseq      count8 NOT NULL,
    kind      event4 NOT NULL,
    at_us     int8 NOT NULL,
    actor     int8 NOT NULL,
    leaf      leaf4096 NOT NULL,
    leaf_hash hash32 NOT NULL, -- SHA-256(00 || leaf)
    PRIMARY KEY (review, rseq)
);

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'PL001';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
-- also under session_replication_role = replica
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER append_only_all;

-- A field of a leaf: tag and length in 16 bits each, then the bytes.
CREATE FUNCTION tlv(tag int4, v bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN int2send(tag::int2) || int2send(octet_length(v)::int2) || v;

-- The bytes of a leaf, "PLA1" version 1, big-endian; `fields` is a concatenation of tlv() in
-- ascending order of tags. The 16 random bytes (122 random bits) keep a leaf from being guessed.
CREATE FUNCTION audit_leaf(stream int8, rseq int8, at_us int8, kind int4, outcome int4, actor int8,
                           device int8, node int4, prev bytea, commitment bytea, nfields int4,
                           fields bytea) RETURNS bytea LANGUAGE sql VOLATILE
RETURN '\x504c413101'::bytea || set_byte('\x00'::bytea, 0, outcome)
    || substring(int4send(kind) FROM 3) || int8send(stream) || int8send(rseq) || int8send(at_us)
    || int8send(actor) || int8send(device) || int4send(node) || prev
    || uuid_send(gen_random_uuid()) || commitment || int2send(nfields::int2) || fields;

-- Adds one event with outcome 0 and no payload. Locks the stream's row; the caller already holds the
-- review's row when the stream is a review's.
CREATE FUNCTION audit_add(p_stream int8, p_kind int4, p_actor int8, p_device int8, p_node int4,
                          p_nfields int4, p_fields bytea) RETURNS void LANGUAGE plpgsql
SET search_path = plm, pg_temp AS $$
DECLARE
    s stream;
    v_us int8;
    v_leaf bytea;
    v_hash bytea;
BEGIN
    SELECT * INTO STRICT s FROM stream WHERE id = p_stream FOR NO KEY UPDATE;
    v_us := greatest(s.last_us + 1, now_us());
    v_leaf := audit_leaf(p_stream, s.next_seq, v_us, p_kind, 0, p_actor, p_device, p_node,
                         s.last_leaf, decode(repeat('00', 32), 'hex'), p_nfields, p_fields);
    v_hash := sha256('\x00'::bytea || v_leaf);
    INSERT INTO audit_event (review, rseq, kind, at_us, actor, leaf, leaf_hash)
        VALUES (p_stream, s.next_seq, p_kind, v_us, p_actor, v_leaf, v_hash);
    UPDATE stream SET next_seq = s.next_seq + 1, last_leaf = v_hash, last_us = v_us
        WHERE id = p_stream;
END $$;

-- 0701: the log begins.
SELECT audit_add(0, x'0701'::int4, 0, 0, 0, 0, ''::bytea);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
