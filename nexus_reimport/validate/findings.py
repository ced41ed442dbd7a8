"""What a check finds: pure functions over frames, each returning a Finding. No Dagster here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import pandera.pandas as pa

from nexus_reimport.model.columns import Table
from nexus_reimport.model.frame_checks import failures
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.reasons.every_table import CLAIMED_TWICE, DELETED_IN_NEXUS, LIMIT
from nexus_reimport.transform.appointment_clinics import failing_days
from nexus_reimport.transform.image_objects import place_name, report_names
from nexus_reimport.transform.imported_keys import stem_of
from nexus_reimport.transform.staged import Staged

KEYS_SHOWN = 20
SHRUNK_BELOW = 0.9

Fact = int | str | dict[str, int] | list[str]


@dataclass(frozen=True)
class Finding:
    """Whether something holds, in words, with counts and keys but never a value.

    `accepted`: it does not hold, and the run says that it need not, so that it is no more than a remark.
    """

    passed: bool
    says: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    accepted: bool = False


def shape_finding(schema: pa.DataFrameSchema, frame: pd.DataFrame, key_column: str) -> Finding:
    """Say whether a frame is of its schema; each failure is a key, a column and a rule."""
    failed = failures(schema, frame, key_column)
    if failed.empty:
        return Finding(True, f"All {len(frame)} rows have the expected shape.")
    rules = (failed["field"].fillna("") + ": " + failed["rule"].fillna("")).value_counts()
    return Finding(
        False,
        f"{len(failed)} values do not have the expected shape.",
        {"by_rule": {str(k): int(v) for k, v in rules.items()}, "first_keys": first_keys(failed["key"])},
    )


def complete_finding(frame: pd.DataFrame, key: str, declared: int) -> Finding:
    """Say whether an extract has as many different keys as the source declared."""
    distinct = int(frame[key].str.lower().nunique())
    if distinct == declared:
        return Finding(
            True, f"All {declared} records that FileMaker counts are here.", {"declared": declared}
        )
    return Finding(
        False,
        f"FileMaker counts {declared} records and {distinct} are here: {declared - distinct} are missing. "
        "Materialize the extract again.",
        {"declared": declared, "distinct": distinct},
    )


def ended_finding(is_ended: int) -> Finding:
    """Say whether the export's last line has its end: 1 or 0, as its reading told."""
    if is_ended == 1:
        return Finding(True, "The last line has its end.")
    return Finding(
        False,
        "The last line has no end. Many programs leave it out, but the file may be cut in its last field. "
        "Look whether that is whole; if it is not, export or copy the file again.",
    )


def unique_finding(frame: pd.DataFrame, column: str) -> Finding:
    """Say whether every id in a column is there just once, whatever its case."""
    ids = frame[column].str.lower()
    repeated = ids[ids.duplicated(keep=False) | ids.isna()]
    if repeated.empty:
        return Finding(True, f"All {len(ids)} are different.")
    return Finding(
        False, f"{len(repeated)} rows share an id or have none.", {"first_keys": first_keys(repeated)}
    )


def links_finding(table: Table, staged: Staged, known: Mapping[str, frozenset[str]]) -> Finding:
    """Say whether every link of the staged rows is to a row of `known` (relation to ids)."""
    broken: dict[str, int] = {}
    keys: list[str] = []
    for link in table.links:
        target = staged.rows[link.column]
        lost = target.notna() & ~target.isin(known[link.relation])
        if lost.any():
            broken[link.column] = int(lost.sum())
            keys += first_keys(staged.rows.loc[lost, "source_key"])
    if broken:
        return Finding(
            False,
            f"{sum(broken.values())} links are to rows that are neither staged nor in Nexus.",
            {"broken": broken, "first_keys": keys[:KEYS_SHOWN]},
        )
    return Finding(True, f"Every link of {len(staged.rows)} rows is to a row that is staged or in Nexus.")


def accounting_finding(read: list[str], staged: Staged) -> Finding:
    """Say whether every source row, by its key, is either staged or rejected, and nothing else is."""
    answered = pd.concat([staged.rows["source_key"], staged.rejects["key"]], ignore_index=True)
    lost, invented = set(read) - set(answered), set(answered) - set(read)
    twice = int(answered.duplicated().sum()) - (len(read) - len(set(read)))
    facts: dict[str, Fact] = {"read": len(read), "staged": len(staged.rows), "rejected": len(staged.rejects)}
    if not (lost or invented or twice or len(read) != len(answered)):
        return Finding(
            True, f"{len(read)} read = {len(staged.rows)} staged + {len(staged.rejects)} rejected.", facts
        )
    return Finding(
        False,
        f"{len(read)} rows were read; {len(lost)} are unaccounted for, {len(invented)} come from nowhere and "
        f"{twice} are there twice.",
        {**facts, "first_keys": sorted(map(str, lost | invented))[:KEYS_SHOWN]},
    )


def images_accounting_finding(image_keys: list[str], staged: Staged) -> Finding:
    """Say whether every image object is staged (by its S3 key) or rejected (by its name in reports)."""
    staged_keys = Counter(map(str, staged.rows["s3_key"]))
    refused = sorted(set(image_keys) - staged_keys.keys())
    deleted = set(staged.rejects.loc[staged.rejects["reason"] == DELETED_IN_NEXUS, "key"])
    others = [key for key in refused if place_name(key) not in deleted]
    names = Counter(report_names([stem_of(key) for key in others], others)) + Counter(deleted)
    rejected = Counter(map(str, staged.rejects["key"]))
    lost = names - rejected
    invented = (rejected - names) + (staged_keys - Counter(image_keys))
    facts: dict[str, Fact] = {
        "read": len(image_keys),
        "staged": len(staged.rows),
        "rejected": len(staged.rejects),
    }
    if not (lost or invented):
        return Finding(
            True,
            f"{len(image_keys)} images = {len(staged.rows)} staged + {len(staged.rejects)} rejected.",
            facts,
        )
    return Finding(
        False,
        f"{lost.total()} images are unaccounted for and {invented.total()} come from nowhere.",
        {**facts, "first_keys": sorted([*lost, *invented])[:KEYS_SHOWN]},
    )


def thumbnails_finding(
    listing: pd.DataFrame, thumbnails: pd.DataFrame, uploaded: Mapping[str, tuple[int, str]]
) -> Finding:
    """Say whether each image of the listing has, for its ETag, a fault or a thumbnail that is in the bucket.

    `uploaded`: by key size in bytes and ETag, empty where not told, of each thumbnail that is there.
    """
    answers = {(fact.key, fact.etag): fact for fact in thumbnails.itertuples(index=False)}
    asked = list(zip(listing["key"], listing["etag"], strict=True))
    unanswered = [key for key, etag in asked if (key, etag) not in answers]
    lost = [
        fact.key
        for fact in answers.values()
        if pd.isna(fact.fault) and not _is_what_was_uploaded(fact, uploaded.get(fact.thumbnail_key))
    ]
    facts: dict[str, Fact] = {"images": len(asked), "unanswered": len(unanswered), "lost": len(lost)}
    if not (unanswered or lost):
        return Finding(
            True, f"Each of {len(asked)} images has a thumbnail that is there, or a reason.", facts
        )
    return Finding(
        False,
        f"{len(unanswered)} images were not looked at and {len(lost)} thumbnails are not in the bucket. "
        "Materialize thumbnails again.",
        {**facts, "first_keys": sorted([*unanswered, *lost])[:KEYS_SHOWN]},
    )


def _is_what_was_uploaded(fact: object, there: tuple[int, str] | None) -> bool:
    if there is None:
        return False
    size, etag = there
    known = getattr(fact, "thumbnail_size", None), getattr(fact, "thumbnail_etag", None)
    return (size, etag) == known or (size, etag) == (known[0], "")


def shrunk_finding(table: str, staged: Staged, last: Mapping[str, int], allowed: list[str]) -> Finding:
    """Say whether a table has at least 90 % of the last publication's `read` and `rows`.

    Rows cut off by a run's own limit count as there. `allowed` names tables that may shrink.
    """
    cut = int((staged.rejects["reason"] == LIMIT).sum())
    now = {"read": staged.read, "rows": len(staged.rows) + cut}
    facts: dict[str, Fact] = {f"{name}_now": now[name] for name in now}
    facts |= {f"{name}_last": last[name] for name in now if name in last}
    shrunk = [name for name in now if now[name] < SHRUNK_BELOW * last.get(name, 0)]
    if not shrunk:
        return Finding(True, "Not fewer rows than 90 % of the last publication's.", facts)
    said = f"{table} shrank: " + ", ".join(f"{last[name]} {name} before, {now[name]} now" for name in shrunk)
    if table in allowed:
        return Finding(True, f"{said}. Allowed by the run's config.", facts)
    return Finding(
        False,
        f"{said}. A short source is not a smaller clinic: find out why, or name {table} in the run's "
        "allow_shrunk if it is right.",
        facts,
    )


def claims_finding(staged: Staged) -> Finding:
    """Say whether several rows in Nexus claim one FileMaker id."""
    claimed = staged.warnings[staged.warnings["reason"] == CLAIMED_TWICE]
    if claimed.empty:
        return Finding(True, "No two rows in Nexus claim one FileMaker id.")
    return Finding(
        False,
        f"{len(claimed)} FileMaker ids are claimed by more than one row in Nexus. One of them is kept up to "
        "date; look at the others in Nexus.",
        {"first_keys": first_keys(claimed["key"])},
    )


def clinics_finding(appointments: Staged) -> Finding:
    """Say whether each appointment has a clinic; where not, how many day lists of Nexus fail by it."""
    without = appointments.rows.loc[appointments.rows["clinic_id"].isna(), "source_key"]
    days = failing_days(appointments)
    facts: dict[str, Fact] = {"appointments": len(without), "day_lists": len(days)}
    if not days:
        return Finding(True, "Every appointment has a clinic.", facts)
    return Finding(
        False,
        f"{len(without)} appointments have no clinic, neither their calendar's nor their patient's. In Nexus "
        f"the day lists of {len(days)} days fail by them. Name a default_clinic, or the calendars' clinics, "
        "in NEXUS_REIMPORT_MAPPINGS; or hold them back: --without-clinic hold.",
        {**facts, "first_keys": first_keys(without)},
    )


def first_keys(keys: pd.Series) -> list[str]:
    """Return the first few keys, as text, in order."""
    return sorted(map(str, keys.dropna().unique()))[:KEYS_SHOWN]


def known_rows(state: pd.DataFrame, staged: Mapping[str, Staged]) -> dict[str, frozenset[str]]:
    """Return the ids that a link may point at, by relation: what is staged, and what Nexus has."""
    kinds = {
        "clinics": "clinic_name",
        "clinicians": "clinician_id",
        "funding_sources": "funding_source_name",
        "appointment_types": "appointment_type_id",
        "patients": "live:patients",
        "appointments": "claim:appointments",
    }
    known = {relation: set(state.loc[state["kind"] == kind, "id"]) for relation, kind in kinds.items()}
    for table in TABLES:
        if table.name in staged:
            known.setdefault(table.relation, set()).update(staged[table.name].rows["id"])
    return {relation: frozenset(ids) for relation, ids in known.items()}


def last_counts(state: pd.DataFrame, table: str) -> dict[str, int]:
    """Return `read` and `rows` of a table's last publication, as nexus_state has them; empty if none."""
    lines = state[state["kind"] == f"published:{table}"]
    return {str(key): int(count) for key, count in zip(lines["key"], lines["id"], strict=True)}
