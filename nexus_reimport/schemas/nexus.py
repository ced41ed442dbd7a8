"""The tables of Nexus that a reimport publishes, column by column, and who decides each value.

Read off a live database after its migrations: no defaults in the database, so every column is here.
"""

from nexus_reimport.schemas.columns import Column, Link, Table

KEY = Column("id", "uuid", role="key")
CREATED_AT = Column("created_at", "timestamptz")
UPDATED_AT = Column("updated_at", "timestamptz", role="stamp")

PATIENTS = Table(
    name="patients",
    relation="patients",
    source="filemaker/contacts",
    unique=("mrn",),
    columns=(
        KEY,
        Column("mrn", "varchar", null=True, length=50, role="initial"),
        Column("first_name", "varchar", length=100),
        Column("last_name", "varchar", length=100),
        Column("middle_names", "varchar", null=True, length=100),
        Column("dob", "date", null=True),
        Column("sex", "varchar", null=True, length=20, choices=("M", "F", "O", "U")),
        Column("contact_json", "jsonb", null=True, entries="contact"),
        Column("address_json", "jsonb", null=True, entries="address"),
        Column("emergency_json", "jsonb", null=True, role="initial"),
        Column("flags_json", "jsonb", null=True, role="initial"),
        CREATED_AT,
        UPDATED_AT,
        Column("clinic_id", "uuid", null=True),
        Column("coordinator_date", "date", null=True, role="initial"),
        Column("coordinator_name", "varchar", null=True, length=200),
        Column("funding_type_id", "uuid", null=True),
        Column("health_number", "varchar", null=True, length=50),
        Column("notes", "text", null=True, role="initial"),
        Column("plan_end_date", "date", null=True, role="initial"),
        Column("plan_start_date", "date", null=True, role="initial"),
        Column("title", "varchar", null=True, length=10, choices=("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof")),
        Column("archived", "boolean", role="initial"),
        Column("archived_at", "timestamptz", null=True, role="initial"),
        Column("archived_by", "varchar", null=True, length=100, role="initial"),
        Column("plan_dates_json", "jsonb", null=True, role="initial"),
        Column("filemaker_metadata", "jsonb", null=True, volatile_keys=("imported_at",)),
        Column("ndis_plan_end_date", "date", null=True),
        Column("ndis_plan_start_date", "date", null=True),
        Column("funding_source", "varchar", null=True, length=50),
    ),
    links=(Link("clinic_id", "clinics"), Link("funding_type_id", "funding_sources")),
)

APPOINTMENTS = Table(
    name="appointments",
    relation="appointments",
    source="filemaker/events",
    unique=("filemaker_event_id",),
    columns=(
        KEY,
        Column("start_time", "timestamptz"),
        Column("end_time", "timestamptz", null=True),
        Column(
            "status",
            "varchar",
            length=20,
            choices=("scheduled", "checked_in", "completed", "cancelled", "no_show"),
        ),
        Column("reason", "text", null=True),
        Column("notes", "text", null=True),
        CREATED_AT,
        UPDATED_AT,
        Column("clinic_id", "uuid", null=True),
        Column("clinician_id", "uuid", null=True),
        Column("patient_id", "uuid", null=True),
        Column("filemaker_event_id", "uuid", null=True),
        Column("appointment_type_id", "uuid", null=True),
        Column("billing_company_id", "uuid", null=True, role="initial"),
        Column("billing_notes", "text", role="initial"),
        Column("invoice_contact_type", "varchar", length=20, choices=("patient", "company"), role="initial"),
        Column("followup_scheduled", "boolean", role="initial"),
        Column("needs_followup_reminder", "boolean", role="initial"),
        Column("parent_appointment_id", "uuid", null=True, role="initial"),
        Column("is_recurring", "boolean", role="initial"),
        Column("recurrence_end_date", "date", null=True, role="initial"),
        Column("recurrence_group_id", "uuid", null=True, role="initial"),
        Column(
            "recurrence_pattern",
            "varchar",
            null=True,
            length=20,
            choices=("daily", "weekly", "biweekly", "monthly"),
            role="initial",
        ),
        Column("sms_confirmation_message", "text", null=True, role="initial"),
        Column("sms_confirmed", "boolean", role="initial"),
        Column("sms_confirmed_at", "timestamptz", null=True, role="initial"),
        Column("sms_reminder_sent_at", "timestamptz", null=True, role="initial"),
        Column("sms_cancellation_message", "text", null=True, role="initial"),
        Column("sms_cancelled", "boolean", role="initial"),
        Column("sms_cancelled_at", "timestamptz", null=True, role="initial"),
    ),
    links=(
        Link("patient_id", "patients"),
        Link("clinic_id", "clinics"),
        Link("clinician_id", "clinicians"),
        Link("appointment_type_id", "appointment_types"),
    ),
)

NOTES = Table(
    name="notes",
    relation="notes",
    source="filemaker/notes",
    columns=(
        KEY,
        Column(
            "note_type",
            "varchar",
            length=50,
            choices=(
                "clinical_notes",
                "clinic_dates",
                "order_notes",
                "admin_notes",
                "referral",
                "3d_scan_data",
                "workshop_note",
                "other",
            ),
        ),
        Column("content", "text"),
        CREATED_AT,
        UPDATED_AT,
        Column("created_by", "varchar", null=True, length=100),
        Column("patient_id", "uuid"),
    ),
    links=(Link("patient_id", "patients"),),
)

SMS_MESSAGES = Table(
    name="sms_messages",
    relation="sms_messages",
    source="filemaker/messages",
    columns=(
        KEY,
        Column("phone_number", "varchar", length=20),
        Column("message", "text"),
        Column(
            "status", "varchar", length=20, choices=("pending", "sent", "delivered", "failed", "cancelled")
        ),
        Column("external_message_id", "varchar", length=100),
        CREATED_AT,
        Column("scheduled_at", "timestamptz", null=True, role="initial"),
        Column("sent_at", "timestamptz", null=True),
        Column("delivered_at", "timestamptz", null=True, role="initial"),
        Column("error_message", "text", role="initial"),
        Column("retry_count", "integer", role="initial"),
        Column("sms_count", "integer"),
        Column("cost", "numeric", null=True, role="initial"),
        Column("notes", "text", role="initial"),
        Column("appointment_id", "uuid", null=True),
        Column("patient_id", "uuid", null=True),
        Column("template_id", "uuid", null=True, role="initial"),
    ),
    links=(Link("patient_id", "patients"), Link("appointment_id", "appointments")),
)

DOCUMENTS = Table(
    name="documents",
    relation="documents_document",
    source="filemaker/docs",
    unique=("filemaker_id",),
    columns=(
        KEY,
        Column("object_id", "uuid", null=True),
        Column("file_name", "varchar", length=255),
        Column("original_name", "varchar", length=255),
        Column("file_size", "integer"),
        Column("mime_type", "varchar", length=100),
        Column("s3_bucket", "varchar", length=255),
        Column("s3_key", "varchar", length=512),
        Column("s3_url", "varchar", length=1024, role="initial"),
        Column("category", "varchar", length=100),
        Column("description", "text", role="initial"),
        Column("tags", "jsonb", role="initial"),
        Column("uploaded_by", "varchar", length=100, role="initial"),
        Column("uploaded_at", "timestamptz"),
        UPDATED_AT,
        Column("is_active", "boolean", role="initial"),
        Column("content_type_id", "integer", null=True),
        Column("document_date", "date", null=True),
        Column("filemaker_id", "uuid", null=True),
        Column("filemaker_metadata", "jsonb", null=True, volatile_keys=("imported_at",)),
    ),
    links=(Link("object_id", "patients"),),
)

IMAGE_BATCHES = Table(
    name="image_batches",
    relation="images_batch",
    columns=(
        KEY,
        Column("object_id", "uuid"),
        Column("name", "varchar", length=255),
        Column("description", "text"),
        Column("uploaded_at", "timestamptz"),
        Column("image_count", "integer", role="initial"),
        Column("content_type_id", "integer"),
        Column("uploaded_by_id", "integer", null=True, role="initial"),
    ),
    links=(Link("object_id", "patients"),),
)

IMAGES = Table(
    name="images",
    relation="images_image",
    source="files/s3_listing",
    unique=("filemaker_id",),
    columns=(
        KEY,
        Column("s3_key", "varchar", length=500),
        Column("s3_thumbnail_key", "varchar", length=500),
        Column("original_name", "varchar", length=255),
        Column("file_size", "integer"),
        Column("mime_type", "varchar", length=100),
        Column("width", "integer", null=True),
        Column("height", "integer", null=True),
        Column("category", "varchar", length=100),
        Column("caption", "text"),
        Column("date_taken", "date", null=True),
        Column("uploaded_at", "timestamptz"),
        Column("order", "integer"),
        Column("batch_id", "uuid"),
        Column("uploaded_by_id", "integer", null=True, role="initial"),
        Column("thumbnail_size", "integer", null=True),
        Column("filemaker_id", "uuid", null=True),
    ),
    links=(Link("batch_id", "images_batch"),),
)

TABLES: tuple[Table, ...] = (
    PATIENTS,
    APPOINTMENTS,
    NOTES,
    SMS_MESSAGES,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
)
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
