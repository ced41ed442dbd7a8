"""Whatever a transform says of a row in any test is declared, and each column of FileMaker's is given."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.reason import Reason, ReasonKind
from nexus_reimport.transform.staged import Accounting, Staged

Saying = Callable[[Accounting, str, str, Reason], None]
Given = Mapping[str, Sequence[object]]
Staging = Callable[[Accounting, list[str], Given, Mapping[str, object]], Staged]


@pytest.fixture(autouse=True, scope="package")
def only_what_is_declared_is_said() -> Iterator[None]:
    """Listen to every ledger. A table that a test has made up has no declared reasons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Accounting, "reject", _heard(Accounting.reject, "reject"))
        patch.setattr(Accounting, "warn", _heard(Accounting.warn, "warning"))
        yield


@pytest.fixture(autouse=True, scope="package")
def every_column_of_filemakers_is_given() -> Iterator[None]:
    """A nullable column that a transform forgets would be null in every row, and nobody would know."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Accounting, "staged", _given(Accounting.staged))
        yield


def _given(staging: Staging) -> Staging:
    def given(ledger: Accounting, keys: list[str], columns: Given, constants: Mapping[str, object]) -> Staged:
        # A test of the ledger alone gives rows nothing, not even who they are.
        if ledger.table.name in BY_NAME and "id" in columns:
            wanted = {column.name for column in ledger.table.named("key", "source", "stamp")}
            forgotten = wanted - columns.keys() - constants.keys()
            assert not forgotten, f"transform gives no {', '.join(forgotten)} of {ledger.table.name}"
        return staging(ledger, keys, columns, constants)

    return given


def _heard(saying: Saying, kind: ReasonKind) -> Saying:
    def said(ledger: Accounting, key: str, field: str, reason: Reason) -> None:
        table = ledger.table.name
        if table in BY_NAME:
            assert reason_named(reason).is_said(kind, table, field), f"{table}.{field}: {reason}, a {kind}"
        saying(ledger, key, field, reason)

    return said
