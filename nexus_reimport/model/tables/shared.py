"""Columns that several tables have."""

from nexus_reimport.model.columns import Column

KEY = Column("id", "uuid", "Who the row is: the same for ever.", role="key")
CREATED_AT = Column(
    "created_at", "timestamptz", "When the record was made; Nexus lists by it.", distinct=True
)
UPDATED_AT = Column("updated_at", "timestamptz", "When the row was last written.", role="stamp")
UPLOADED_AT = Column(
    "uploaded_at",
    "timestamptz",
    "When the file was first put into the bucket; Nexus lists by it.",
    distinct=True,
)
CONTENT_TYPE_ID = Column(
    "content_type_id", "integer", "Nexus's number for what object_id points at: a patient."
)
UPLOADED_BY_ID = Column(
    "uploaded_by_id",
    "integer",
    "The person who uploaded it; an import leaves it empty.",
    null=True,
    role="initial",
)
