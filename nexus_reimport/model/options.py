"""What a run can be told, each option once: its type, default and words, and where it is kept.

Dagster's configuration, the flags of `run` and `plan`, what a plan keeps and the table in docs/plan.md are
made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from nexus_reimport.model.nexus import BY_NAME, TABLES

# Where a plan has an option. "part": among what its id is made of; `run --plan` takes it from there, and may
# be told the same again, but no other. "beside": kept, and no part of the id. "no": not kept.
InPlan = Literal["part", "beside", "no"]
Command = Literal["run", "plan"]
# What an option's list holds names of: whatever may shrink, or columns.
_Names = Literal["what may shrink", "columns"]


@dataclass(frozen=True)
class Option:
    """What is to be known of an option beside its type, default and Dagster's description.

    `flag`: the command line's words for it, on `commands`; `shown` stands for the value there. `words`: those
    it takes, where the first is the default; of these, `only` has what one table alone may have.
    """

    flag: str = ""
    commands: tuple[Command, ...] = ("run", "plan")
    shown: str | None = None
    words: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)
    names: _Names | None = None
    # An option that is new is part of a plan: one left out lets a plan be applied on other terms than it was
    # made on.
    in_plan: InPlan = "part"

    def words_of(self, table: str) -> tuple[str, ...]:
        """Return the words that a table may have; none for a table that there is not."""
        return tuple(word for word in self.words if table in BY_NAME and self.only.get(word, table) == table)


class Options(BaseModel):
    """What the person who starts a run may decide about it, in the order of the command line."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int | None, Option("Only so many patients, and what is theirs.")] = Field(
        default=None, ge=1, description="Stage only so many patients, the first by id, and what is theirs."
    )
    allow_shrunk: Annotated[
        list[str],
        Option(
            "A table, a source, or a field of one (contacts.DOB) that may have lost over a tenth.",
            names="what may shrink",
        ),
    ] = Field(
        default=[],
        description="What may be less than 90 % of the last publication's: a table (patients), a source"
        " (contact_details), or a field of a source (contacts.DOB).",
    )
    allow_change: Annotated[
        list[str],
        Option(
            "A column (patients.dob) in which any number of rows may lose or change their value.",
            names="columns",
        ),
    ] = Field(
        default=[],
        description="Columns (patients.dob) in which any number of rows may lose or change their value.",
    )
    conflicts: Annotated[
        dict[str, str],
        Option(
            "Who wins where a person changed a field: nexus (the default) or filemaker.",
            shown="TABLE=WHO",
            words=("nexus", "filemaker"),
        ),
    ] = Field(
        default={}, description="By table, who wins where a person changed a field: nexus or filemaker."
    )
    deleted: Annotated[
        dict[str, str],
        Option(
            "Rows deleted in Nexus: restore (the default) or stay.",
            shown="TABLE=WHAT",
            words=("restore", "stay"),
        ),
    ] = Field(default={}, description="By table, what becomes of rows deleted in Nexus: restore or stay.")
    on_missing: Annotated[
        dict[str, str],
        Option(
            "Rows gone from FileMaker: keep (the default), archive (patients) or remove.",
            shown="TABLE=WHAT",
            words=("keep", "archive", "remove"),
            only={"archive": "patients"},
        ),
    ] = Field(
        default={},
        description="By table, what becomes of rows gone from FileMaker: keep, archive (patients) or remove.",
    )
    older_imports: Annotated[
        dict[str, str],
        Option(
            "Rows of older imports without a partner in FileMaker: report (the default), stay or remove.",
            shown="TABLE=WHAT",
            words=("report", "stay", "remove"),
        ),
    ] = Field(
        default={},
        description="By table, what becomes of rows of older imports without a partner in FileMaker: report,"
        " stay or remove.",
    )
    without_clinic: Annotated[
        str,
        Option(
            "Appointments for which there is no clinic: publish (the default) or hold them back.",
            words=("publish", "hold"),
        ),
    ] = Field(
        default="publish",
        description="An appointment for which there is no clinic: publish it, though the day list of its day "
        "fails in Nexus, or hold it back.",
    )
    missing_percent: Annotated[float, Option("No more of a table is archived or removed.")] = Field(
        default=1, ge=0, le=100, description="No more of a table's rows than this are archived or removed."
    )
    missing_rows: Annotated[int, Option("Nor more of its rows than this.")] = Field(
        default=50, ge=0, description="Nor more rows of a table than this."
    )
    as_of: Annotated[
        str | None,
        Option(
            "The run's instant, ISO 8601 with offset.  [default: now]",
            shown="INSTANT",
            in_plan="beside",
        ),
    ] = Field(
        default=None,
        description="The run's instant, ISO 8601 with offset; where empty, when the run was created.",
    )
    plan: Annotated[
        str | None,
        Option(
            "Apply this plan; refuse if anything moved since.",
            commands=("run",),
            shown="ID",
            in_plan="no",
        ),
    ] = Field(
        default=None, description="Apply just this plan, by its id; refuse if anything has moved since."
    )
    full_dump: Annotated[
        bool,
        Option("First dump the whole database too, and prove the dump.", commands=("run",), in_plan="no"),
    ] = Field(default=False, description="Also dump the whole of Nexus's database, and prove the dump.")
    tables: Annotated[list[str], Option(commands=())] = Field(
        default=[], description="What a plan covers, by table name; where empty, what the run publishes."
    )

    def word(self, option: str, table: str) -> str:
        """Return what an option by table says of one table: the first of its words where nothing is said."""
        said: dict[str, str] = getattr(self, option)
        return said.get(table, OPTIONS[option].words[0])

    def filemaker_wins(self, table: str) -> bool:
        """Say whether FileMaker's value is taken even where a person changed the field."""
        return self.word("conflicts", table) == "filemaker"

    def stays_deleted(self, table: str) -> bool:
        """Say whether rows of a table that were deleted in Nexus are left gone."""
        return self.word("deleted", table) == "stay"

    def planned(self) -> dict[str, Any]:
        """Return what a plan keeps, and what its id depends on; lists in order."""
        return {
            name: _in_order(getattr(self, name)) for name, one in OPTIONS.items() if one.in_plan == "part"
        }

    def unknown_by_table(self) -> str | None:
        """Return what is wrong with an option by table: a word, or a table, that there is not; else None."""
        for option, one in OPTIONS.items():
            if not is_by_table(option):
                continue
            for table, word in getattr(self, option).items():
                if word not in (words := one.words_of(table)):
                    return f"{option}: {table}: {word} is not one of {', '.join(words)}."
        return None

    def unknown_word(self, option: str) -> str | None:
        """Return what is wrong with an option that is one word; None where nothing is."""
        word, words = getattr(self, option), OPTIONS[option].words
        return None if word in words else f"{option}: {word} is not one of {', '.join(words)}."

    def unknown_columns(self) -> str | None:
        """Return which columns there are not that may change at once; None where all are there."""
        known = {f"{table.name}.{column.name}" for table in TABLES for column in table.named("source")}
        if unknown := sorted(set(self.allow_change) - known):
            return f"allow_change: {', '.join(unknown)}: write TABLE.COLUMN, of a column from FileMaker."
        return None


def _declared(info: FieldInfo) -> Option:
    return next(one for one in info.metadata if isinstance(one, Option))


# By name, in the order of the command line.
OPTIONS = {name: _declared(info) for name, info in Options.model_fields.items()}


def is_by_table(option: str) -> bool:
    """Say whether an option has a word for each table."""
    return Options.model_fields[option].annotation == dict[str, str]


def is_list(option: str) -> bool:
    """Say whether an option is a list of names."""
    return Options.model_fields[option].annotation == list[str]


def flag_of(option: str) -> str:
    """Return the option as it is written at a terminal: `--on-missing`."""
    return "--" + option.replace("_", "-")


def said(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of which something is said; the others are left to their defaults."""
    return {name: value for name, value in options.items() if value not in (None, [], {})}


def of_plan(kept: Mapping[str, Any]) -> Options:
    """Return the options that a plan was made with, by what it keeps; an older one lacks some."""
    return Options.model_construct(**kept)


def to_apply(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run is told that is to apply a plan: its options, its instant and its id."""
    beside = {name: plan[name] for name, one in OPTIONS.items() if one.in_plan == "beside"}
    return {**said(plan["options"]), **beside, "plan": plan["id"]}


def different_options(plan: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Return which options are said to be others than those that a plan was made with."""
    beside = {name: plan.get(name) for name, one in OPTIONS.items() if one.in_plan == "beside"}
    kept = {**plan["options"], **beside}
    return sorted(name for name in options if _alike(options[name]) != _alike(kept.get(name)))


def _alike(value: Any) -> Any:
    """Return an option's value so that two ways to write it are equal: lists in order, instants as such."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else _in_order(value)
    except ValueError:
        return value


def _in_order(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
