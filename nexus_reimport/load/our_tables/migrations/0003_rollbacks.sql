-- Plans, backups and rollbacks. What was published before has no backup, and so can't be undone.

ALTER TABLE publications
    ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'publication',
    ADD COLUMN IF NOT EXISTS plan_id text,
    ADD COLUMN IF NOT EXISTS backup text,
    -- Of a rollback: the publications that it took back
    ADD COLUMN IF NOT EXISTS undoes bigint[] NOT NULL DEFAULT '{}',
    -- The rollback that took it back; null while it stands
    ADD COLUMN IF NOT EXISTS undone_by bigint;
COMMENT ON TABLE publications IS
    'One row per reimport or rollback that wrote something: its run and counts.';

CREATE TABLE IF NOT EXISTS changes (
    publication bigint NOT NULL,
    table_name text NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    before uuid,
    after uuid,
    PRIMARY KEY (publication, table_name, id)
);
COMMENT ON TABLE changes IS
    'Every row that a publication touched, with a digest of it before and after; null: not there.';

-- A count was digested for a day; it is computed. No backup of a publication holds it yet.
ALTER TABLE written_image_batches DROP COLUMN IF EXISTS image_count;
