"""Every row that stood in a rollback's way, by table and id, kept as JSON: a message has room for a few."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.load.rollback.conflicts import Conflict

_FOLDER = "rollbacks"


@dataclass(frozen=True)
class RowsOfRollback:
    """Rows by what became of them. `refused`: they are why nothing was taken back.

    `left`: they are as they were before the rollback. `discarded`: they had been changed, and were set back.
    """

    run_id: str
    refused: tuple[Conflict, ...] = ()
    left: tuple[Conflict, ...] = ()
    discarded: tuple[Conflict, ...] = ()


def path_of(run_id: str) -> str:
    """Return where a rollback's rows are under the storage."""
    return f"{_FOLDER}/{run_id}.json"


def save_rows(store: ObjectStore, rows: RowsOfRollback) -> None:
    """Keep the rows under the rollback's run."""
    obstore.put(store, path_of(rows.run_id), orjson.dumps(asdict(rows), option=orjson.OPT_INDENT_2))


def load_rows(store: ObjectStore, run_id: str) -> RowsOfRollback:
    """Return the rows of a rollback; none where it had none to tell of."""
    try:
        found: dict[str, Any] = orjson.loads(bytes(obstore.get(store, path_of(run_id)).bytes()))
    except FileNotFoundError:
        return RowsOfRollback(run_id)
    return RowsOfRollback(
        found["run_id"], *(_obstacles(found[name]) for name in ("refused", "left", "discarded"))
    )


def _obstacles(found: Sequence[dict[str, Any]]) -> tuple[Conflict, ...]:
    return tuple(Conflict(**one) for one in found)
