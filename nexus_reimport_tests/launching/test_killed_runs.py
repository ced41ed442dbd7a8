"""A whole reimport killed at any moment: nothing is lost, doubled or half done, and `resume` finishes it.

A few kills by default. `KILLS=200` asks for more, spread evenly over the whole run; `KILLS_SEED` for
other moments.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.postgres import folder_in_memory
from nexus_reimport_tests.launching.killed_runs import Attempt, Ground, open_ground
from nexus_reimport_tests.line import query

KILLS = int(os.environ.get("KILLS", "2"))
SEED = int(os.environ.get("KILLS_SEED", "20"))
ENTITY_OF = {f"filemaker/{entity_set.asset}": entity_set.entity for entity_set in ENTITY_SETS}


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody killed: its wall time, and what it left in Nexus before and after."""

    seconds: float
    before: dict[str, str]
    after: dict[str, str]
    thumbnails: int
    backed_up: list[int]


@pytest.fixture(scope="module")
def ground(clinic: SyntheticClinic) -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="nexus-reimport-kills-", dir=folder_in_memory()))
    try:
        with open_ground(clinic, folder) as found:
            yield found
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def undisturbed(ground: Ground) -> Undisturbed:
    with ground.attempt() as attempt:
        before = attempt.content()
        started = time.monotonic()
        with attempt.start_run() as process:
            assert process.wait() == 0, (attempt.folder / "run.log").read_text()
        seconds = time.monotonic() - started
        return Undisturbed(
            seconds,
            before,
            attempt.content(),
            len(ground.keys() - ground.originals),
            attempt.backups_of_publications(),
        )


def test_a_run_killed_at_any_moment_and_resumed_ends_as_one_never_disturbed(
    ground: Ground, undisturbed: Undisturbed
) -> None:
    assert undisturbed.before != undisturbed.after
    assert undisturbed.backed_up > [0]
    chances = random.Random(SEED)  # noqa: S311 - moments, not secrets
    seconds, number = undisturbed.seconds, 0
    while number < KILLS:
        moment = seconds * (number + chances.random()) / KILLS
        with ground.attempt() as attempt:
            started = time.monotonic()
            killed = attempt.kill_run(moment)
            if not killed:
                # The machine is quicker than it was: what ends before it is killed is no kill.
                seconds = time.monotonic() - started
            said = f"killed after {moment:.2f} s of {seconds:.2f} s: {killed}"
            assert_finished_by_resume(ground, attempt, undisturbed, said)
        number += killed


def assert_finished_by_resume(ground: Ground, attempt: Attempt, undisturbed: Undisturbed, said: str) -> None:
    """Nothing is half done before `resume`, and after it all is as if nobody had killed anything."""
    made = attempt.made_assets()
    said = f"{said}, {len(made)} assets made"
    assert_whole_or_nothing(attempt, undisturbed, said)
    resumed = finish(ground, attempt, made, said)
    print(f"{said}; resumed in {resumed:.2f} s")  # noqa: T201 - seen with -s
    assert attempt.content() == undisturbed.after, said
    assert attempt.publications() == 1, said
    assert attempt.damaged_sets() == [], said
    assert attempt.backups_of_publications() == undisturbed.backed_up, said
    assert named_thumbnails(attempt) <= ground.keys(), said
    assert len(ground.keys() - ground.originals) == undisturbed.thumbnails, said


def assert_whole_or_nothing(attempt: Attempt, undisturbed: Undisturbed, said: str) -> None:
    """Nexus is as before or as after; our own schema may have been made already, empty."""
    there = attempt.content()
    public = {name: digest for name, digest in there.items() if name.startswith("public.")}
    assert public in (of_nexus(undisturbed.before), of_nexus(undisturbed.after)), said
    assert public == of_nexus(undisturbed.before) or there == undisturbed.after, said
    assert attempt.damaged_sets() == [], said


def of_nexus(content: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in content.items() if name.startswith("public.")}


def finish(ground: Ground, attempt: Attempt, made: set[str], said: str) -> float:
    """Resume, as often as it takes to have begun at all; return how long it took in seconds.

    What was read is not read again.
    """
    ground.seen.clear()
    resumed = attempt.resume()
    assert resumed.code == 0, f"{said}: {resumed.said}"
    asked = {entity for entity in ENTITY_OF.values() if any(entity in path for path in ground.seen)}
    assert not asked & {ENTITY_OF[name] for name in made if name in ENTITY_OF}, said
    if "no run was interrupted" in resumed.said:
        # Killed before there was a run: a person starts it again.
        with attempt.start_run() as process:
            assert process.wait() == 0, said
    return resumed.seconds


def named_thumbnails(attempt: Attempt) -> set[str]:
    return {key for (key,) in query(attempt.nexus, "SELECT s3_thumbnail_key FROM images_image")}
