-- What a role needs that makes plans and can only read. To be run by a superuser, after the other file:
--   planner: that role. role: the one that reimports. owner: the one that owns Nexus's tables.

-- TEMPORARY is for temporary tables, which no one else sees.
GRANT CONNECT, TEMPORARY ON DATABASE :"DBNAME" TO :"planner";
GRANT USAGE ON SCHEMA public TO :"planner";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"planner";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT ON TABLES TO :"planner";

-- What the first publication is yet to make: the schema nexus_reimport and its tables.
ALTER DEFAULT PRIVILEGES FOR ROLE :"role" GRANT USAGE ON SCHEMAS TO :"planner";
ALTER DEFAULT PRIVILEGES FOR ROLE :"role" GRANT SELECT ON TABLES TO :"planner";

SELECT set_config('nexus_reimport.planner', :'planner', false);
DO $$
DECLARE
    planner text := current_setting('nexus_reimport.planner');
BEGIN
    IF to_regnamespace('nexus_reimport') IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA nexus_reimport TO %I', planner);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA nexus_reimport TO %I', planner);
    END IF;
END $$;
