"""What the clinic's people say of names that are not the same in FileMaker and in Nexus: `mappings.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.transform.exceptions import MappingsRefused
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.text import canonical_json, clean, name_key, natural_key

_Names = Mapping[str, str]

# Sections of the file, and what the names on their right are names of in Nexus.
SECTIONS = {
    "clinics": "clinic",
    "clinicians": "clinician",
    "appointment_types": "type of appointment",
    "funding": "active custom funding source",
}
# Keys before the first section, and what is said of a value that can't be used.
_DEFAULT_CLINIC = "default_clinic"
_BLANK_NAME = "blank_name"
_NAME_LENGTH = min(PATIENTS.column(name).length or 0 for name in ("first_name", "last_name"))


@dataclass(frozen=True)
class Mappings:
    """Names of FileMaker's (folded) to names of Nexus's, by section.

    `clinics` has calendars' ids too. `default_clinic` is that of appointments for which there is no other, ""
    for none. `blank_name` stands for the first or last name that a contact lacks.
    """

    sections: Mapping[str, _Names] = field(default_factory=dict)
    default_clinic: str = ""
    blank_name: str = "-"

    def named(self, section: str, *given: str) -> str | None:
        """Return Nexus's name for the first of FileMaker's that a section has; None where it has none."""
        names = self.sections.get(section, {})
        return next((names[key] for key in map(name_key, given) if key in names), None)

    def fingerprint(self) -> str:
        """Return a digest of what is said; of nothing it is that of a file with nothing in it."""
        said = {section: dict(names) for section, names in self.sections.items() if names}
        return natural_key(canonical_json([said, self.default_clinic, self.blank_name]))

    def unknown_to(self, state: NexusState) -> list[str]:
        """Return, a line each, the names on the right that Nexus does not have."""
        find = {
            "clinics": lambda name: state.clinic(None, name),
            "clinicians": lambda name: state.clinician(None, name),
            "appointment_types": state.appointment_type,
            "funding": state.custom_funding_source,
        }
        lines = [
            f'[{section}]: Nexus has no {what} "{name}"'
            for section, what in SECTIONS.items()
            for name in sorted(set(self.sections.get(section, {}).values()))
            if find[section](name) is None
        ]
        if self.default_clinic and state.clinic(None, self.default_clinic) is None:
            lines.insert(0, f'{_DEFAULT_CLINIC}: Nexus has no clinic "{self.default_clinic}"')
        return lines


NOTHING_SAID = Mappings()


def parse_mappings(content: bytes) -> Mappings:
    """Return what the file says. Raise MappingsRefused, naming all that is wrong with it in one line."""
    try:
        read = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise MappingsRefused("the file is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise MappingsRefused(f"the file is no TOML, or has a name twice: {error}.") from None
    if wrong := list(_wrong(read)):
        raise MappingsRefused(f"{'; '.join(wrong)}.")
    sections = {name: _folded(read[name]) for name in SECTIONS if name in read}
    given = {name: clean(read[name]) for name in (_DEFAULT_CLINIC, _BLANK_NAME) if name in read}
    return Mappings(sections, **given)


def _folded(section: Mapping[str, str]) -> _Names:
    return {name_key(name): clean(value) for name, value in section.items()}


def _wrong(read: Mapping[str, Any]) -> Iterator[str]:
    keys = (_DEFAULT_CLINIC, _BLANK_NAME)
    for name, value in read.items():
        if name in SECTIONS:
            yield from _wrong_in(name, value)
        elif name not in keys:
            known = ", ".join((*keys, *(f"[{section}]" for section in SECTIONS)))
            yield f"{_quoted(name)} is none of {known}"
        elif not isinstance(value, str):
            yield f'{name} is to be a name in quotes, as in {name} = "…"'
    if len(clean(read.get(_BLANK_NAME)) if isinstance(read.get(_BLANK_NAME), str) else "") > _NAME_LENGTH:
        yield f"{_BLANK_NAME} is longer than {_NAME_LENGTH} characters"


def _quoted(name: str) -> str:
    """Return a name as a message of one line has it."""
    return f'"{" ".join(name.split())}"'


def _wrong_in(section: str, names: object) -> Iterator[str]:
    if not isinstance(names, dict):
        yield f'[{section}] is to be a section with lines such as "name in FileMaker" = "name in Nexus"'
        return
    seen: set[str] = set()
    for name, value in names.items():
        if name in (_DEFAULT_CLINIC, _BLANK_NAME):
            yield f"{name} is to stand before the first section, not in [{section}]"
        elif not isinstance(value, str) or not clean(value) or not name_key(name):
            what = SECTIONS[section]
            yield f"[{section}] {_quoted(name)} is to be the name of one {what} of Nexus, in quotes"
        elif name_key(name) in seen:
            yield f"[{section}] has {_quoted(name)} twice, in one case or another"
        seen.add(name_key(name))
