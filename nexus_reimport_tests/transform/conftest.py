"""Whatever a transform says of a row in any test is declared: of that table and field, as of that kind."""

from collections.abc import Callable, Iterator

import pytest

from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.reason import Kind, Reason
from nexus_reimport.transform.staged import Ledger

Saying = Callable[[Ledger, str, str, Reason], None]


@pytest.fixture(autouse=True, scope="package")
def only_what_is_declared_is_said() -> Iterator[None]:
    """Listen to every ledger. A table that a test has made up has no declared reasons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "reject", _heard(Ledger.reject, "reject"))
        patch.setattr(Ledger, "warn", _heard(Ledger.warn, "warning"))
        yield


def _heard(saying: Saying, kind: Kind) -> Saying:
    def said(ledger: Ledger, key: str, field: str, reason: Reason) -> None:
        table = ledger.table.name
        if table in BY_NAME:
            assert reason_named(reason).is_said(kind, table, field), f"{table}.{field}: {reason}, a {kind}"
        saying(ledger, key, field, reason)

    return said
