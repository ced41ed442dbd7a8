"""A report as JSON: stable and versioned, so that a later run can be compared with an earlier one."""

import orjson
from pydantic import TypeAdapter, ValidationError

from nexus_reimport.present.report.exceptions import ReportUnreadable
from nexus_reimport.present.report.facts import ReportFacts

VERSION = 1

_FACTS = TypeAdapter(ReportFacts)


def to_json(facts: ReportFacts) -> bytes:
    """Return the facts as indented JSON: `version`, then `report`."""
    content = {"version": VERSION, "report": _FACTS.dump_python(facts, mode="json")}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def from_json(content: bytes) -> ReportFacts:
    """Return the facts of a report's JSON. Raises ReportUnreadable where it is none of this version."""
    try:
        found = orjson.loads(content)
        if found["version"] == VERSION:
            return _FACTS.validate_python(found["report"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValidationError):
        # Their words quote what is in the file.
        raise ReportUnreadable("The file is no report.") from None
    raise ReportUnreadable(f"The report is of another version than {VERSION}: make it again.")
