-- Of each phone number, email and address four digests. Null: not known, the value is merged as a whole once more.

ALTER TABLE written_patients
    ADD COLUMN IF NOT EXISTS entries_contact_json uuid[],
    ADD COLUMN IF NOT EXISTS entries_address_json uuid[];
