-- What the role that reimports needs in Nexus's database. To be run there by a superuser, again at any time:
--   role: the role that reimports. owner: the one that owns Nexus's tables, under which its migrations run.

-- CREATE is for the schema nexus_reimport: the first publication makes it, and the role owns it.
GRANT CONNECT, TEMPORARY, CREATE ON DATABASE :"DBNAME" TO :"role";
GRANT USAGE ON SCHEMA public TO :"role";

-- All that is there and is to come: a dump takes everything, and before a row goes, every table that could
-- point at it is asked.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"role";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT ON SEQUENCES TO :"role";

-- DELETE is for rollbacks, for the damage that is mended, and for rows gone from FileMaker or left over from
-- older imports, where a run says so.
GRANT INSERT, UPDATE, DELETE ON patients, appointments, notes, sms_messages, documents_document, images_batch,
    images_image TO :"role";

SELECT set_config('nexus_reimport.role', :'role', false);
DO $$
DECLARE
    role text := current_setting('nexus_reimport.role');
    relation regclass;
BEGIN
    -- Lets a publication ANALYZE what it wrote
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE format('GRANT MAINTAIN ON patients, appointments, notes, sms_messages, documents_document,
            images_batch, images_image TO %I', role);
    END IF;
    -- Where the schema came with a restored dump, it is whoever's that restored it.
    IF to_regnamespace('nexus_reimport') IS NOT NULL THEN
        EXECUTE format('ALTER SCHEMA nexus_reimport OWNER TO %I', role);
        FOR relation IN SELECT oid FROM pg_class
            WHERE relnamespace = 'nexus_reimport'::regnamespace AND relkind = 'r'
        LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO %I', relation, role);
        END LOOP;
    END IF;
END $$;
