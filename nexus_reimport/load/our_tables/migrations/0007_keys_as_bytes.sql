-- Storage only: no reader sees a difference.
-- Keys compared as bytes: no language orders them, and looking them up costs half. A schema made by a release since
-- has it already, so this comes after all that a release without versions may have written. Indexes are built anew where
-- it has not; the rows stay where they are.

ALTER TABLE identities
    ALTER COLUMN table_name TYPE text COLLATE "C",
    ALTER COLUMN source_key TYPE text COLLATE "C";
ALTER TABLE changes ALTER COLUMN table_name TYPE text COLLATE "C";
