INSERT INTO public.images_batch (id, object_id, name, description, uploaded_at, image_count, content_type_id, uploaded_by_id) VALUES ('92aaf9ff-bbb1-5237-ab61-88b4481e0444', 'b9dea800-d1d8-56fa-b420-d7420e9ac140', 'day', '', '2026-06-30 02:00:00+00', 1, 10, NULL);
INSERT INTO public.images_image (id, s3_key, s3_thumbnail_key, original_name, file_size, mime_type, width, height, category, caption, date_taken, uploaded_at, "order", batch_id, uploaded_by_id, thumbnail_size, filemaker_id) VALUES ('2565857f-4164-50bb-a43c-d01568978b25', 'images/images-bulk-dump/p.jpg', '', '', 0, '', NULL, NULL, '', '', NULL, '2026-06-30 02:00:00+00', 0, '92aaf9ff-bbb1-5237-ab61-88b4481e0444', NULL, NULL, NULL);
INSERT INTO public.patients (id, mrn, first_name, last_name, middle_names, dob, sex, contact_json, address_json, emergency_json, flags_json, created_at, updated_at, clinic_id, coordinator_date, coordinator_name, funding_type_id, health_number, notes, plan_end_date, plan_start_date, title, archived, archived_at, archived_by, plan_dates_json, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date, funding_source) VALUES ('daa1bf3c-ac32-5504-a350-414c0a509c94', NULL, 'Ann', '', NULL, NULL, NULL, '{"emails": [], "phones": [{"type": "mobile", "label": "Mobile", "number": "0491 570 156"}, {"type": "phone", "label": "Home", "number": "02 5550 0001"}]}', NULL, NULL, NULL, '2026-06-30 02:00:00+00', '2026-06-30 02:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.patients (id, mrn, first_name, last_name, middle_names, dob, sex, contact_json, address_json, emergency_json, flags_json, created_at, updated_at, clinic_id, coordinator_date, coordinator_name, funding_type_id, health_number, notes, plan_end_date, plan_start_date, title, archived, archived_at, archived_by, plan_dates_json, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date, funding_source) VALUES ('d8d1de87-2402-5548-9570-85ebd1d6a65b', NULL, 'Cyd', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-06-30 02:00:00.000002+00', '2026-06-30 02:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.patients (id, mrn, first_name, last_name, middle_names, dob, sex, contact_json, address_json, emergency_json, flags_json, created_at, updated_at, clinic_id, coordinator_date, coordinator_name, funding_type_id, health_number, notes, plan_end_date, plan_start_date, title, archived, archived_at, archived_by, plan_dates_json, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date, funding_source) VALUES ('b9dea800-d1d8-56fa-b420-d7420e9ac140', NULL, 'Benno', '', NULL, NULL, NULL, '{"emails": [], "phones": [{"type": "mobile", "label": "Mobile", "number": "0491 570 157"}, {"type": "phone", "label": "Home", "number": "02 5550 0001"}]}', NULL, NULL, NULL, '2026-06-30 02:00:00.000001+00', '2026-06-30 02:00:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.notes (id, note_type, content, created_at, updated_at, created_by, patient_id) VALUES ('c3f092bc-bdb6-542c-960a-926298eaca20', 'clinical_notes', 'second', '2026-06-30 02:00:00+00', '2026-06-30 02:00:00+00', NULL, 'b9dea800-d1d8-56fa-b420-d7420e9ac140');
CREATE SCHEMA nexus_reimport;
CREATE TABLE nexus_reimport.changes (
    publication bigint NOT NULL,
    table_name text NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    before uuid,
    after uuid
);
COMMENT ON TABLE nexus_reimport.changes IS 'Every row that a publication touched, with a digest of it before and after; null: not there.';
CREATE TABLE nexus_reimport.former_identities (
    id uuid NOT NULL,
    source_key text NOT NULL
);
COMMENT ON TABLE nexus_reimport.former_identities IS 'UUIDs that patients had in earlier imports, from old backups, and their FileMaker ids.';
CREATE TABLE nexus_reimport.identities (
    table_name text NOT NULL,
    source_key text NOT NULL,
    id uuid NOT NULL
);
COMMENT ON TABLE nexus_reimport.identities IS 'Which UUID a FileMaker id has in Nexus, for ever; outlives the row itself.';
CREATE TABLE nexus_reimport.publications (
    id bigint NOT NULL,
    run_id text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    tables jsonb NOT NULL,
    kind text DEFAULT 'publication'::text NOT NULL,
    plan_id text,
    backup text,
    undoes bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    undone_by bigint
);
COMMENT ON TABLE nexus_reimport.publications IS 'One row per reimport or rollback that wrote something: its run and counts.';
ALTER TABLE nexus_reimport.publications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME nexus_reimport.publications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE nexus_reimport.removed (
    run_id text NOT NULL,
    table_name text NOT NULL,
    id uuid NOT NULL,
    "row" jsonb NOT NULL,
    removed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE nexus_reimport.removed IS 'Rows that a reimport took out of their table, whole.';
CREATE TABLE nexus_reimport.written_appointments (
    id uuid NOT NULL,
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
CREATE TABLE nexus_reimport.written_documents (
    id uuid NOT NULL,
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
CREATE TABLE nexus_reimport.written_image_batches (
    id uuid NOT NULL,
    whole uuid,
    object_id uuid,
    name uuid,
    description uuid,
    uploaded_at uuid,
    content_type_id uuid
);
CREATE TABLE nexus_reimport.written_images (
    id uuid NOT NULL,
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
CREATE TABLE nexus_reimport.written_notes (
    id uuid NOT NULL,
    whole uuid,
    note_type uuid,
    content uuid,
    created_at uuid,
    created_by uuid,
    patient_id uuid
);
CREATE TABLE nexus_reimport.written_patients (
    id uuid NOT NULL,
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
CREATE TABLE nexus_reimport.written_sms_messages (
    id uuid NOT NULL,
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
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (1, 'patients', 'daa1bf3c-ac32-5504-a350-414c0a509c94', 'insert', NULL, '02220b02-bd70-5a88-1d2f-f31ab646f2bd');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (1, 'patients', 'b9dea800-d1d8-56fa-b420-d7420e9ac140', 'insert', NULL, '94e6ebfb-4052-6438-5462-ce13ea323d70');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (1, 'notes', 'c3f092bc-bdb6-542c-960a-926298eaca20', 'insert', NULL, '3f8c03ab-af71-333f-f586-2e011f840f40');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (1, 'image_batches', '92aaf9ff-bbb1-5237-ab61-88b4481e0444', 'insert', NULL, '9dc173e2-4b92-16f4-1896-00fec44cdb59');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (1, 'images', '2565857f-4164-50bb-a43c-d01568978b25', 'insert', NULL, '0dd322c7-2cf1-2d2d-3c67-82c681480cf2');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (2, 'patients', 'b9dea800-d1d8-56fa-b420-d7420e9ac140', 'update', '94e6ebfb-4052-6438-5462-ce13ea323d70', 'bb8e7033-be50-10b4-691f-b23c9e2bf427');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (2, 'patients', 'd8d1de87-2402-5548-9570-85ebd1d6a65b', 'insert', NULL, '4e326110-fbd1-bdba-1c30-95eb29555912');
INSERT INTO nexus_reimport.changes (publication, table_name, id, action, before, after) VALUES (2, 'notes', 'c3f092bc-bdb6-542c-960a-926298eaca20', 'update', '3f8c03ab-af71-333f-f586-2e011f840f40', '11f48ce8-90ff-da5c-4d59-d6ff9f991cc0');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('patients', '14476b96-af4b-5733-8599-3c24f1f4a07d', 'daa1bf3c-ac32-5504-a350-414c0a509c94');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('patients', '66d72fc4-ec3a-5056-81dc-cdd3e8b1046d', 'b9dea800-d1d8-56fa-b420-d7420e9ac140');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('notes', 'e68b1842-d131-5307-8e6a-c01617a665e8', 'c3f092bc-bdb6-542c-960a-926298eaca20');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('image_batches', '57ef9e5f-57e0-52c0-b5e1-defc7d735ba7', '92aaf9ff-bbb1-5237-ab61-88b4481e0444');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('images', '69e9108f-9e40-56c9-bb9d-155f677c3ebe', '2565857f-4164-50bb-a43c-d01568978b25');
INSERT INTO nexus_reimport.identities (table_name, source_key, id) VALUES ('patients', '28ca6f0e-edc5-556c-a62c-f6a469d85611', 'd8d1de87-2402-5548-9570-85ebd1d6a65b');
INSERT INTO nexus_reimport.publications (id, run_id, as_of, published_at, tables, kind, plan_id, backup, undoes, undone_by) OVERRIDING SYSTEM VALUE VALUES (1, 'run 1', '2026-07-01 02:00:00+00', '2026-12-01 03:54:20.564904+00', '{"notes": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 1, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 0, "edits_kept": 0}, "images": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 1, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 0, "edits_kept": 0}, "patients": {"read": 2, "rows": 2, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 2, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 0, "edits_kept": 0}, "image_batches": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 1, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 0, "edits_kept": 0}}', 'publication', NULL, '20260702T000000Z-run 1', '{}', NULL);
INSERT INTO nexus_reimport.publications (id, run_id, as_of, published_at, tables, kind, plan_id, backup, undoes, undone_by) OVERRIDING SYSTEM VALUE VALUES (2, 'run 2', '2026-07-02 02:00:00+00', '2026-12-01 03:54:20.884176+00', '{"notes": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 1, "archived": 0, "inserted": 0, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 0, "edits_kept": 0}, "images": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 0, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 1, "edits_kept": 0}, "patients": {"read": 3, "rows": 3, "missing": 0, "removed": 0, "updated": 1, "archived": 0, "inserted": 1, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 1, "edits_kept": 0}, "image_batches": {"read": 1, "rows": 1, "missing": 0, "removed": 0, "updated": 0, "archived": 0, "inserted": 0, "rejected": 0, "relinked": 0, "restored": 0, "conflicts": 0, "unchanged": 1, "edits_kept": 0}}', 'publication', NULL, '20260703T000000Z-run 2', '{}', NULL);
INSERT INTO nexus_reimport.written_image_batches (id, whole, object_id, name, description, uploaded_at, content_type_id) VALUES ('92aaf9ff-bbb1-5237-ab61-88b4481e0444', 'fb7c55a8-2d64-ceb1-368e-d6495b6a0a3d', '548efb4a-1a5f-0fdf-7628-1b35e7071a6c', 'df41273f-316e-9a11-0306-497f854a5d4d', '43ec3e5d-ee6e-706a-f776-6fffea512721', '6b542134-8b1d-fb6c-dcd1-d61b6c12ce93', '458ed1dd-2db6-f594-3e0a-9b45db913771');
INSERT INTO nexus_reimport.written_images (id, whole, s3_key, s3_thumbnail_key, original_name, file_size, mime_type, width, height, category, caption, date_taken, uploaded_at, "order", batch_id, thumbnail_size, filemaker_id) VALUES ('2565857f-4164-50bb-a43c-d01568978b25', '098523bd-25ee-8c3e-f469-6f76962baea3', 'e8be9aa4-46c6-ed9f-9e68-d34d159449ad', '43ec3e5d-ee6e-706a-f776-6fffea512721', '43ec3e5d-ee6e-706a-f776-6fffea512721', '4e0eea1b-d7d6-e461-16f2-b7fbbe8d4026', '43ec3e5d-ee6e-706a-f776-6fffea512721', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '43ec3e5d-ee6e-706a-f776-6fffea512721', '43ec3e5d-ee6e-706a-f776-6fffea512721', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '6b542134-8b1d-fb6c-dcd1-d61b6c12ce93', '4e0eea1b-d7d6-e461-16f2-b7fbbe8d4026', 'ae4c1b7d-10d8-07cc-39b8-da58450dfcf7', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e');
INSERT INTO nexus_reimport.written_notes (id, whole, note_type, content, created_at, created_by, patient_id) VALUES ('c3f092bc-bdb6-542c-960a-926298eaca20', '2c4ca3cf-b5c8-61c7-4c15-c8d61c9db8b3', 'e978897c-d964-9ff9-2311-2e70913a3fce', '30354f26-cace-517c-064b-74d6f564c55f', '6b542134-8b1d-fb6c-dcd1-d61b6c12ce93', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '548efb4a-1a5f-0fdf-7628-1b35e7071a6c');
INSERT INTO nexus_reimport.written_patients (id, whole, first_name, last_name, middle_names, dob, sex, contact_json, address_json, created_at, clinic_id, coordinator_name, funding_type_id, health_number, title, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date) VALUES ('daa1bf3c-ac32-5504-a350-414c0a509c94', 'dfd1ee2f-b8ab-2db3-d73c-63fc380137ec', 'f9752332-ca85-081b-c36e-3ef60558ad60', '43ec3e5d-ee6e-706a-f776-6fffea512721', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'c3fc66ac-f79e-4a95-4c61-2a6cadd7652d', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '6b542134-8b1d-fb6c-dcd1-d61b6c12ce93', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e');
INSERT INTO nexus_reimport.written_patients (id, whole, first_name, last_name, middle_names, dob, sex, contact_json, address_json, created_at, clinic_id, coordinator_name, funding_type_id, health_number, title, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date) VALUES ('d8d1de87-2402-5548-9570-85ebd1d6a65b', '99c797b3-715c-c7a6-c910-79de1e2e90ce', '47f5c01a-6166-4c36-2c2e-bd0b1d97b80c', '43ec3e5d-ee6e-706a-f776-6fffea512721', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '5bc8023b-2a3b-77cd-3ad6-dd85c149001c', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e');
INSERT INTO nexus_reimport.written_patients (id, whole, first_name, last_name, middle_names, dob, sex, contact_json, address_json, created_at, clinic_id, coordinator_name, funding_type_id, health_number, title, filemaker_metadata, ndis_plan_end_date, ndis_plan_start_date) VALUES ('b9dea800-d1d8-56fa-b420-d7420e9ac140', '292ecd3b-4150-1282-f4f9-d958b4b60790', '715490b3-db6a-5d00-965b-4a287556061c', '43ec3e5d-ee6e-706a-f776-6fffea512721', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '3180a321-ed78-3fbe-e709-1da1058fe217', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', '3a3c9f7b-d423-aab6-ce5b-98aaf03e3ad6', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e', 'd41d8cd9-8f00-b204-e980-0998ecf8427e');
SELECT pg_catalog.setval('nexus_reimport.publications_id_seq', 2, true);
ALTER TABLE ONLY nexus_reimport.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (publication, table_name, id);
ALTER TABLE ONLY nexus_reimport.former_identities
    ADD CONSTRAINT former_identities_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (table_name, source_key);
ALTER TABLE ONLY nexus_reimport.identities
    ADD CONSTRAINT identities_table_name_id_key UNIQUE (table_name, id);
ALTER TABLE ONLY nexus_reimport.publications
    ADD CONSTRAINT publications_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_appointments
    ADD CONSTRAINT written_appointments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_documents
    ADD CONSTRAINT written_documents_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_image_batches
    ADD CONSTRAINT written_image_batches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_images
    ADD CONSTRAINT written_images_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_notes
    ADD CONSTRAINT written_notes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_patients
    ADD CONSTRAINT written_patients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY nexus_reimport.written_sms_messages
    ADD CONSTRAINT written_sms_messages_pkey PRIMARY KEY (id);
