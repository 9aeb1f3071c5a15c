-- SPDX-License-Identifier: Apache-2.0
-- The roles of the database, and what they may do with it as a whole. Roles belong to all of PostgreSQL,
-- so this is no migration: `plimsolld init`, `migrate` and `serve` run it when something of it is missing
-- and their login may make roles, as the owner of a private cluster may. In a PostgreSQL of your own,
-- somebody who may runs it once in the new database, and again without harm:
--
--     createdb plimsoll && plimsolld help roles | psql -d plimsoll
--
-- It makes no passwords. A login of your own for migrations (database.owner_url) needs: GRANT plm_owner
-- TO it. The server's login (database.url) is plm_app, or a role that was granted it.
--
--   plm_owner   owns everything; nobody logs in as it, migrations take it on
--   plm_app     the server and the commands on its host: reads, and writes by the functions of sql/
--   plm_ca      the process with the issuing key
--   plm_seal    the process that signs the log
--   plm_audit   reads the log, not the texts
--   plm_erase   takes texts out of the log on request
DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['plm_owner', 'plm_app', 'plm_ca', 'plm_seal', 'plm_audit', 'plm_erase']
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = v_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION'
                               ' NOBYPASSRLS', v_role,
                               CASE v_role WHEN 'plm_owner' THEN 'NOLOGIN' ELSE 'LOGIN' END);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- somebody else was faster
            END;
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO plm_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO plm_app, plm_ca, plm_seal, plm_audit, plm_erase',
                   current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    -- who makes them may be them: one login for everything is a choice
    FOREACH v_role IN ARRAY ARRAY['plm_owner', 'plm_app', 'plm_ca', 'plm_seal', 'plm_audit', 'plm_erase']
    LOOP
        IF NOT pg_has_role(current_user, v_role, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', v_role, current_user);
        END IF;
    END LOOP;
END $$;
