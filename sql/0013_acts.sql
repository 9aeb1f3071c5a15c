-- SPDX-License-Identifier: Apache-2.0
-- Acts on a review that a person signs (proto/README.md, Signed acts): the append of their revision and
-- the act itself go into one transaction, with event 0210 behind the other events of that append. Its
-- fields: 1 revision, 27 SHA-256 of what the signer saw, 30 object of the statement, 35 number of the
-- check (waiving only), 36 and 37 the entry, 45 kind of the statement, x'7001' the signature.
SET LOCAL search_path = plm, pg_temp;

-- The leaf of a signed act. p_entry: client and n of the entry, zeros for the review.
CREATE FUNCTION audit_signed(p_review int8, p_rev int8, p_usr int8, p_device int8, p_node int4,
                             p_head bytea, p_seen bytea, p_signature bytea, p_spki bytea,
                             p_entry int8[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_kind int4 := get_byte(p_head, 4) << 8 | get_byte(p_head, 5);
    v_object bytea := substring(p_head FROM 47 FOR 8);
    v_waives bool := v_kind = 4;
BEGIN
    PERFORM audit_add(p_review, x'0210'::int4, p_usr, p_device, p_node,
                      CASE WHEN v_waives THEN 8 ELSE 7 END,
                      tlv(1, int8send(p_rev)) || tlv(27, sha256(p_seen)) || tlv(30, v_object)
                      || CASE WHEN v_waives THEN tlv(35, substring(v_object FROM 7)) ELSE '' END
                      || tlv(36, int8send(p_entry[1])) || tlv(37, int8send(p_entry[2]))
                      || tlv(45, int2send(v_kind::int2)) || signed_tlv(p_head, p_signature, p_spki));
END $$;

-- plimsoll_append of a batch in which revision p_expect + x_ord rests on a signed act: both are
-- written, or neither. A statement that was used before is verdict 7 of that author, one that
-- signed_act_add does not take verdict 8.
CREATE FUNCTION plimsoll_append_signed(
    x_ord int4, x_head bytea, x_seen bytea, x_signature bytea, x_spki bytea, x_entry int8[],
    p_review int8, p_expect int8, p_lock_first bool, p_node int4, p_n int4, p_body bytea,
    p_client int8[], p_usr int8[], p_device int8[], p_epoch int4[], p_seq int8[], p_ops int8[],
    p_salt bytea[], p_commitment bytea[],
    r_client int8[], r_epoch int4[], r_seq int8[], r_code int4[], r_why text[],
    f_title text, f_status int4, f_stage int4, f_visibility int4, f_severity int4, f_kind int4,
    p_rows jsonb DEFAULT NULL,
    OUT outcome int4, OUT head int8, OUT verdicts bytea, OUT missing bytea)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_code int4 := 0;
BEGIN
    BEGIN -- taken back as a whole when the act is not taken
        SELECT a.outcome, a.head, a.verdicts, a.missing INTO outcome, head, verdicts, missing
          FROM plm.plimsoll_append(p_review, p_expect, p_lock_first, p_node, p_n, p_body, p_client,
                                   p_usr, p_device, p_epoch, p_seq, p_ops, p_salt, p_commitment,
                                   r_client, r_epoch, r_seq, r_code, r_why, f_title, f_status,
                                   f_stage, f_visibility, f_severity, f_kind, p_rows) a;
        IF outcome <> 0 THEN
            RETURN;
        END IF;
        SELECT s.code INTO v_code
          FROM plm.signed_act_add(get_byte(x_head, 4) << 8 | get_byte(x_head, 5), p_review,
                                  p_usr[x_ord], p_device[x_ord], x_head, x_seen, x_signature,
                                  x_spki) s;
        IF v_code <> 0 THEN
            RAISE EXCEPTION 'the statement is not taken' USING ERRCODE = 'PL010';
        END IF;
        PERFORM plm.audit_signed(p_review, p_expect + x_ord, p_usr[x_ord], p_device[x_ord], p_node,
                                 x_head, x_seen, x_signature, x_spki, x_entry);
        RETURN;
    EXCEPTION WHEN SQLSTATE 'PL010' THEN
        NULL;
    END;
    SELECT 2, a.head, set_byte(decode(repeat('00', p_n), 'hex'), x_ord - 1,
                               CASE v_code WHEN 28 THEN 7 ELSE 8 END), ''::bytea
      INTO outcome, head, verdicts, missing
      FROM plm.plimsoll_append(p_review, p_expect, p_lock_first, p_node, 0, ''::bytea,
                               '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
                               r_client, r_epoch, r_seq, r_code, r_why, NULL, 0, 0, 0, 0, 0) a;
END $$;

GRANT EXECUTE ON FUNCTION audit_signed, plimsoll_append_signed TO plm_app;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
