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

-- A page of actions, the highest numbers first, of those below (p_no, p_review). 0 and '' ask for
-- nothing. Planned for each call: which filters are set decides between going down the index until the
-- page is full and sorting what a filter leaves, and a plan for all cases sorts everything.
CREATE FUNCTION plimsoll_actions(
    p_usr int8, p_no int8, p_review int8, p_only int8, p_owner int8, p_states int8, p_overdue bool,
    p_now_us int8, p_due_us int8, p_effect_us int8, p_text text, p_limit int8)
RETURNS TABLE (
    review int8, title text, no int8, client int8, n int8, label text, state int4, priority int4,
    control int4, kind int4, impact int4, feasibility int4, owner int8, owner_name text, due_us int8,
    tracker_key text, done_us int8, verified_us int8, verified_by int8, effect_due_us int8,
    effect_result int4, evidence int4, created_us int8, tracker_url text, accepted_us int8)
LANGUAGE plpgsql STABLE ROWS 200
SET search_path = plm, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.review, r.title::text, a.no, a.client, a.n, a.label, a.state::int4, a.priority::int4,
           a.control::int4, a.kind::int4, a.impact::int4, a.feasibility::int4, a.owner,
           u.user_name::text, a.due_us, a.tracker_key, a.done_us, a.verified_us, a.verified_by,
           a.effect_due_us, a.effect_result::int4, a.evidence, a.created_us, a.tracker_url,
           a.accepted_us
      FROM action a JOIN readable(p_usr) r ON r.id = a.review LEFT JOIN usr u ON u.id = a.owner
     WHERE a.no > 0 AND (a.no, a.review) < (p_no, p_review)
       AND (p_only = 0 OR a.review = p_only) AND (p_owner = 0 OR a.owner = p_owner)
       AND (p_states = 0 OR (1::int8 << a.state) & p_states <> 0)
       AND (NOT p_overdue OR (a.state IN (2, 3) AND a.due_us < p_now_us))
       AND (p_due_us = 0 OR a.due_us < p_due_us)
       AND (p_effect_us = 0 OR (a.state = 5 AND a.effect_due_us < p_effect_us))
       AND (p_text = '' OR strpos(lower(a.label), lower(p_text)) > 0
            OR strpos(lower(a.tracker_key), lower(p_text)) > 0)
     ORDER BY a.no DESC, a.review DESC LIMIT p_limit;
END $$;

GRANT EXECUTE ON FUNCTION may_read(int8, int8), readable(int8),
    plimsoll_actions(int8, int8, int8, int8, int8, int8, bool, int8, int8, int8, text, int8) TO plm_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
