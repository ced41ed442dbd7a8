"""The phases of the old scripts, as selections of the graph; each brings along what it is made from."""

from collections.abc import Collection

import dagster as dg

_BACKUP = "backup"
THUMBNAILS = "thumbnails"
# What goes with every publication; each covers the tables that the run is about.
SAFETY = ("plan", "backup", "report")
VALIDATION_POST = "validation-post"

_TABLES_OF = {
    "patients": ("patients",),
    "appointments": ("appointments", "sms_messages"),
    "notes": ("notes",),
    "documents": ("documents",),
    "images": ("image_batches", "images"),
}


def phase_names() -> list[str]:
    """Return the phases in the order in which the old scripts ran them."""
    return ["validation", _BACKUP, *_TABLES_OF, THUMBNAILS, VALIDATION_POST]


def phases_selection(names: list[str]) -> dg.AssetSelection:
    """Return what the named phases run, `validation-post` aside. KeyError for a name that is none."""
    selections = [_phase(name) for name in names if name != VALIDATION_POST]
    combined = selections[0]
    for selection in selections[1:]:
        combined = combined | selection
    return combined


def _phase(name: str) -> dg.AssetSelection:
    if name == "validation":
        return (
            dg.AssetSelection.groups("filemaker")
            | dg.AssetSelection.key_prefixes("files")
            | dg.AssetSelection.assets("nexus_state")
        )
    if name == _BACKUP:
        return dg.AssetSelection.assets("backup").upstream()
    if name == THUMBNAILS:
        return dg.AssetSelection.assets("thumbnails").upstream()
    return tables_selection(_TABLES_OF[name])


def tables_selection(tables: Collection[str]) -> dg.AssetSelection:
    """Return what publishes just these tables: all they are made from, and what makes it safe."""
    staged = [dg.AssetKey(["staged", table]) for table in tables]
    published = [dg.AssetKey(["nexus", table]) for table in tables]
    return dg.AssetSelection.assets(*staged).upstream() | dg.AssetSelection.assets(*published, *SAFETY)
