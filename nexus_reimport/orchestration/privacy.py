"""Errors nobody foresaw keep their kind and place, and lose their words: those may quote a patient's row.

Our own errors name keys, fields and reasons only, and pass as they are.
"""

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import dagster as dg

from nexus_reimport.exceptions import StorageFailed
from nexus_reimport.storage.storage_errors import is_of_folder, storage_fault

_P = ParamSpec("_P")
_R = TypeVar("_R")


class UnforeseenError(Exception):
    """An error of a library, or a fault of ours, without its words."""


@contextmanager
def without_values() -> Iterator[None]:
    """Let our own errors pass and replace any other by an UnforeseenError that says its kind and place."""
    try:
        yield
    except Exception as error:
        if _is_ours(error):
            raise
        if is_of_folder(error):
            raise StorageFailed(storage_fault(error)) from None
        raise UnforeseenError(_kind_and_place(error)) from None


def keeps_values_out_of_errors(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return the function, its errors without values."""

    @functools.wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with without_values():
            return function(*args, **kwargs)

    return guarded


def _is_ours(error: BaseException) -> bool:
    return isinstance(error, dg.Failure) or type(error).__module__.startswith("nexus_reimport.")


def _kind_and_place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "nexus_reimport" in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} in {ours[-1].name}"
    return f"{type(error).__name__} at {place}. Its words are left out, since they may quote a patient's row."
