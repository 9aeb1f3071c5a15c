-- SPDX-License-Identifier: Apache-2.0
-- Who may do what, in which status: the same rows as include/plimsoll/doc/perm.def (a test compares
-- them). What does not stand here is refused.
-- op: enum pl_perm_op. status: 1 preparing 2 in session 3 tracking 4 closed.
-- role: 1 facilitator 2 responder 3 stakeholder.
SET LOCAL search_path = plm, pg_temp;

CREATE TABLE perm (
    op     int2 NOT NULL CHECK (op BETWEEN 0 AND 62),
    status int2 NOT NULL CHECK (status BETWEEN 1 AND 4),
    role   int2 NOT NULL CHECK (role BETWEEN 1 AND 3),
    PRIMARY KEY (status, role, op)
);

INSERT INTO perm (op, status, role) VALUES
    -- read
    (0, 1, 1), (0, 1, 2), (0, 1, 3), (0, 2, 1), (0, 2, 2), (0, 2, 3),
    (0, 3, 1), (0, 3, 2), (0, 3, 3), (0, 4, 1), (0, 4, 2), (0, 4, 3),
    -- header
    (1, 1, 1), (1, 2, 1),
    -- services
    (2, 1, 1), (2, 1, 2), (2, 2, 1), (2, 2, 2),
    -- impact
    (3, 1, 1), (3, 1, 2), (3, 1, 3), (3, 2, 1), (3, 2, 2), (3, 2, 3),
    -- plan
    (4, 1, 1), (4, 2, 1),
    -- material
    (5, 1, 1), (5, 1, 2), (5, 2, 1), (5, 2, 2),
    -- account
    (6, 1, 2), (6, 2, 2),
    -- content
    (7, 1, 1), (7, 1, 2), (7, 2, 1), (7, 2, 2),
    -- note_event
    (8, 1, 1), (8, 1, 2), (8, 1, 3), (8, 2, 1), (8, 2, 2), (8, 2, 3),
    -- comment
    (9, 1, 1), (9, 1, 2), (9, 1, 3), (9, 2, 1), (9, 2, 2), (9, 2, 3),
    (9, 3, 1), (9, 3, 2), (9, 3, 3),
    -- remove_own
    (10, 1, 1), (10, 1, 2), (10, 1, 3), (10, 2, 1), (10, 2, 2), (10, 2, 3),
    -- remove_any
    (11, 1, 1), (11, 2, 1),
    -- action_propose
    (12, 1, 1), (12, 1, 2), (12, 1, 3), (12, 2, 1), (12, 2, 2), (12, 2, 3),
    (12, 3, 1), (12, 3, 2), (12, 3, 3),
    -- action_edit
    (17, 1, 1), (17, 1, 2), (17, 2, 1), (17, 2, 2), (17, 3, 1), (17, 3, 2),
    -- action_commit
    (13, 2, 1), (13, 3, 1),
    -- action_progress
    (14, 3, 2), (14, 3, 3),
    -- lesson
    (15, 2, 1), (15, 2, 2), (15, 3, 1), (15, 3, 2), (15, 4, 1), (15, 4, 2),
    -- facilitate
    (16, 1, 1), (16, 2, 1), (16, 3, 1), (16, 4, 1),
    -- conduct
    (18, 1, 1), (18, 2, 1), (18, 3, 1),
    -- waive
    (19, 1, 1), (19, 2, 1), (19, 3, 1),
    -- vote
    (20, 2, 2), (20, 2, 3),
    -- take_part
    (21, 1, 1), (21, 1, 2), (21, 1, 3), (21, 2, 1), (21, 2, 2), (21, 2, 3),
    (21, 3, 1), (21, 3, 2), (21, 3, 3),
    -- challenge
    (22, 1, 2), (22, 1, 3), (22, 2, 2), (22, 2, 3),
    -- action_accept
    (23, 2, 2), (23, 2, 3), (23, 3, 2), (23, 3, 3),
    -- action_verify
    (24, 3, 1), (24, 3, 2), (24, 3, 3),
    -- action_effect
    (25, 3, 1), (25, 3, 2), (25, 3, 3),
    -- close_confirm
    (26, 3, 1), (26, 3, 2), (26, 3, 3),
    -- card
    (27, 2, 2), (27, 2, 3),
    -- invite
    (28, 1, 1), (28, 2, 1), (28, 3, 1);
