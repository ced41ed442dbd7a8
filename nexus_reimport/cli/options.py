"""The flags of what a run can be told, made from `model.options`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from nexus_reimport.cli.session import ColumnName, ShrinkingName, TableName
from nexus_reimport.model.options import TOLD, Command, Options, flag_of, is_by_table, is_list, said

Function = TypeVar("Function", bound=Callable[..., Any])


class TableChoice(click.ParamType[tuple[str, str]]):
    """`TABLE=WORD`, where the word is one of those given; `only` has words that one table alone may have."""

    name = "table=word"

    def __init__(self, *words: str, only: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.only = only or {}

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return table and word, or fail naming those there are."""
        table, _, word = str(value).partition("=")
        if word not in self.words:
            self.fail(f"{value!r}: write TABLE={' or TABLE='.join(self.words)}.", param, ctx)
        if table != self.only.get(word, table):
            self.fail(f"{value!r}: only {self.only[word]} can be {word}d.", param, ctx)
        return TableName().convert(table, param, ctx), word


def told_to(command: Command) -> Callable[[Function], Function]:
    """Return what adds to a command the flags of every option that it takes."""

    def add(function: Function) -> Function:
        for name in reversed(TOLD):
            if command in TOLD[name].commands:
                function = _flag(name)(function)
        return function

    return add


def _flag(name: str) -> Callable[[Function], Function]:
    told, declared = TOLD[name], Options.model_fields[name]
    numbered = declared.annotation in (int, float)
    return click.option(
        flag_of(name),
        multiple=is_list(name) or is_by_table(name),
        is_flag=declared.annotation is bool,
        type=_type(name),
        metavar=told.shown,
        # Its default is left to the run, which is told of nothing that nobody has said.
        help=f"{told.flag}  [default: {declared.default}]" if numbered else told.flag,
    )


def _type(name: str) -> click.ParamType[Any] | None:
    """Return what reads an option's value."""
    told, declared = TOLD[name], Options.model_fields[name]
    if declared.annotation is float:
        return click.FloatRange(_limit(name, "ge"), _limit(name, "le"))
    if declared.annotation in (int, int | None):
        return click.IntRange(_limit(name, "ge"), _limit(name, "le"))
    if is_by_table(name):
        return TableChoice(*told.words, only=told.only)
    if told.names:
        return {"what may shrink": ShrinkingName, "columns": ColumnName}[told.names]()
    return click.Choice(told.words) if told.words else None


def _limit(name: str, which: str) -> Any:
    """Return the least (`ge`) or the most (`le`) that an option may be; None where there is none."""
    limits = Options.model_fields[name].metadata
    return next((getattr(one, which) for one in limits if hasattr(one, which)), None)


def run_options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen as the run's options; what was not is left to their defaults."""
    options = dict(chosen)
    for name in chosen:
        if is_by_table(name):
            options[name] = dict(options[name])
        elif is_list(name):
            options[name] = list(options[name])
    return said(options)
