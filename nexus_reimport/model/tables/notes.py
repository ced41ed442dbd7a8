"""Notes, from FileMaker's notes."""

from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.tables.shared import CREATED_AT, KEY, UPDATED_AT

NOTES = Table(
    name="notes",
    relation="notes",
    source="filemaker/notes",
    paged_by="created_at",
    columns=(
        KEY,
        Column(
            "note_type",
            "varchar",
            "Kind of note, by the words of FileMaker's.",
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
        Column("content", "text", "The note's text."),
        CREATED_AT,
        UPDATED_AT,
        Column("created_by", "varchar", "The account that made it.", null=True, length=100),
        Column("patient_id", "uuid", "Whose note it is."),
    ),
    links=(Link("patient_id", "patients"),),
)
