-- Photographs, what earlier imports left, and the rows that were taken out.
-- Up to 0006 IF NOT EXISTS: the releases that kept no versions added whatever they found missing.

CREATE TABLE IF NOT EXISTS former_identities (
    id uuid PRIMARY KEY,
    source_key text NOT NULL
);
COMMENT ON TABLE former_identities IS
    'UUIDs that patients had in earlier imports, from old backups, and their FileMaker ids.';

CREATE TABLE IF NOT EXISTS removed (
    run_id text NOT NULL,
    table_name text NOT NULL,
    id uuid NOT NULL,
    row jsonb NOT NULL,
    removed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE removed IS 'Rows that a reimport took out of their table, whole.';

CREATE TABLE IF NOT EXISTS written_image_batches (
    id uuid PRIMARY KEY,
    whole uuid,
    object_id uuid,
    name uuid,
    description uuid,
    uploaded_at uuid,
    content_type_id uuid
);

CREATE TABLE IF NOT EXISTS written_images (
    id uuid PRIMARY KEY,
    whole uuid,
    s3_key uuid,
    s3_thumbnail_key uuid,
    original_name uuid,
    file_size uuid,
    mime_type uuid,
    width uuid,
    height uuid,
    category uuid,
    caption uuid,
    date_taken uuid,
    uploaded_at uuid,
    "order" uuid,
    batch_id uuid,
    thumbnail_size uuid,
    filemaker_id uuid
);
