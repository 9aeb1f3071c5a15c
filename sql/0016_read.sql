-- SPDX-License-Identifier: Apache-2.0
-- Who may read a review: the one place. Every statement of the server that answers a person with
-- something of a review names one of these two; which statements need none, and why, stands in
-- tests/unit/server/test_store_read.c, which looks at all of them.
SET LOCAL search_path = plm, pg_temp;

-- May this person read this review? Who takes part in it, and everybody who is enrolled when the whole
-- organisation may see it. A private draft has one member, and nobody else reads it.
CREATE FUNCTION may_read(p_review int8, p_usr int8) RETURNS bool LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM plm.review r JOIN plm.usr u ON u.id = p_usr AND u.enabled
                    WHERE r.id = p_review
                      AND ((r.visibility = 2 AND r.draft_of IS NULL)
                           OR EXISTS (SELECT 1 FROM plm.membership m
                                       WHERE m.review = r.id AND m.usr = p_usr)));
END;

-- All reviews that a person may read; no private drafts, not even his own. Every question over several
-- reviews starts from here.
CREATE FUNCTION readable(p_usr int8) RETURNS SETOF review LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.* FROM plm.review r
     WHERE r.draft_of IS NULL
       AND EXISTS (SELECT 1 FROM plm.usr u WHERE u.id = p_usr AND u.enabled)
       AND (r.visibility = 2
            OR EXISTS (SELECT 1 FROM plm.membership m WHERE m.review = r.id AND m.usr = p_usr));
END;

GRANT EXECUTE ON FUNCTION may_read(int8, int8), readable(int8) TO plm_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
