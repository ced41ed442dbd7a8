"""`$metadata` as the real server writes it: `id.key` for `id_key`, a text said to be a date."""

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from nexus_reimport.sandbox.filemaker.entities import StoredEntity

LIES = {("API_Docs", "Type"): "Edm.Date"}
FLAGS = frozenset({"Diabetes", "Email default", "SMS Phone", "SMS Toggle"})
NUMBERS = frozenset({"SMSCredits", "recid", "filesize"})
DATES = frozenset({"DOB", "Date", "date", "startDate", "endDate", "NexusExportDate"})
TIMES = frozenset({"startTime", "endTime"})
CONTAINERS = {
    "API_Docs": ("Doc",),
    "API_Images": ("image_Full", "image_Ex_large", "image_large", "image_medium", "image_small"),
}
UNDECLARED_KEYS = frozenset({"API_event"})


def edm_type(entity: str, name: str) -> str:
    """Return the type that the server claims for a property."""
    if (entity, name) in LIES:
        return LIES[entity, name]
    if name in FLAGS | NUMBERS:
        return "Edm.Decimal"
    if name in DATES or name.startswith("NDIS Plan"):
        return "Edm.Date"
    if name in TIMES:
        return "Edm.TimeOfDay"
    return "Edm.DateTimeOffset" if name.endswith("Timestamp") else "Edm.String"


def entity_type(entity: StoredEntity) -> str:
    """Return the EntityType element of an entity set."""
    key = entity.properties[0] if entity.properties else "id"
    declared = (
        f"<Key><PropertyRef Name={quoteattr(key)}/></Key>" if entity.name not in UNDECLARED_KEYS else ""
    )
    types = {name.replace("id_key", "id.key"): edm_type(entity.name, name) for name in entity.properties}
    types.update(dict.fromkeys(CONTAINERS.get(entity.name, ()), "Edm.Stream"))
    properties = "".join(
        f"<Property Name={quoteattr(name)} Type={quoteattr(edm)}/>" for name, edm in types.items()
    )
    return f"<EntityType Name={quoteattr(entity.name + '_')}>{declared}{properties}</EntityType>"


def edmx(database: str, entities: Iterable[StoredEntity]) -> str:
    """Return the EDMX document of a database."""
    stored = list(entities)
    types = "".join(entity_type(entity) for entity in stored)
    namespace = quoteattr(f"{database}_v1")
    sets = "".join(
        f"<EntitySet Name={quoteattr(entity.name)} EntityType={quoteattr(f'{database}_v1.{entity.name}_')}/>"
        for entity in stored
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace={namespace} xmlns="http://docs.oasis-open.org/odata/ns/edm">{types}'
        f"<EntityContainer Name={quoteattr(database)}>{sets}</EntityContainer>"
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )
