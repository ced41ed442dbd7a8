"""Faults of settings and services by whole runs, one of each kind; all are in nexus_reimport_tests.faults."""

from collections.abc import Iterator, Mapping

import pytest

from nexus_reimport_tests.faults.__main__ import meet
from nexus_reimport_tests.faults.known import FAULTS, Fault
from nexus_reimport_tests.faults.world import World, wrong_servers

CHOSEN = (
    "nexus: silent",
    "nexus: read-only",
    "planner: wrong password",
    "s3: hangs up",
    "storage: a file",
    "dagster: home without dagster.yaml",
)
# How long a run takes to say so is measured on a quiet machine; two of these run at once here.
LATE = "LATE"


@pytest.fixture(scope="module")
def world(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with wrong_servers() as (silent, hanging_up, page):
        yield World(environment, silent, hanging_up, page, tmp_path_factory.mktemp("folder"))


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.name in CHOSEN], ids=lambda one: one.name)
def test_a_fault_is_one_true_line(fault: Fault, world: World) -> None:
    problems, _, _ = meet(fault, world)
    assert set(problems) <= {LATE}


def test_each_chosen_fault_is_known() -> None:
    assert {one.name for one in FAULTS} >= set(CHOSEN)
