"""Checks of Nexus after a publication, in SQL over all rows; they can be executed again at any time."""

import dagster as dg

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import APPOINTMENTS, IMAGE_BATCHES, IMAGES, PATIENTS, TABLES
from nexus_reimport.orchestration.checks.factory import Check, Evidence, checks_over
from nexus_reimport.validate.doubled import WRITTEN_BY_SCRIPTS, read_left_over
from nexus_reimport.validate.findings import KEYS_SHOWN, Fact, Finding
from nexus_reimport.validate.lookups import read_unlinked
from nexus_reimport.validate.verification import (
    count_doubled_places,
    count_neighbours_dangling,
    count_published,
    count_shared_instants,
    count_stale_links,
    count_wrong_image_counts,
)


def published_table_checks(table: Table) -> list[Check]:
    """Return the checks of one published table."""
    return [
        Check(
            "links_to_live_rows",
            "No row from FileMaker points at a row that isn't there (SQL, every row).",
            lambda seen: _links(table, seen),
            blocking=False,
        ),
        Check(
            "links_of_peoples_own_rows",
            "No row made in Nexus points at a row that isn't there. Such rows are left alone.",
            lambda seen: _others_links(table, seen),
            blocking=False,
            severity=dg.AssetCheckSeverity.WARN,
        ),
        Check(
            "counts_as_staged",
            "Nexus holds every staged row.",
            lambda seen: _counts(table, seen),
            blocking=False,
        ),
        Check(
            "timestamps_distinct",
            "No two rows from FileMaker share the time they are paged by.",
            lambda seen: _instants(table, seen),
            blocking=False,
        ),
    ]


def neighbour_checks(table: Table) -> list[Check]:
    """Return the check of a table that others of Nexus point at without PostgreSQL's knowing."""
    return [
        Check(
            "links_of_neighbours",
            "No row of another table of Nexus points at a row of this one that isn't there, by whatever kind "
            "of link: generic, or a column that only says so. Logs aside.",
            lambda seen: _neighbours(table, seen),
            blocking=False,
            severity=dg.AssetCheckSeverity.WARN,
        )
    ]


def older_import_checks(table: Table) -> list[Check]:
    """Return the check of a table that older imports have written to."""
    return [
        Check(
            "no_doubled_rows",
            "No row of an older import stands beside one of ours that says the same: by FileMaker's id, by "
            "patient and start, text or day, or by its file. Every row is asked.",
            lambda seen: _doubled(table, seen),
            blocking=False,
            severity=_gravity(table),
        )
    ]


def _gravity(table: Table) -> dg.AssetCheckSeverity:
    """Return how grave a doubled row is. Of two rows of a patient people may use either: they must decide."""
    return dg.AssetCheckSeverity.WARN if table is PATIENTS else dg.AssetCheckSeverity.ERROR


def batch_checks() -> list[Check]:
    """Return the check that only batches have."""
    return [
        Check(
            "image_counts_right",
            "Each batch that an import made counts the images that are in it.",
            _image_counts,
            blocking=False,
        )
    ]


def image_checks() -> list[Check]:
    """Return the check that only images have."""
    return [
        Check(
            "places_distinct",
            "No two images from FileMaker have the same place in their batch.",
            _places,
            blocking=False,
        )
    ]


def _image_counts(seen: Evidence) -> Finding:
    wrong = count_wrong_image_counts(seen.nexus.database_url)
    return Finding(wrong == 0, f"{wrong} batches count another number of images.", {"wrong": wrong})


def _places(seen: Evidence) -> Finding:
    doubled = count_doubled_places(seen.nexus.database_url)
    return Finding(
        doubled == 0, f"{doubled} images share their place in the batch with another.", {"doubled": doubled}
    )


def _links(table: Table, seen: Evidence) -> Finding:
    broken = {c.column: c.ours for c in count_stale_links(seen.nexus.database_url, table)}
    return _links_finding(
        broken, "Rows from FileMaker point at rows that aren't there. Run the reimport again."
    )


def _others_links(table: Table, seen: Evidence) -> Finding:
    broken = {c.column: c.others for c in count_stale_links(seen.nexus.database_url, table)}
    finding = _links_finding(
        broken,
        "Rows made in Nexus point at rows that aren't there. They are reported and left alone. "
        "All of them: nexus-reimport status --unlinked.",
    )
    if finding.passed:
        return finding
    ids = [row.id for row in read_unlinked(seen.nexus.database_url, table)]
    return Finding(False, finding.says, {**finding.facts, "first_ids": ids[:KEYS_SHOWN]})


def _neighbours(table: Table, seen: Evidence) -> Finding:
    broken = count_neighbours_dangling(seen.nexus.database_url, table)
    return _links_finding(
        {column: count for column, count in broken.items() if count},
        "Rows of other tables of Nexus point at rows that aren't there: no reimport writes or removes them. "
        "Mend or delete them in Nexus.",
    )


def _links_finding(broken: dict[str, int], complaint: str) -> Finding:
    if any(broken.values()):
        return Finding(False, complaint, {"broken": broken})
    return Finding(True, "Every link is to a row that is there.", {"broken": broken})


def _doubled(table: Table, seen: Evidence) -> Finding:
    left_over = read_left_over(seen.nexus.database_url, table)
    doubled = [row.id for row in left_over if row.doubled]
    facts: dict[str, Fact] = {
        "doubled": len(doubled),
        "left_over": len(left_over),
        "first_ids": doubled[:KEYS_SHOWN],
    }
    if not doubled:
        return Finding(True, "No row of an older import doubles one of ours.", facts)
    # A batch goes when it is empty.
    removed = IMAGES.name if table is IMAGE_BATCHES else table.name
    says = (
        f"{len(doubled)} rows of older imports stand beside rows of ours that say the same. All of them: "
        "nexus-reimport status --left-over. To take them out: "
        f"nexus-reimport plan --older-imports {removed}=remove; to let them be, {table.name}=stay."
    )
    return Finding(False, says, facts, accepted=seen.options.older_imports.get(table.name) == "stay")


def _counts(table: Table, seen: Evidence) -> Finding:
    staged = seen.staged(table.name).rows["id"]
    found = count_published(seen.nexus.database_url, table, staged.to_list())
    says = f"{found} of {len(staged)} staged rows are in Nexus."
    return Finding(found == len(staged), says, {"staged": len(staged), "in_nexus": found})


def _instants(table: Table, seen: Evidence) -> Finding:
    shared = count_shared_instants(seen.nexus.database_url, table)
    return Finding(shared == 0, f"{shared} rows share their time with another.", {"shared": shared})


# What Nexus's other tables hold ids of.
_POINTED_AT = (PATIENTS, APPOINTMENTS)

nexus_checks = [
    checks_over(
        "nexus_checks",
        {
            dg.AssetKey(["nexus", table.name]): [
                *published_table_checks(table),
                *(neighbour_checks(table) if table in _POINTED_AT else []),
                *(older_import_checks(table) if table in WRITTEN_BY_SCRIPTS else []),
                *(batch_checks() if table is IMAGE_BATCHES else []),
                *(image_checks() if table is IMAGES else []),
            ]
            for table in TABLES
        },
    )
]
