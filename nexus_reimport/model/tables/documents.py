"""Documents, from FileMaker's documents and their files in S3."""

from dataclasses import replace

from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.tables.shared import CONTENT_TYPE_ID, KEY, UPDATED_AT, UPLOADED_AT

DOCUMENTS = Table(
    name="documents",
    relation="documents_document",
    source="filemaker/docs",
    unique=("filemaker_id",),
    paged_by="uploaded_at",
    columns=(
        KEY,
        Column("object_id", "uuid", "The patient whose document it is.", null=True),
        Column("file_name", "varchar", "Name of the file.", length=255),
        Column("original_name", "varchar", "Name of the file when it was made.", length=255),
        Column("file_size", "integer", "The file's exact bytes."),
        Column("mime_type", "varchar", "Media type, by the file's extension.", length=100),
        Column("s3_bucket", "varchar", "The bucket that the file is in.", length=255),
        Column("s3_key", "varchar", "Where the file is in the bucket.", length=512),
        Column("s3_url", "varchar", "An address of the file.", length=1024, role="initial"),
        Column("category", "varchar", "Kind of document.", length=100),
        Column("description", "text", "What people say of it.", role="initial"),
        Column("tags", "jsonb", "Marks that people set.", role="initial", is_list=True),
        Column("uploaded_by", "varchar", "Who uploaded it.", length=100, role="initial"),
        UPLOADED_AT,
        UPDATED_AT,
        Column("is_active", "boolean", "Whether it is shown.", role="initial"),
        replace(CONTENT_TYPE_ID, null=True),
        Column("document_date", "date", "Day of the document.", null=True),
        Column("filemaker_id", "uuid", "FileMaker id of the document.", null=True),
        Column(
            "filemaker_metadata",
            "jsonb",
            "What FileMaker knows beside the columns.",
            null=True,
            volatile_keys=("imported_at",),
        ),
    ),
    links=(Link("object_id", "patients", type_column="content_type_id"),),
)
