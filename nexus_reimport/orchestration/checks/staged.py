"""Checks of what is staged; each must hold before anything is written."""

import dagster as dg

from nexus_reimport.model.columns import Table
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frame_checks import schema_of
from nexus_reimport.model.nexus import APPOINTMENTS, IMAGES, TABLES
from nexus_reimport.orchestration.checks.factory import Check, Evidence, checks_for
from nexus_reimport.transform.extract_rows import source_keys
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.validate.findings import (
    Finding,
    accounting_finding,
    claims_finding,
    clinics_finding,
    images_accounting_finding,
    known_rows,
    last_counts,
    links_finding,
    shape_finding,
    shrunk_finding,
    unique_finding,
)


def staged_table_checks(table: Table) -> list[Check]:
    """Return the checks of one staged table, made from its columns and links."""
    schema = schema_of(table.staged)
    return [
        *accounting_checks(table),
        Check(
            "shape",
            "Types, lengths, choices and nulls as the table in Nexus has them.",
            lambda seen: shape_finding(schema, seen.staged(table.name).rows, "source_key"),
        ),
        Check(
            "ids_unique",
            "No two rows have the same UUID.",
            lambda seen: unique_finding(seen.staged(table.name).rows, "id"),
        ),
        Check(
            "links_inside_the_staged_set",
            "Every link is to a row that is staged too, or that Nexus has.",
            lambda seen: _links(table, seen),
        ),
        Check(
            "not_shrunk",
            "At least 90 % of the rows of the last publication.",
            lambda seen: _shrunk(table, seen),
        ),
        *clinic_checks(table),
        Check(
            "one_row_per_filemaker_id",
            "No two rows in Nexus claim one FileMaker id.",
            lambda seen: claims_finding(seen.staged(table.name)),
            blocking=False,
            severity=dg.AssetCheckSeverity.WARN,
        ),
    ]


def _links(table: Table, seen: Evidence) -> Finding:
    relations = {link.relation for link in table.links}
    parents = {one.name: seen.staged(one.name) for one in TABLES if one.relation in relations}
    return links_finding(table, seen.staged(table.name), known_rows(seen.frame("nexus_state"), parents))


def accounting_checks(table: Table) -> list[Check]:
    """Return the check that nothing read is lost; batches are read from nowhere, so they have none."""
    if not table.source:
        return []
    return [
        Check(
            "every_source_row_accounted_for",
            "Each row read is either staged or rejected with a reason.",
            lambda seen: _images_accounting(seen) if table is IMAGES else _accounting(table, seen),
        )
    ]


def clinic_checks(table: Table) -> list[Check]:
    """Return the check of appointments that Nexus can show them."""
    if table is not APPOINTMENTS:
        return []
    return [
        Check(
            "every_appointment_has_a_clinic",
            "Nexus can show the list of each day.",
            lambda seen: clinics_finding(seen.staged(table.name)),
            blocking=False,
            severity=dg.AssetCheckSeverity.WARN,
        )
    ]


def _images_accounting(seen: Evidence) -> Finding:
    keys = seen.frame("files", "s3_listing")["key"]
    return images_accounting_finding(
        keys[keys.str.startswith(IMAGES_PREFIX)].to_list(), seen.staged("images")
    )


def _accounting(table: Table, seen: Evidence) -> Finding:
    group, asset = table.source.split("/")
    entity_set = next(one for one in ENTITY_SETS if one.asset == asset)
    return accounting_finding(source_keys(entity_set, seen.frame(group, asset)), seen.staged(table.name))


def _shrunk(table: Table, seen: Evidence) -> Finding:
    if seen.options.limit and not table.source:
        return Finding(True, "Not compared: a limited run makes fewer of what is read from nowhere.")
    last = last_counts(seen.frame("nexus_state"), table.name)
    return shrunk_finding(table.name, seen.staged(table.name), last, seen.options.allow_shrunk)


staged_checks = [checks_for("staged", table.name, checks=staged_table_checks(table)) for table in TABLES]
