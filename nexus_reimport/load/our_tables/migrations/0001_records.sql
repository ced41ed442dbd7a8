-- What the first release made: patients, appointments, notes, messages and documents.

CREATE TABLE publications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL,
    as_of timestamptz NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- By table its counts
    tables jsonb NOT NULL
);

CREATE TABLE identities (
    table_name text NOT NULL,
    source_key text NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (table_name, source_key),
    UNIQUE (table_name, id)
);
COMMENT ON TABLE identities IS 'Which UUID a FileMaker id has in Nexus, for ever; outlives the row itself.';

-- Digests of each row as last written: of each column, and of the row as FileMaker has it where it was written whole.
CREATE TABLE written_patients (
    id uuid PRIMARY KEY,
    whole uuid,
    first_name uuid,
    last_name uuid,
    middle_names uuid,
    dob uuid,
    sex uuid,
    contact_json uuid,
    address_json uuid,
    created_at uuid,
    clinic_id uuid,
    coordinator_name uuid,
    funding_type_id uuid,
    health_number uuid,
    title uuid,
    filemaker_metadata uuid,
    ndis_plan_end_date uuid,
    ndis_plan_start_date uuid
);

CREATE TABLE written_appointments (
    id uuid PRIMARY KEY,
    whole uuid,
    start_time uuid,
    end_time uuid,
    status uuid,
    reason uuid,
    notes uuid,
    created_at uuid,
    clinic_id uuid,
    clinician_id uuid,
    patient_id uuid,
    filemaker_event_id uuid,
    appointment_type_id uuid
);

CREATE TABLE written_notes (
    id uuid PRIMARY KEY,
    whole uuid,
    note_type uuid,
    content uuid,
    created_at uuid,
    created_by uuid,
    patient_id uuid
);

CREATE TABLE written_sms_messages (
    id uuid PRIMARY KEY,
    whole uuid,
    phone_number uuid,
    message uuid,
    status uuid,
    external_message_id uuid,
    created_at uuid,
    sent_at uuid,
    sms_count uuid,
    appointment_id uuid,
    patient_id uuid
);

CREATE TABLE written_documents (
    id uuid PRIMARY KEY,
    whole uuid,
    object_id uuid,
    file_name uuid,
    original_name uuid,
    file_size uuid,
    mime_type uuid,
    s3_bucket uuid,
    s3_key uuid,
    category uuid,
    uploaded_at uuid,
    content_type_id uuid,
    document_date uuid,
    filemaker_id uuid,
    filemaker_metadata uuid
);
