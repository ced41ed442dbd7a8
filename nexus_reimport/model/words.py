"""The words that a report uses for tables, steps and counts, so that no code of ours is in its sentences."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

CLINIC_TIME = ZoneInfo("Australia/Sydney")

_TABLES = {
    "patients": "Patients",
    "appointments": "Appointments",
    "notes": "Notes",
    "sms_messages": "SMS messages",
    "documents": "Documents",
    "image_batches": "Image batches",
    "images": "Images",
}
_SOURCES = {
    "image_batches": "groups of photographs",
    "images": "photographs in the file store",
}
POINTED_AT = {
    "clinic_id": "clinic",
    "clinician_id": "clinician",
    "patient_id": "patient",
    "object_id": "patient",
    "appointment_id": "appointment",
    "appointment_type_id": "type of appointment",
    "funding_type_id": "funding source",
    "batch_id": "image batch",
}
STAGES = {
    "filemaker": "Reading FileMaker",
    "files": "Reading files",
    "thumbnails": "Small pictures",
    "nexus_state": "Reading Nexus",
    "staged": "Preparing rows",
    "checks": "Checking",
    "plan": "Planning",
    "backup": "Backing up",
    "nexus": "Writing to Nexus",
    "rollback": "Taking back",
    "report": "This report",
}
_STEPS = {
    "nexus_publication": "Writing everything to Nexus",
    "nexus_state": "Reading Nexus as it is",
    "nexus_checks": "Checking Nexus afterwards",
    "thumbnails": "Making small pictures",
    "files__s3_listing": "Listing the file store",
    "files__image_csv": "Reading the image export",
    "plan": "Working out what to do",
    "backup": "Backing up and proving it",
    "rollback": "Putting Nexus back and comparing",
    "report": "Writing this report",
}


def table_words(name: str) -> str:
    """Return a table's name as the clinic's own reports had it."""
    return _TABLES.get(name, name.replace("_", " ").capitalize())


def table_in_sentence(name: str) -> str:
    """Return a table's name as it stands inside a sentence."""
    said = table_words(name)
    return said if said[:2].isupper() else said[0].lower() + said[1:]


def asset_words(asset: str) -> str:
    """Return an asset's key (`staged/notes`) in words: whose, and at which stage."""
    stage, _, name = asset.partition("/")
    where = {"filemaker": "as read", "files": "as read", "staged": "as prepared", "nexus": "in Nexus"}
    return f"{table_words(name)}, {where[stage]}" if name and stage in where else table_words(asset)


def check_words(check: str) -> str:
    """Return a check's name as words."""
    return check.replace("_", " ").capitalize()


def step_words(step: str) -> str:
    """Return what a step does."""
    if step in _STEPS:
        return _STEPS[step]
    if step.endswith("_checks"):
        stage, _, name = step.removesuffix("_checks").partition("_")
        what = {"filemaker": "what came from FileMaker", "files": "the files", "staged": "{} as prepared"}
        said = table_in_sentence(name) if name else "everything"
        return f"Checking {what.get(stage, step.removesuffix('_checks').replace('_', ' ')).format(said)}"
    stage, _, name = step.partition("__")
    verbs = {"filemaker": "Reading {} from FileMaker", "staged": "Preparing {}"}
    said = name.replace("_", " ").replace("sms", "SMS")
    return verbs[stage].format(said) if name and stage in verbs else step.replace("__", "/")


def stage_of(step: str) -> str:
    """Return the stage of a run that a step is of, one of STAGES; `checks` for those and what is unknown."""
    if step == "nexus_publication":
        return "nexus"
    stage = step.partition("__")[0]
    return stage if stage in STAGES else "checks"


def number(value: int) -> str:
    """Return a count with its thousands parted."""
    return f"{value:,}"


def difference(value: int) -> str:
    """Return a difference with its sign; a dash for none."""
    return f"{value:+,}".replace("-", "\N{MINUS SIGN}") if value else "\N{EN DASH}"


def counted(value: int, one: str, several: str | None = None) -> str:
    """Return a count and what is counted: `1 row`, `2,842 rows`."""
    return f"{number(value)} {one if value == 1 else several or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def clinic_time(instant: datetime) -> str:
    """Return an instant as a clock in the clinic shows it."""
    local = instant.astimezone(CLINIC_TIME)
    return f"{local.day} {local:%B %Y, %H:%M}"


def duration(seconds: float) -> str:
    """Return how long something took."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s"
