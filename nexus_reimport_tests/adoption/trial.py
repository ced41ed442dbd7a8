"""One older Nexus, reimported twice and rolled back, and what there is to judge it by."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from nexus_reimport.launching.op_jobs import launch_rollback
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.jobs.phases import tables_selection
from nexus_reimport.orchestration.resources import FileMakerResource
from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.sandbox.postgres import folder_in_memory
from nexus_reimport.sandbox.starting_states import starting_state
from nexus_reimport.validate.doubled import read_left_over
from nexus_reimport_tests.adoption.judging import (
    Before,
    Digests,
    Verdict,
    differing,
    digests,
    identities,
    judge,
    likenesses,
    peoples_touched,
    undone_edits,
)
from nexus_reimport_tests.line import Line
from nexus_reimport_tests.writes import last_writes

SEED = 7
Result = TypeVar("Result")


@dataclass(frozen=True)
class Trial:
    """What came of it; `options` were the runs'.

    `touched`: people's rows of all Nexus that are not as they were, by relation. `undecided`: records that
    the run itself says nothing tells the row of. `checked`: by table the doubled rows that the reimport finds
    in Nexus. `written_again`: tables that the second run wrote to. `left`: rows that the rollback did not set
    back, by relation. `seconds`: by step, with those of them that this process was at work.
    """

    clinic: SyntheticClinic
    options: Mapping[str, Any]
    before: Before
    outcome: RunOutcome
    again: RunOutcome
    verdicts: Mapping[str, Verdict]
    touched: Mapping[str, Sequence[str]]
    undecided: Mapping[str, frozenset[str]]
    checked: Mapping[str, frozenset[str]]
    written_again: Sequence[str]
    left: Mapping[str, Sequence[str]]
    seconds: Mapping[str, tuple[float, float]]


@dataclass
class _Clock:
    """How long each step took, and how long this process worked for it: other work delays the first only."""

    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def time(self, step: str, run: Callable[[], Result]) -> Result:
        started, worked = time.monotonic(), time.process_time()
        result = run()
        taken = (time.monotonic() - started, time.process_time() - worked)
        self.seconds[step] = (round(taken[0], 1), round(taken[1], 1))
        return result


@contextmanager
def older_sandbox(state: str, scale: float) -> Iterator[Line]:
    """Give a line over a sandbox of its own that starts in that state, with the bucket as it was then."""
    parent = Path(tempfile.mkdtemp(prefix="nexus-reimport-older-", dir=folder_in_memory()))
    directory = parent / "sandbox"
    try:
        lifecycle.start_sandbox(directory, scale, SEED, nexus=state)
        environment = lifecycle.environment(directory)
        filemaker = FileMakerResource(
            host=environment["FILEMAKER_HOST"],
            database=environment["FILEMAKER_DATABASE"],
            username=environment["FILEMAKER_USERNAME"],
            password=environment["FILEMAKER_PASSWORD"],
        )
        with dg.DagsterInstance.ephemeral() as instance:
            yield Line(
                environment["NEXUS_DATABASE_URL"],
                directory / "storage",
                environment["FILEMAKER_HOST"],
                environment,
                instance,
                replaced={"filemaker": filemaker},
            )
    finally:
        lifecycle.stop_sandbox(directory)
        shutil.rmtree(parent)


def tried(state: str, scale: float, tables: Sequence[str] = (), **options: Any) -> Trial:
    """Run a reimport over a state twice, at one instant, roll it back, and judge. `options` are the runs'.

    `tables`: what the runs are about; where none is named, everything.
    """
    clinic, clock = synthetic_clinic(scale, SEED), _Clock()
    selection = tables_selection(tables) if tables else None
    # An appointment that begins between two runs is completed by the second.
    options = {"as_of": datetime.now(UTC).isoformat(), **options}
    book = starting_state(state, clinic).book
    with older_sandbox(state, scale) as line:
        before = Before(digests(line.url), likenesses(line.url), book, _texts(clinic))
        outcome = clock.time("first run", lambda: line.run(selection=selection, **options))
        assert outcome.failures == [], outcome.failures
        after = digests(line.url)
        verdicts, checked = _verdicts(line.url, before, after), _checked(line.url, outcome)
        undecided = {name: _undecided(line, name) for name in outcome.tables}
        written = last_writes(line.url)
        again = clock.time("second run", lambda: line.run(selection=selection, **options))
        written_again = last_writes(line.url).since(written)
        clock.time("rollback", lambda: launch_rollback(line.definitions(), line.instance, {}))
        return Trial(
            clinic,
            options,
            before,
            outcome,
            again,
            verdicts,
            peoples_touched(before, after),
            undecided,
            checked,
            written_again,
            differing(before.rows, digests(line.url)),
            clock.seconds,
        )


def _texts(clinic: SyntheticClinic) -> dict[str, tuple[str, str]]:
    return {
        str(note["id"]).lower(): (str(note["id_Key"]).lower(), "".join(str(note["Note"]).split()))
        for note in clinic.entities["API_Notes"]
    }


def _verdicts(url: str, before: Before, after: Digests) -> dict[str, Verdict]:
    published, undone = identities(url), undone_edits(url, before.book)
    return {
        table.name: judge(
            table, before, after, published[table.name], undone.get(table.relation, frozenset())
        )
        for table in TABLES
    }


def _checked(url: str, outcome: RunOutcome) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(one.id for one in read_left_over(url, BY_NAME[name]) if one.doubled)
        for name in outcome.tables
    }


def _undecided(line: Line, table: str) -> frozenset[str]:
    warnings = line.staged(table).warnings
    return frozenset(warnings.loc[warnings["reason"] == "adoption_undecided", "key"])
