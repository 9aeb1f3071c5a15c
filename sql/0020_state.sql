-- SPDX-License-Identifier: Apache-2.0
-- What the tables hold of the things that the audit log tells, a line each, so that a verifier can
-- compare it with what the log leads to (proto/verify/README.md has the lines). Read in one statement,
-- so all of one moment.
SET LOCAL search_path = plm, pg_temp;

-- The events behind the first p_size of the newest tree come first, as "leaf HEX", in their order.
CREATE FUNCTION audit_rows(p_size int8) RETURNS SETOF bytea LANGUAGE sql STABLE
SECURITY DEFINER -- of the log's and invites' tables only what stands here, for who administers
SET search_path = plm, pg_temp AS $$
    WITH later AS (
        SELECT l.review, l.rseq, 1 AS part, l.idx AS ord FROM log_leaf l
         WHERE l.epoch = (SELECT max(epoch) FROM log_epoch) AND l.idx >= p_size
        UNION ALL
        SELECT p.review, p.rseq, 2, p.id FROM log_pending p),
    rows AS (
        SELECT 1 AS part, row_number() OVER (ORDER BY t.part, t.ord) AS ord,
               'leaf ' || encode(e.leaf, 'hex') AS line
          FROM later t JOIN audit_event e ON e.review = t.review AND e.rseq = t.rseq
        UNION ALL SELECT 2, id, format('user %s enabled=%s', id, enabled::int) FROM usr
        UNION ALL SELECT 3, id, format('device %s user=%s key=%s revoked=%s', id, usr,
                                       encode(spki_sha256, 'hex'), (revoked_us IS NOT NULL)::int)
            FROM device
        UNION ALL SELECT 4, id, format('invite %s review=%s role=%s used=%s revoked=%s', id,
                                       coalesce(review, 0), coalesce(role, 0),
                                       (used_us IS NOT NULL)::int, (revoked_us IS NOT NULL)::int)
            FROM invite
        UNION ALL SELECT 4, id, format('invite %s review=%s role=%s used=%s revoked=%s', id, review,
                                       role, used, (revoked_us IS NOT NULL)::int)
            FROM review_invite
        UNION ALL SELECT 5, id, format('stream %s next=%s last=%s', id, next_seq,
                                       encode(last_leaf, 'hex')) FROM stream
        UNION ALL SELECT 6, id, format('review %s status=%s head=%s perm_epoch=%s made_by=%s draft_of=%s',
                                       id, status, head, perm_epoch, created_by, coalesce(draft_of, 0))
            FROM review
        UNION ALL SELECT 7, review, format('member %s %s role=%s duty=%s', review, usr, role, duty)
            FROM membership
        UNION ALL SELECT 8, review, format('action %s %s %s state=%s owner=%s done_by=%s verified_by=%s'
                                           ' accepted=%s', review, client, n, state, coalesce(owner, 0),
                                           coalesce(done_by, 0), coalesce(verified_by, 0),
                                           (accepted_us IS NOT NULL)::int)
            FROM action)
    SELECT convert_to(line, 'UTF8') FROM rows ORDER BY part, ord
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_rows(int8) TO plm_app, plm_audit;
