-- Who pays for a patient is published. Null: never written, so FileMaker's goes over what is in Nexus.

ALTER TABLE written_patients ADD COLUMN IF NOT EXISTS funding_source uuid;
