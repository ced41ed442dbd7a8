"""The tables of Nexus that a reimport publishes; a table that points at others comes after them.

Read off a live database after its migrations: no defaults in the database, so every column is there.
"""

from nexus_reimport.model.columns import Table
from nexus_reimport.model.tables.appointments import APPOINTMENTS as APPOINTMENTS
from nexus_reimport.model.tables.documents import DOCUMENTS as DOCUMENTS
from nexus_reimport.model.tables.images import IMAGE_BATCHES as IMAGE_BATCHES
from nexus_reimport.model.tables.images import IMAGES as IMAGES
from nexus_reimport.model.tables.notes import NOTES as NOTES
from nexus_reimport.model.tables.patients import PATIENTS as PATIENTS
from nexus_reimport.model.tables.sms_messages import SMS_MESSAGES as SMS_MESSAGES

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
