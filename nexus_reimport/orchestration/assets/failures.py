"""How a refusal is shown: its own words first, ahead of any stack trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from nexus_reimport.exceptions import ClientError
from nexus_reimport.load.exceptions import BrokenLinks, PublicationError, StagedFramesOutdated
from nexus_reimport.transform.exceptions import ImageCsvError

# What a failure's metadata says where only a Nexus read anew helps.
NEXUS_HAS_MOVED = "nexus_has_moved"


@contextmanager
def refusal_first() -> Iterator[None]:
    """Turn a client's error into a Dagster Failure, whose words the UI and a terminal put on top.

    What the error came from is left out: our own words say what to do, and a cause may quote a row.
    """
    try:
        yield
    except (ClientError, ImageCsvError) as refusal:
        raise dg.Failure(f"{type(refusal).__name__}: {refusal}") from None


@contextmanager
def publication_refusal() -> Iterator[None]:
    """Turn a refusal to plan or publish into a Dagster Failure; trying again would not help."""
    try:
        yield
    except PublicationError as refusal:
        raise refused(refusal) from None


def refused(refusal: PublicationError) -> dg.Failure:
    """Return the failure that says a refusal; where Nexus has moved since it was read, it is marked so."""
    has_moved = isinstance(refusal, (StagedFramesOutdated, BrokenLinks))
    metadata = {NEXUS_HAS_MOVED: dg.MetadataValue.bool(True)} if has_moved else None
    return dg.Failure(str(refusal), metadata=metadata, allow_retries=False)


def found_nexus_moved(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Say whether a run was refused since what it had staged is of a Nexus that is no more."""
    failures = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    told = [one.dagster_event.step_failure_data.user_failure_data for one in failures if one.dagster_event]
    return any(one is not None and NEXUS_HAS_MOVED in one.metadata for one in told)
