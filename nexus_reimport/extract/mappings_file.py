"""The file of mappings, where there is one: `NEXUS_REIMPORT_MAPPINGS` says where."""

from pathlib import Path

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.transform.exceptions import MappingsRefused
from nexus_reimport.transform.mappings import Mappings, parse_mappings

SETTING = "NEXUS_REIMPORT_MAPPINGS"


def read_mappings(path: str, setting: str = SETTING) -> Mappings:
    """Return what the file says. Raise SettingsRefused, in one line, where it can't be read or used."""
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{setting}: the file can't be read ({type(error).__name__}).") from None
    try:
        return parse_mappings(content)
    except MappingsRefused as error:
        raise SettingsRefused(f"{setting}: {error}") from None


def require_mappings(path: str, setting: str) -> None:
    """Raise SettingsRefused where the file can't be read or used."""
    read_mappings(path, setting)
