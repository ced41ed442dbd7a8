"""How far a long step is: said in the run's log and on its chip in the UI, and to whoever listens."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

EVERY_SECONDS = 5.0

Listener = Callable[[str, int, int | None], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener(step, done, total)` called at every bit of progress here; return how to stop that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


@dataclass
class StepProgress:
    """The progress of one step, in rows or files: `StepProgress(context)(done, total)`."""

    context: dg.AssetExecutionContext | dg.OpExecutionContext
    _is_long: bool = False
    _next: float = field(default_factory=lambda: time.monotonic() + EVERY_SECONDS)

    def __call__(self, done: int, total: int | None) -> None:
        """Tell listeners at once; log and tag every five seconds, and at the end of a long step."""
        # An op's context is itself what an asset's has inside.
        step = getattr(self.context, "op_execution_context", self.context).op.name
        for listener in _listeners:
            listener(step, done, total)
        ends = self._is_long and done == total
        if time.monotonic() >= self._next or ends:
            self._is_long = True
            self._next = time.monotonic() + EVERY_SECONDS
            self._tell(step, f"{done}/{total}" if total is not None else str(done))

    def _tell(self, step: str, far: str) -> None:
        self.context.log.info(f"{step}: {far}")
        self.context.instance.add_run_tags(self.context.run.run_id, {"progress": far})
