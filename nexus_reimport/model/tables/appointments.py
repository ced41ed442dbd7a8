"""Appointments, from FileMaker's events."""

from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.tables.shared import CREATED_AT, KEY, UPDATED_AT

APPOINTMENTS = Table(
    name="appointments",
    relation="appointments",
    source="filemaker/events",
    unique=("filemaker_event_id",),
    paged_by="created_at",
    columns=(
        KEY,
        Column("start_time", "timestamptz", "When it starts, UTC."),
        Column("end_time", "timestamptz", "When it ends, UTC; the start where nothing says.", null=True),
        Column(
            "status",
            "varchar",
            "What became of it; without a word of FileMaker's, decided by time.",
            length=20,
            choices=("scheduled", "checked_in", "completed", "cancelled", "no_show"),
        ),
        Column("reason", "text", "First sentence or line of the booking's note.", null=True),
        Column("notes", "text", "The booking's note, then the consultation's.", null=True),
        CREATED_AT,
        UPDATED_AT,
        Column(
            "clinic_id", "uuid", "The calendar's clinic, else the patient's, else the default.", null=True
        ),
        Column("clinician_id", "uuid", "Who sees the patient.", null=True),
        Column("patient_id", "uuid", "Whose appointment it is.", null=True),
        Column("filemaker_event_id", "uuid", "FileMaker id of the event.", null=True),
        Column("appointment_type_id", "uuid", "The kind of appointment.", null=True),
        Column("billing_company_id", "uuid", "The company that is billed.", null=True, role="initial"),
        Column("billing_notes", "text", "Notes on the bill.", role="initial"),
        Column(
            "invoice_contact_type",
            "varchar",
            "Who gets the invoice.",
            length=20,
            choices=("patient", "company"),
            role="initial",
        ),
        Column("followup_scheduled", "boolean", "Whether a next appointment is made.", role="initial"),
        Column(
            "needs_followup_reminder", "boolean", "Whether a next one is to be reminded of.", role="initial"
        ),
        Column("parent_appointment_id", "uuid", "The first of a series.", null=True, role="initial"),
        Column("is_recurring", "boolean", "Whether it is of a series.", role="initial"),
        Column("recurrence_end_date", "date", "Last day of the series.", null=True, role="initial"),
        Column("recurrence_group_id", "uuid", "The series it is of.", null=True, role="initial"),
        Column(
            "recurrence_pattern",
            "varchar",
            "How the series goes on.",
            null=True,
            length=20,
            choices=("daily", "weekly", "biweekly", "monthly"),
            role="initial",
        ),
        Column(
            "sms_confirmation_message", "text", "The answer that confirmed it.", null=True, role="initial"
        ),
        Column("sms_confirmed", "boolean", "Whether it was confirmed by SMS.", role="initial"),
        Column("sms_confirmed_at", "timestamptz", "When it was confirmed by SMS.", null=True, role="initial"),
        Column(
            "sms_reminder_sent_at", "timestamptz", "When the reminder went out.", null=True, role="initial"
        ),
        Column(
            "sms_cancellation_message", "text", "The answer that cancelled it.", null=True, role="initial"
        ),
        Column("sms_cancelled", "boolean", "Whether it was cancelled by SMS.", role="initial"),
        Column("sms_cancelled_at", "timestamptz", "When it was cancelled by SMS.", null=True, role="initial"),
    ),
    links=(
        Link("patient_id", "patients"),
        Link("clinic_id", "clinics"),
        Link("clinician_id", "clinicians"),
        Link("appointment_type_id", "appointment_types"),
    ),
)
