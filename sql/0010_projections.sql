-- SPDX-License-Identifier: Apache-2.0
-- What tables repeat of the documents, so that questions over all reviews need not open any: facts,
-- markers, participants, actions, lessons. Pure functions of the document (server/room/oplog_project.c):
-- plimsoll_append writes the rows that a batch changes, in the batch's transaction; `plimsolld rebuild`
-- makes them again from the log. Nothing else writes here. Null: unset. Numbers are those of
-- include/plimsoll/doc/fields.def; client and n are the entry's id.
SET LOCAL search_path = plm, pg_temp;

-- The header, beside what the row of review has. classes: bits 1 << class of the causes. na: bits
-- 1 << 0 to 3, durations declared not applicable. draft_of: the private draft of that review.
CREATE TABLE fact (
    review     int8 PRIMARY KEY,
    services   text[] NOT NULL,
    classes    int4 NOT NULL,
    na         int4 NOT NULL,
    rules      int4 NOT NULL, -- ground rules, how many
    session_us int8,
    closed_us  int8,
    draft_of   int8
);

-- The event that counts for each marker. band_s: plus or minus; is_open: at_us is only a bound.
CREATE TABLE marker (
    review  int8,
    marker  int2,
    client  int8 NOT NULL,
    n       int8 NOT NULL,
    at_us   int8 NOT NULL,
    band_s  int8 NOT NULL,
    is_open bool NOT NULL,
    PRIMARY KEY (review, marker)
);

CREATE TABLE participant (
    review            int8,
    client            int8,
    n                 int8,
    usr               int8 NOT NULL,
    role              int2 NOT NULL,
    duty              int2,
    attendance        int2,
    involved          bool,
    rules_accepted_us int8,
    PRIMARY KEY (review, client, n)
);
CREATE INDEX participant_usr ON participant (usr, review);

-- label: the first line of the text, cut. priority: as set, else by the control. evidence: how many.
CREATE TABLE action (
    review        int8,
    client        int8,
    n             int8,
    no            int8 NOT NULL, -- 0: not numbered yet
    label         text NOT NULL,
    state         int2 NOT NULL,
    priority      int2,
    control       int2,
    kind          int2,
    impact        int2,
    feasibility   int2,
    owner         int8,
    due_us        int8,
    tracker_key   text,
    tracker_url   text,
    accepted_us   int8,
    done_by       int8,
    done_us       int8,
    verified_by   int8,
    verified_us   int8,
    effect_due_us int8,
    effect_result int2,
    effect_us     int8,
    follow_client int8,
    follow_n      int8,
    evidence      int4 NOT NULL,
    created_us    int8 NOT NULL,
    PRIMARY KEY (review, client, n)
);
CREATE INDEX action_no ON action (no, review);

CREATE TABLE lesson (
    review  int8,
    client  int8,
    n       int8,
    no      int8 NOT NULL,
    title   text NOT NULL,
    summary text NOT NULL,
    outcome int2,
    PRIMARY KEY (review, client, n)
);

-- Replaces rows: p_rows has a list for each table in which rows change; what has only its key is
-- taken away. The caller holds the review's lock.
CREATE FUNCTION project(p_review int8, p_rows jsonb) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_fact plm.fact;
    v_marker plm.marker;
    v_participant plm.participant;
    v_action plm.action;
    v_lesson plm.lesson;
BEGIN
    IF p_rows ? 'fact' THEN
        v_fact.review := p_review;
        DELETE FROM plm.fact t WHERE t.review = p_review;
        INSERT INTO plm.fact SELECT * FROM jsonb_populate_recordset(v_fact, p_rows -> 'fact');
    END IF;
    IF p_rows ? 'marker' THEN
        v_marker.review := p_review;
        DELETE FROM plm.marker t USING jsonb_to_recordset(p_rows -> 'marker') AS k (marker int2)
            WHERE t.review = p_review AND t.marker = k.marker;
        INSERT INTO plm.marker SELECT r.*
            FROM jsonb_populate_recordset(v_marker, p_rows -> 'marker') r WHERE r.at_us IS NOT NULL;
    END IF;
    IF p_rows ? 'participant' THEN
        v_participant.review := p_review;
        DELETE FROM plm.participant t
            USING jsonb_to_recordset(p_rows -> 'participant') AS k (client int8, n int8)
            WHERE t.review = p_review AND t.client = k.client AND t.n = k.n;
        INSERT INTO plm.participant SELECT r.*
            FROM jsonb_populate_recordset(v_participant, p_rows -> 'participant') r
            WHERE r.usr IS NOT NULL;
    END IF;
    IF p_rows ? 'action' THEN
        v_action.review := p_review;
        DELETE FROM plm.action t
            USING jsonb_to_recordset(p_rows -> 'action') AS k (client int8, n int8)
            WHERE t.review = p_review AND t.client = k.client AND t.n = k.n;
        INSERT INTO plm.action SELECT r.*
            FROM jsonb_populate_recordset(v_action, p_rows -> 'action') r
            WHERE r.label IS NOT NULL;
    END IF;
    IF p_rows ? 'lesson' THEN
        v_lesson.review := p_review;
        DELETE FROM plm.lesson t
            USING jsonb_to_recordset(p_rows -> 'lesson') AS k (client int8, n int8)
            WHERE t.review = p_review AND t.client = k.client AND t.n = k.n;
        INSERT INTO plm.lesson SELECT r.*
            FROM jsonb_populate_recordset(v_lesson, p_rows -> 'lesson') r
            WHERE r.title IS NOT NULL;
    END IF;
END $$;

-- What the tables should hold of a review and do not, or the other way round.
CREATE FUNCTION project_differences(p_review int8, p_rows jsonb)
RETURNS TABLE (what text, is_there bool, content jsonb)
LANGUAGE plpgsql STABLE SET search_path = plm, pg_temp AS $$
DECLARE
    v_fact fact;
    v_marker marker;
    v_participant participant;
    v_action action;
    v_lesson lesson;
BEGIN
    v_fact.review := p_review;
    v_marker.review := p_review;
    v_participant.review := p_review;
    v_action.review := p_review;
    v_lesson.review := p_review;
    RETURN QUERY
    WITH have AS (
        SELECT 'fact' AS w, to_jsonb(t) AS x FROM fact t WHERE t.review = p_review
        UNION ALL SELECT 'marker', to_jsonb(t) FROM marker t WHERE t.review = p_review
        UNION ALL SELECT 'participant', to_jsonb(t) FROM participant t WHERE t.review = p_review
        UNION ALL SELECT 'action', to_jsonb(t) FROM action t WHERE t.review = p_review
        UNION ALL SELECT 'lesson', to_jsonb(t) FROM lesson t WHERE t.review = p_review
        UNION ALL SELECT 'review', jsonb_build_object('title', t.title, 'status', t.status,
                      'stage', t.stage, 'visibility', t.visibility, 'severity', t.severity,
                      'kind', t.kind)
            FROM review t WHERE t.id = p_review AND p_rows ? 'review'),
    want AS (
        SELECT 'fact' AS w, to_jsonb(t) AS x
            FROM jsonb_populate_recordset(v_fact, p_rows -> 'fact') t
        UNION ALL SELECT 'marker', to_jsonb(t)
            FROM jsonb_populate_recordset(v_marker, p_rows -> 'marker') t
        UNION ALL SELECT 'participant', to_jsonb(t)
            FROM jsonb_populate_recordset(v_participant, p_rows -> 'participant') t
        UNION ALL SELECT 'action', to_jsonb(t)
            FROM jsonb_populate_recordset(v_action, p_rows -> 'action') t
        UNION ALL SELECT 'lesson', to_jsonb(t)
            FROM jsonb_populate_recordset(v_lesson, p_rows -> 'lesson') t
        UNION ALL SELECT 'review', t FROM jsonb_array_elements(p_rows -> 'review') t)
    SELECT d.w, d.h, d.x FROM (
        SELECT e.w, true AS h, e.x FROM (TABLE have EXCEPT ALL TABLE want) e
        UNION ALL
        SELECT e.w, false, e.x FROM (TABLE want EXCEPT ALL TABLE have) e) d
    ORDER BY 1, 3, 2;
END $$;

-- Compares what the tables hold of a review with p_rows, which were made from its log up to p_head;
-- p_write: puts p_rows in their place. Under the review's lock, so it can be done while servers run.
-- code: 0, 21 no such review, 26 the log is at `head` by now: read on. differs: rows that are wrong or
-- missing; report: about the first of them.
CREATE FUNCTION plimsoll_rebuild(
    p_review int8, p_head int8, p_rows jsonb, p_write bool,
    OUT code int4, OUT head int8, OUT differs int8, OUT report text)
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
DECLARE
    v_face jsonb := p_rows -> 'review' -> 0;
BEGIN
    code := 0;
    differs := 0;
    report := '';
    SELECT r.head INTO head FROM review r WHERE r.id = p_review FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        code := 21;
        head := 0;
        RETURN;
    END IF;
    IF head <> p_head THEN
        code := 26;
        RETURN;
    END IF;
    SELECT count(*), coalesce(string_agg(d.line, E'\n') FILTER (WHERE d.ord <= 20), '')
        INTO differs, report
        FROM (SELECT row_number() OVER () AS ord, left(format('%s %s %s', t.what,
                  CASE WHEN t.is_there THEN 'has' ELSE 'should have' END, t.content), 400) AS line
                FROM project_differences(p_review, p_rows) t) d;
    IF NOT p_write OR differs = 0 THEN
        RETURN;
    END IF;
    DELETE FROM fact t WHERE t.review = p_review;
    DELETE FROM marker t WHERE t.review = p_review;
    DELETE FROM participant t WHERE t.review = p_review;
    DELETE FROM action t WHERE t.review = p_review;
    DELETE FROM lesson t WHERE t.review = p_review;
    PERFORM project(p_review, p_rows - 'review');
    UPDATE review r SET title = v_face ->> 'title', status = (v_face ->> 'status')::int2,
            stage = (v_face ->> 'stage')::int2, visibility = (v_face ->> 'visibility')::int2,
            severity = (v_face ->> 'severity')::int2, kind = (v_face ->> 'kind')::int2
        WHERE r.id = p_review AND v_face IS NOT NULL;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
