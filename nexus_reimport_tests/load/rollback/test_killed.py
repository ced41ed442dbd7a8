"""A rollback killed at any moment: Nexus is as before it or as after it, and the next one finishes."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback import rollback
from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.sandbox.starting_states import fill_tables, starting_rows
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport_tests.load.rollback.histories import Content, content, publish_backed_up
from nexus_reimport_tests.load.test_killed import kill_after, staged_tables

SCALE, SEED, KILLS = 0.02, 4, 8


@dataclass(frozen=True)
class Published:
    """A Nexus with an older import that was published to, to copy; its backups; its content of before."""

    cluster: Cluster
    template: str
    storage: Path
    before: Content
    after: Content


@pytest.fixture(scope="module")
def published(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    clinic, storage = synthetic_clinic(SCALE), tmp_path_factory.mktemp("storage")
    with ephemeral_database(postgres) as url:
        for rows in starting_rows("older-import", clinic):
            fill_tables(url, rows)
        before = content(url)
        staged = staged_tables(clinic, read_state(url))
        tables = {name: StagedTable(one.rows, one.rejects["key"].to_list()) for name, one in staged.items()}
        publish_backed_up(url, open_store(str(storage)), tables)
        yield Published(postgres, url.rpartition("/")[2], storage, before, content(url))


def roll_back_when_told(url: str, storage: str, told: Connection) -> None:
    """Be the process that is killed: say when ready, then roll back, then say so."""
    store = open_store(storage)
    told.send("ready")
    rollback(url, store, "killed")
    told.send("done")
    time.sleep(60)


def test_kills_at_random_moments_leave_nexus_as_before_or_as_after(published: Published) -> None:
    store = open_store(str(published.storage))
    assert published.before != published.after
    with ephemeral_database(published.cluster, template=published.template) as url:
        started = time.perf_counter()
        rollback(url, store, "measured")
        duration = time.perf_counter() - started
        assert content(url) == published.before
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    ended = []
    for number in range(KILLS):
        moment = duration * 1.2 * (number + moments.random()) / KILLS
        with ephemeral_database(published.cluster, template=published.template) as url:
            ended.append(kill_after(roll_back_when_told, url, str(published.storage), moment))
            found = content(url)
            assert found in (published.before, published.after), f"killed after {moment:.3f} s"
            if found == published.after:
                assert not ended[-1]
                rollback(url, store, "next")
                assert content(url) == published.before
            rollback(url, store, "forth")
            assert content(url) == published.after
    assert not all(ended)
