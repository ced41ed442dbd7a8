"""SMS messages, from FileMaker's messages."""

from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.tables.shared import CREATED_AT, KEY

SMS_MESSAGES = Table(
    name="sms_messages",
    relation="sms_messages",
    source="filemaker/messages",
    paged_by="created_at",
    columns=(
        KEY,
        Column("phone_number", "varchar", "The number, in E.164 where it is one.", length=20),
        Column("message", "text", "The message's text."),
        Column(
            "status",
            "varchar",
            "What became of it.",
            length=20,
            choices=("pending", "sent", "delivered", "failed", "cancelled"),
        ),
        Column("external_message_id", "varchar", "The message's id at the gateway.", length=100),
        CREATED_AT,
        Column("scheduled_at", "timestamptz", "When it was to be sent.", null=True, role="initial"),
        Column("sent_at", "timestamptz", "When it was sent.", null=True),
        Column("delivered_at", "timestamptz", "When it was delivered.", null=True, role="initial"),
        Column("error_message", "text", "Why it could not be sent.", role="initial"),
        Column("retry_count", "integer", "How often it was tried again.", role="initial"),
        Column("sms_count", "integer", "How many parts it was sent in."),
        Column("cost", "numeric", "What it cost.", null=True, role="initial"),
        Column("notes", "text", "What people note of it.", role="initial"),
        Column("appointment_id", "uuid", "The appointment it is about.", null=True),
        Column("patient_id", "uuid", "Whose it is, by id or by the number.", null=True),
        Column("template_id", "uuid", "The template it was made of.", null=True, role="initial"),
    ),
    links=(Link("patient_id", "patients"), Link("appointment_id", "appointments")),
)
