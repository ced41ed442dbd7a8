"""The FileMaker entity sets that a reimport reads: keys and fields, named exactly as the JSON has them."""

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from nexus_reimport.model.columns import Column, Frame

TEXT = pd.ArrowDtype(pa.string())

# A column of every extract beside its fields.
UNREADABLE_COLUMN = "unreadable"
# Not in frames that an earlier release has stored.
_UNREADABLE = Column(
    UNREADABLE_COLUMN,
    "text",
    "The row's fields whose value is not what FileMaker has, each with a reason, as JSON; or null.",
    null=True,
    rules=("json_object",),
    optional=True,
)


@dataclass(frozen=True)
class Field:
    """One property of an entity set. An optional one may be absent from every answer and is then null."""

    name: str
    optional: bool = False
    description: str = ""


@dataclass(frozen=True)
class EntitySet:
    """One entity set: `asset` names the extract, `entity` the OData resource, `key` the record's id."""

    asset: str
    entity: str
    key: str
    fields: tuple[Field, ...] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the extract frame's column order."""
        return tuple(one.name for one in self.fields)

    @property
    def frame(self) -> Frame:
        """The frame of a complete extract: every field as text, the key given, never twice."""
        fields = (_column(one, is_key=one.name == self.key) for one in self.fields)
        return Frame(f"filemaker/{self.asset}", (*fields, _UNREADABLE), is_ordered=False)

    @property
    def required(self) -> frozenset[str]:
        """The names of the fields that every answer must have."""
        return frozenset(one.name for one in self.fields if not one.optional)


def _column(one: Field, *, is_key: bool) -> Column:
    return Column(
        one.name, "text", one.description, null=not is_key, rules=("not_repeated",) if is_key else ()
    )


AUDIT_FIELDS: tuple[Field, ...] = (
    Field("creationTimestamp", description="When the record was made, ISO 8601 with offset."),
    Field("modificationTimestamp", description="When the record was last changed, ISO 8601 with offset."),
    Field("creationAccountName", description="The account that made the record."),
    Field("modificationAccountName", description="The account that last changed the record."),
)

CONTACTS = EntitySet(
    asset="contacts",
    entity="API_Contacts",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the patient, a UUID."),
        Field("title", description="Title as typed, with or without its dot."),
        Field("nameFirst", description="First name."),
        Field("nameMiddle", description="Middle names."),
        Field("nameLast", description="Last name."),
        Field("DOB", description="Date of birth, YYYY-MM-DD."),
        Field("gender", description="Gender as typed."),
        Field("Health Number", description="Health number as typed."),
        Field("contactType", description="Kind of contact."),
        Field("Area", description="Area."),
        Field("Funding", description="Name of the funding source."),
        Field("id_Clinic", description="FileMaker id of the clinic."),
        Field("Clinic_Name", description="Name of the clinic."),
        Field("_kf_XeroContactID", description="The contact's id in Xero."),
        Field("NDIS Plan Start Date", description="First day of the NDIS plan, YYYY-MM-DD."),
        Field("NDIS Plan End Date", description="Last day of the NDIS plan, YYYY-MM-DD."),
        Field("NDIS Coordinator Name", description="Name of the NDIS coordinator."),
        Field("NDIS Coordinator Phone", description="Phone of the NDIS coordinator."),
        Field("NDIS Coordinator Email", description="Email of the NDIS coordinator."),
        Field("NDIS notes", description="Notes on the NDIS plan."),
        Field("Diabetes", description="Flag, 1 or null."),
        Field("CYS_ID", optional=True, description="Id in an older system; absent from some hosts."),
        *AUDIT_FIELDS,
    ),
)

CONTACT_DETAILS = EntitySet(
    asset="contact_details",
    entity="API_Contact_Details",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the detail, a UUID."),
        Field("id_key", description="FileMaker id of its contact; also of referrers and companies."),
        Field("type", description="Phone, Mobile, Email or Address."),
        Field("Name", description="Label: Home, Work or a person's."),
        Field("ph", description="The number; the address where the type is Email."),
        Field("Email default", description="Flag, 1 or null: the email to use first."),
        Field("SMS Phone", description="Flag, 1 or null: the number that gets SMS."),
        Field("PhoneMobileIntFormat", description="The mobile number in international form."),
        Field("address 1", description="First line of the address."),
        Field("address 2", description="Second line of the address."),
        Field("suburb", description="Suburb."),
        Field("state", description="State."),
        Field("post code", description="Postcode."),
        Field("country", description="Country."),
        Field("Full Address one line", description="The whole address in one line."),
        *AUDIT_FIELDS,
    ),
)

CLINICS = EntitySet(
    asset="clinics",
    entity="API_Clinic_Name",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the clinic, a UUID."),
        Field("Name", description="Name of the clinic."),
        Field("SMS Toggle", description="Flag, 1 or null: whether the clinic sends SMS."),
        *AUDIT_FIELDS,
    ),
)

EVENTS = EntitySet(
    asset="events",
    entity="API_event",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the event, a UUID."),
        Field("title", description="Title in the calendar."),
        Field("startDate", description="First day, YYYY-MM-DD."),
        Field("startTime", description="Start, Sydney wall time, HH:MM:SS."),
        Field("endDate", description="Last day, YYYY-MM-DD."),
        Field("endTime", description="End, Sydney wall time, HH:MM:SS."),
        Field("allDay", description="Flag, 1 or empty."),
        Field("idCal", description="FileMaker id of the clinic."),
        Field("id_Contact", description="FileMaker id of the patient."),
        Field("id_Referrer", description="FileMaker id of the referrer."),
        Field("note", description="Note of the booking."),
        Field("Consult Notes", description="Notes of the consultation."),
        Field("location", description="Location."),
        Field("url", description="Link."),
        Field("id_Clinician", optional=True, description="Id of the clinician; absent from some hosts."),
        Field("clinician_name", optional=True, description="Name of the clinician; absent from some hosts."),
        Field("Type", optional=True, description="Kind of appointment; absent from some hosts."),
        Field("Status", optional=True, description="Status of the appointment; absent from some hosts."),
        *AUDIT_FIELDS,
    ),
)

CLINICAL_NOTES = EntitySet(
    asset="notes",
    entity="API_Notes",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the note, a UUID."),
        Field("id_Key", description="FileMaker id of the patient."),
        Field("Date", description="Day of the note, YYYY-MM-DD."),
        Field("Note", description="The note's text."),
        Field("Note Type", description="Kind of note as typed."),
        *AUDIT_FIELDS,
    ),
)

MESSAGES = EntitySet(
    asset="messages",
    entity="API_Messages",
    key="_kp_MessageID",
    fields=(
        Field("_kp_MessageID", description="FileMaker id of the message, a UUID."),
        Field("_kf_ContactID", description="FileMaker id of the patient, often empty."),
        Field("_kf_EventID", description="FileMaker id of the event."),
        Field("MessageBody", description="The message's text."),
        Field("MessageStatus", description="Status as the gateway gave it."),
        Field("SentTimestamp", description="When it was sent, ISO 8601; Sydney wall time without an offset."),
        Field("RecipientPhoneMobile", description="The number as typed."),
        Field("RecipientPhoneMobileIntFormat", description="The number in international form."),
        Field("_kf_GatewayMessageID", description="The message's id at the gateway."),
        Field("SMSCredits", description="Credits it cost."),
        *AUDIT_FIELDS,
    ),
)

DOCS = EntitySet(
    asset="docs",
    entity="API_Docs",
    key="id",
    fields=(
        Field("id", description="FileMaker id of the document, a UUID."),
        Field("id_Contact", description="FileMaker id of the patient."),
        Field("Type", description="Kind of document as typed."),
        Field("Date", description="Day of the document, YYYY-MM-DD, often null."),
        Field("id_Order", description="Id of the order it belongs to."),
        Field("NexusExportDate", description="When its file was copied to S3."),
        *AUDIT_FIELDS,
    ),
)

ENTITY_SETS: tuple[EntitySet, ...] = (
    CONTACTS,
    CONTACT_DETAILS,
    CLINICS,
    EVENTS,
    CLINICAL_NOTES,
    MESSAGES,
    DOCS,
)
BY_ASSET: dict[str, EntitySet] = {one.asset: one for one in ENTITY_SETS}
