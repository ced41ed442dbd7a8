-- What a publication was made of, and how much changed by column: what the next is held against.

ALTER TABLE publications
    -- A digest of the code that decided the rows; null: a release that did not say
    ADD COLUMN IF NOT EXISTS code text,
    ADD COLUMN IF NOT EXISTS sources jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS changes jsonb NOT NULL DEFAULT '{}';
COMMENT ON TABLE publications IS
    'One row per reimport or rollback that wrote something: its run, its counts, and what sources said.';
