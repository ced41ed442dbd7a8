"""No value of a patient and no secret in anything that a run leaves behind outside of Nexus and its frames.

Searched for with the synthetic clinic's own values: in what the commands print, in every row that Dagster
keeps, in every file of DAGSTER_HOME and in every report; after a run that succeeds and after several that
fail.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import dagster as dg
import obstore
import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.definitions import build_definitions
from nexus_reimport.launching.launch import RunRequest, launch
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.line import (
    DATABASE,
    PASSWORD,
    USERNAME,
    QuickFileMaker,
    query,
    relations,
    served_filemaker,
)

PERSONAL = {
    "API_Contacts": (
        *("nameFirst", "nameMiddle", "nameLast", "DOB", "Health Number", "NDIS notes"),
        *("NDIS Coordinator Name", "NDIS Coordinator Phone", "NDIS Coordinator Email"),
    ),
    "API_Contact_Details": ("ph", "PhoneMobileIntFormat", "address 1", "address 2", "Full Address one line"),
    "API_Notes": ("Note",),
    "API_event": ("title", "note", "Consult Notes"),
    "API_Messages": ("MessageBody", "RecipientPhoneMobile", "RecipientPhoneMobileIntFormat"),
}
SHORTEST = 4
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
RUN = ("run", "--yes")

# Makes PostgreSQL quote a note as it refuses it. On our own table: the schema of Nexus is looked at before.
QUOTING = """
    CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'Failing row contains (%)', (SELECT content FROM notes WHERE id = NEW.id); END $$;
    CREATE TRIGGER quote BEFORE INSERT ON nexus_reimport.changes FOR EACH ROW EXECUTE FUNCTION quote()
"""


@dataclass(frozen=True)
class Traces:
    """Everything that runs left behind: what was printed, what Dagster keeps, and the reports."""

    exit_codes: list[int]
    printed: str
    kept: str
    reports: str


def values_of(clinic: SyntheticClinic) -> dict[str, set[str]]:
    """The clinic's personal values by field; of long texts, every line."""
    values: dict[str, set[str]] = {}
    for entity, fields in PERSONAL.items():
        for row in clinic.entities[entity]:
            for field in fields:
                lines = re.split(r"[\r\n\v\0]+", str(row.get(field) or ""))
                wanted = {line.strip() for line in lines if _tells(field, line.strip())}
                values.setdefault(f"{entity}.{field}", set()).update(wanted)
    return {field: found for field, found in values.items() if found}


def _tells(field: str, text: str) -> bool:
    """A name, or more than one word: "plan" alone, in a note, is also a word of Dagster's."""
    return len(text) >= SHORTEST and ("name" in field or " " in text or any(map(str.isdigit, text)))


def found_in(text: str, values: set[str]) -> set[str]:
    """Which values are in the text, in any case, as they are or as JSON writes them; names as whole words."""
    folded = text.casefold()
    words = set(WORD.findall(folded))
    found = set()
    for value in values:
        one = value.casefold()
        if WORD.fullmatch(one):
            hit = one in words
        else:
            hit = one in folded or json.dumps(value)[1:-1].casefold() in folded
        if hit:
            found.add(value)
    return found


class LongNames(FrameIOManager):
    """Stores patients whose names do not fit."""

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.path == ["staged", "patients"]:
            rows = cast("Staged", obj).rows.copy()
            names = [f"{name} " * 40 for name in rows["first_name"]]
            rows["first_name"] = pd.array(names, dtype=pd.ArrowDtype(pa.string()))
            obj = Staged(rows, cast("Staged", obj).rejects, cast("Staged", obj).warnings)
        super().handle_output(context, obj)


@pytest.fixture(scope="module")
def traces(clinic: SyntheticClinic, environment: Mapping[str, str]) -> Traces:
    """What is left of a full run, then of a refused publication, a refused source and failed checks."""
    url = environment["NEXUS_DATABASE_URL"]
    runs = [_command(environment, *RUN)]
    query(url, "DELETE FROM notes")
    query(url, QUOTING)
    runs.append(_command(environment, *RUN, "--phase", "notes"))
    query(url, "DROP TRIGGER quote ON nexus_reimport.changes")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _fail_checks(environment["NEXUS_REIMPORT_STORAGE"])
        with served_filemaker(clinic.entities, [Fault.SHORT_EXTRACT]) as host:
            _be_refused_by_source(host)
    runs.append(_command(environment, "report"))
    printed = "\n".join(one.stdout + one.stderr for one in runs)
    kept = "\n".join([*_rows(environment["DAGSTER_PG_URL"]), *_files(Path(environment["DAGSTER_HOME"]))])
    reports = "\n".join(_files(Path(environment["NEXUS_REIMPORT_STORAGE"]) / "reports"))
    return Traces([one.returncode for one in runs], printed, kept, reports)


def _command(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("nexus-reimport")
    return subprocess.run(  # noqa: S603 - our own program
        [program, *words], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def _fail_checks(storage: str) -> None:
    definitions = build_definitions({"frames": LongNames(location=storage)})
    selection = dg.AssetSelection.assets(dg.AssetKey(["nexus", "patients"])).upstream()
    with dg.DagsterInstance.get() as instance:
        outcome = launch(definitions, instance, RunRequest(selection))
    failed = {(one["asset"], one["check"]) for one in outcome.checks if not one["passed"]}
    assert ("staged/patients", "shape") in failed


def _be_refused_by_source(host: str) -> None:
    filemaker = QuickFileMaker(host=host, database=DATABASE, username=USERNAME, password=PASSWORD)
    selection = dg.AssetSelection.assets(dg.AssetKey(["filemaker", "contacts"]))
    with dg.DagsterInstance.get() as instance:
        outcome = launch(build_definitions({"filemaker": filemaker}), instance, RunRequest(selection))
    assert "57 of 58 records received, 1 missing" in outcome.failures[0]


def _rows(url: str) -> Iterator[str]:
    for name in relations(url):
        yield from (row for (row,) in query(url, f'SELECT t::text FROM "{name}" t'))  # noqa: S608 - its own names


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("utf-8", errors="replace")


def test_the_runs_ended_as_they_should(traces: Traces) -> None:
    assert traces.exit_codes == [0, 1, 0]
    assert "PostgreSQL refused (P0001 RaiseException)" in traces.printed
    assert "57 of 58 records received, 1 missing" in traces.kept
    assert "values do not have the expected shape" in traces.kept


def test_the_search_finds_what_is_in_nexus_and_in_the_stored_frames(
    traces: Traces, clinic: SyntheticClinic, environment: Mapping[str, str]
) -> None:
    nexus = "\n".join(_rows(environment["NEXUS_DATABASE_URL"]))
    store = open_store(environment["NEXUS_REIMPORT_STORAGE"])
    entries = [entry for page in obstore.list(store, prefix="frames/") for entry in page]
    names = {entry["path"].rpartition("/")[0] for entry in entries}
    frames = "\n".join(frame.to_csv() for name in names for frame in FrameStore(store).load(name).values())
    values = values_of(clinic)
    assert len(values) >= 18
    for field, wanted in values.items():
        assert found_in(frames, wanted), field
    # Titles of events and detail labels have no place in Nexus; what has one is found there.
    for field in ("nameFirst", "nameLast", "DOB", "Health Number", "NDIS notes"):
        assert found_in(nexus, values[f"API_Contacts.{field}"]), field
    assert found_in(nexus, values["API_Messages.MessageBody"])
    assert found_in(nexus, values["API_Contact_Details.Full Address one line"])


def test_no_value_of_a_patient_is_printed_or_kept_by_dagster(traces: Traces, clinic: SyntheticClinic) -> None:
    assert len(traces.kept) > 100_000
    assert traces.reports.count("<h1>") >= 2
    for field, values in values_of(clinic).items():
        assert (field, found_in(traces.printed, values)) == (field, set())
        assert (field, found_in(traces.kept, values)) == (field, set())
        assert (field, found_in(traces.reports, values)) == (field, set())


def test_no_secret_is_printed_or_kept_by_dagster(traces: Traces, environment: Mapping[str, str]) -> None:
    names = ("FILEMAKER_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    secrets = {name: environment[name] for name in names}
    secrets |= {
        name: str(urlsplit(environment[name]).password) for name in ("NEXUS_DATABASE_URL", "DAGSTER_PG_URL")
    }
    for name, secret in secrets.items():
        assert len(secret) > 8
        assert secret not in traces.printed, name
        assert secret not in traces.kept, name
        assert secret not in traces.reports, name
