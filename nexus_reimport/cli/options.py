"""The flags of what a run can be option, made from `model.options`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from nexus_reimport.cli.session import ColumnName, ShrinkingName, TableName
from nexus_reimport.model.options import OPTIONS, Command, Options, flag_of, is_by_table, is_list, said

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


def option_flags(command: Command) -> Callable[[Function], Function]:
    """Return what adds to a command the flags of every option that it takes."""

    def add(function: Function) -> Function:
        for name in reversed(OPTIONS):
            if command in OPTIONS[name].commands:
                function = _flag(name)(function)
        return function

    return add


def _flag(name: str) -> Callable[[Function], Function]:
    option, declared = OPTIONS[name], Options.model_fields[name]
    numbered = declared.annotation in (int, float)
    return click.option(
        flag_of(name),
        multiple=is_list(name) or is_by_table(name),
        is_flag=declared.annotation is bool,
        type=_type(name),
        metavar=option.shown,
        # Its default is left to the run, which is told of nothing that nobody has said.
        help=f"{option.flag}  [default: {declared.default}]" if numbered else option.flag,
    )


def _type(name: str) -> click.ParamType[Any] | None:
    """Return what reads an option's value."""
    option, declared = OPTIONS[name], Options.model_fields[name]
    if declared.annotation is float:
        return click.FloatRange(_limit(name, "ge"), _limit(name, "le"))
    if declared.annotation in (int, int | None):
        return click.IntRange(_limit(name, "ge"), _limit(name, "le"))
    if is_by_table(name):
        return TableChoice(*option.words, only=option.only)
    if option.names:
        return {"what may shrink": ShrinkingName, "columns": ColumnName}[option.names]()
    return click.Choice(option.words) if option.words else None


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
