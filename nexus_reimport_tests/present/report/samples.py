"""Runs as reports know them: whole, failed, looked ahead, taken back; and any hypothesis can think of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from nexus_reimport.model.counts import COMPARED
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.present.report.facts import (
    BackupFacts,
    CheckFacts,
    LinkFacts,
    ReportFacts,
    RowCount,
    StepFacts,
    TableFacts,
    ThumbnailFacts,
)

STARTED = datetime(2025, 3, 4, 22, 10, 5, tzinfo=UTC)
NONE_DONE = dict.fromkeys(COMPARED, 0)


def table(name: str, read: int, rejected: dict[str, int] | None = None, **done: int) -> TableFacts:
    """A published table whose other rows are unchanged; planned as it came out."""
    rejected = rejected or {}
    written = done.get("inserted", 0) + done.get("updated", 0)
    counts = {**NONE_DONE, "unchanged": read - written - sum(rejected.values()), **done}
    before = RowCount(1000, 17)
    after = RowCount(1000 + counts["inserted"] - counts["removed"], 17)
    planned = {**counts, "rejected": sum(rejected.values())}
    return TableFacts(name, read, counts, planned, rejected, {}, before, after)


def reimport() -> ReportFacts:
    """A reimport that went well, with something of everything in it."""
    return ReportFacts(
        run_id="0f4c2a1e-2222-4444-8888-aaaaaaaaaaaa",
        kind="reimport",
        success=True,
        started=STARTED,
        ended=STARTED + timedelta(seconds=78.4),
        as_of=STARTED,
        options={"limit": "50"},
        publication=12,
        plan_id="9a7be1c0ffee4242",
        backup=BackupFacts("20250304T221005Z-0f4c2a1e", proved=True, rows=3, made_at=STARTED),
        tables=[
            table("patients", 2845, {"no_name": 3}, inserted=1201, updated=12, edits_kept=4),
            table("appointments", 9846, {"no_patient_link": 30, "no_start": 4}, inserted=9700, missing=1),
            table("notes", 404),
            replace(table("images", 6490, {"no_metadata": 1}), warnings={"no_object": 173}),
        ],
        links=[LinkFacts("appointments", "patient_id", 9801, 0, 0), LinkFacts("images", "batch_id", 6489, 0)],
        checks=[
            CheckFacts("staged/notes", "ids_unique", True, "ERROR", "All 404 are different."),
            CheckFacts("nexus/image_batches", "links_of_peoples_own_rows", False, "WARN", "3 are astray."),
        ],
        steps=[StepFacts("filemaker__contacts", 3.2), StepFacts("nexus_publication", 4.61)],
        thumbnails=ThumbnailFacts(made=5, reused=6484, failed={"damaged": 1}),
        counted_at=STARTED + timedelta(seconds=77),
    )


def failed() -> ReportFacts:
    """A run that stopped before it wrote anything."""
    tables = [replace(one, done=None, planned=None, before=None, after=None) for one in reimport().tables]
    why = "nexus_publication: Somebody else publishes. Wait, then run again."
    steps = [StepFacts("nexus_publication", 30.1, failed=True)]
    return replace(
        reimport(),
        success=False,
        publication=None,
        backup=None,
        plan_id=None,
        links=[],
        tables=tables,
        steps=steps,
        failures=[why],
    )


def looked_ahead() -> ReportFacts:
    """A dry run, with a plan."""
    tables = [replace(one, done=None) for one in reimport().tables]
    return replace(reimport(), kind="dry run", publication=None, backup=None, links=[], tables=tables)


def taken_back() -> ReportFacts:
    """A rollback of publication 12 that left one row alone."""
    counts = {"taken_out": 40, "put_back": 12, "brought_back": 2, "left": 1}
    tables = [TableFacts("patients", done=counts, before=RowCount(2842, 17), after=RowCount(2804, 17))]
    return ReportFacts(
        "77",
        "rollback",
        True,
        STARTED,
        STARTED + timedelta(seconds=6),
        publication=13,
        undone=[12],
        tables=tables,
    )


EVERY_KIND = {"reimport": reimport, "failed": failed, "looked ahead": looked_ahead, "taken back": taken_back}

_counts = st.integers(0, 10**7)
_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_steps = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
_instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given one
_seconds = st.floats(0, 1e6)
_codes = st.dictionaries(st.sampled_from(["no_name", "bad_id", "limit", "a_new_one"]), _counts)
_done = st.fixed_dictionaries(dict.fromkeys(COMPARED, _counts))
_rows = st.builds(RowCount, _counts, _counts)
_tables = st.builds(
    TableFacts,
    st.sampled_from([one.name for one in TABLES]),
    read=_counts,
    done=st.none() | _done,
    planned=st.none() | _done,
    rejected=_codes,
    warnings=_codes,
    before=st.none() | _rows,
    after=st.none() | _rows,
)
_flat = st.builds(
    ReportFacts,
    st.uuids().map(str),
    st.sampled_from(["reimport", "dry run", "rollback"]),
    st.booleans(),
    _instants,
    _instants,
    as_of=st.none() | _instants,
    options=st.dictionaries(_words, _words, max_size=3),
    publication=st.none() | _counts,
    undone=st.lists(_counts, max_size=3),
    plan_id=st.none() | st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    backup=st.none()
    | st.builds(BackupFacts, _words, st.booleans(), st.none() | _counts, st.none() | _instants),
    tables=st.lists(_tables, max_size=3, unique_by=lambda one: one.name),
    links=st.lists(
        st.builds(
            LinkFacts, st.just("notes"), st.just("patient_id"), st.none() | _counts, st.none() | _counts
        ),
        max_size=2,
    ),
    checks=st.lists(
        st.builds(
            CheckFacts,
            st.just("nexus/notes"),
            _words,
            st.booleans(),
            st.sampled_from(["ERROR", "WARN"]),
            _words,
        ),
        max_size=3,
    ),
    steps=st.lists(st.builds(StepFacts, _steps, _seconds, st.booleans()), max_size=3),
    thumbnails=st.none() | st.builds(ThumbnailFacts, _counts, _counts, _codes),
    failures=st.lists(_words, max_size=2),
    counted_at=st.none() | _instants,
)
any_facts = st.builds(ReportFacts.after, _flat, st.none() | _flat)
