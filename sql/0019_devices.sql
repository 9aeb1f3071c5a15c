-- SPDX-License-Identifier: Apache-2.0
-- What people do with their own devices beside revoking (0006).
SET LOCAL search_path = plm, pg_temp;

-- A name is for its owner alone: it is no event of the log, which holds no names. code: 0, 21 he has no
-- such device in force.
CREATE FUNCTION plimsoll_device_rename(p_device int8, p_usr int8, p_name text) RETURNS int4
LANGUAGE plpgsql VOLATILE SET search_path = plm, pg_temp AS $$
BEGIN
    UPDATE device SET name = p_name WHERE id = p_device AND usr = p_usr AND revoked_us IS NULL;
    RETURN CASE WHEN FOUND THEN 0 ELSE 21 END;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA plm FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plimsoll_device_rename(int8, int8, text) TO plm_app;
GRANT UPDATE (name) ON device TO plm_app;
