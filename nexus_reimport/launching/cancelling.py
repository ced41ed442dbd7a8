"""A run at a terminal that is cancelled in the browser: the browser can't reach its process, so it looks."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

LOOK_EVERY_SECONDS = 2.0
CANCELED = (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED)


@contextmanager
def ends_when_canceled(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Interrupt the main thread, as Ctrl-C does, once the run is cancelled; while inside.

    A publication that is interrupted is rolled back. Nothing is done outside of the main thread, which
    alone can be interrupted, nor for an instance that only this process knows.
    """
    if not instance.is_persistent or threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(instance, run_id, over), daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _look(instance: dg.DagsterInstance, run_id: str, over: threading.Event) -> None:
    while not over.wait(LOOK_EVERY_SECONDS):
        run = None
        # A Dagster that does not answer just now is the run's own trouble, and told by it.
        with contextlib.suppress(Exception):
            run = instance.get_run_by_id(run_id)
        if run and run.status in CANCELED:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return
