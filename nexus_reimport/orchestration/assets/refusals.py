"""How a refusal is shown: its own words first, ahead of any stack trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from nexus_reimport.exceptions import ClientError
from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.transform.exceptions import ImageCsvError


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
        raise dg.Failure(str(refusal), allow_retries=False) from None
