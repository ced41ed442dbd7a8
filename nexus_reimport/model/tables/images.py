"""Photographs and their batches, from the image export, the files in S3 and their thumbnails."""

from nexus_reimport.model.columns import Column, Link, Table
from nexus_reimport.model.tables.shared import CONTENT_TYPE_ID, KEY, UPLOADED_AT, UPLOADED_BY_ID

IMAGE_BATCHES = Table(
    name="image_batches",
    relation="images_batch",
    keyed_by="batch_key",
    paged_by="uploaded_at",
    columns=(
        KEY,
        Column("object_id", "uuid", "The patient whose photographs they are."),
        Column("name", "varchar", "The day, as pages show it.", length=255),
        Column("description", "text", "That it was imported."),
        UPLOADED_AT,
        Column("image_count", "integer", "How many images are in it.", role="initial"),
        CONTENT_TYPE_ID,
        UPLOADED_BY_ID,
    ),
    links=(Link("object_id", "patients", type_column="content_type_id"),),
)

IMAGES = Table(
    name="images",
    relation="images_image",
    source="files/s3_listing",
    unique=("filemaker_id",),
    paged_by="uploaded_at",
    is_of_files=True,
    columns=(
        KEY,
        Column("s3_key", "varchar", "Where the photograph is in the bucket.", length=500),
        Column("s3_thumbnail_key", "varchar", "Where its thumbnail is.", length=500, of_the_picture=True),
        Column("original_name", "varchar", "Name of the file.", length=255),
        Column("file_size", "integer", "The file's exact bytes."),
        Column("mime_type", "varchar", "Media type, by the file's bytes.", length=100, of_the_picture=True),
        Column("width", "integer", "Pixels across, as a viewer shows it.", null=True, of_the_picture=True),
        Column("height", "integer", "Pixels down, as a viewer shows it.", null=True, of_the_picture=True),
        Column("category", "varchar", "Kind of photograph.", length=100),
        Column("caption", "text", "What is said below it."),
        Column("date_taken", "date", "The day it was taken.", null=True),
        UPLOADED_AT,
        Column("order", "integer", "Its place in the batch, from 0."),
        Column("batch_id", "uuid", "The batch it is in."),
        UPLOADED_BY_ID,
        Column("thumbnail_size", "integer", "The thumbnail's exact bytes.", null=True, of_the_picture=True),
        Column("filemaker_id", "uuid", "FileMaker id of the photograph.", null=True),
    ),
    links=(Link("batch_id", "images_batch"),),
)
