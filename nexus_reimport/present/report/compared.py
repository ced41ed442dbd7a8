"""Comparisons of a report: the plan with the result, this run with the one before. Pure."""

from dataclasses import dataclass

from nexus_reimport.model.counts import COMPARED, REJECTED, WATCHED, WORDS
from nexus_reimport.model.words import (
    asset_words,
    check_words,
    counted,
    difference,
    duration,
    number,
    table_words,
)
from nexus_reimport.present.report.facts import ReportFacts, TableFacts

# Below this share, and this many seconds, a run is as fast as the one before.
SLOWER_SHARE, SLOWER_SECONDS = 0.25, 5


@dataclass(frozen=True)
class Compared:
    """One number of a table: as planned, and as it came out."""

    table: str
    count: str
    planned: int
    result: int

    @property
    def equal(self) -> bool:
        """Whether the result is what was planned."""
        return self.planned == self.result


def plan_against_result(facts: ReportFacts) -> list[Compared]:
    """Return each number that a plan foretold, beside what came of it; none without a plan or a result."""
    return [
        Compared(table.name, name, table.planned[name], _result(table, name))
        for table in facts.tables
        if table.planned is not None and table.done is not None
        for name in (*COMPARED, REJECTED)
        if name in table.planned
    ]


def _result(table: TableFacts, name: str) -> int:
    return table.refused if name == REJECTED else table.count(name)


def plan_differences(facts: ReportFacts) -> list[Compared]:
    """Return what came out otherwise than planned."""
    return [one for one in plan_against_result(facts) if not one.equal]


def changes_since(facts: ReportFacts) -> list[str]:
    """Return, in sentences, what is otherwise than in the report before; none where there is none."""
    before = facts.previous
    if before is None:
        return []
    earlier = {table.name: table for table in before.tables}
    said = [
        sentence
        for table in facts.tables
        if table.name in earlier
        for sentence in _table_changes(table, earlier[table.name])
    ]
    return [*said, *_check_changes(facts, before), *_time_changes(facts, before)]


def _table_changes(now: TableFacts, before: TableFacts) -> list[str]:
    name, said = table_words(now.name), []
    if now.read != before.read:
        moved = difference(now.read - before.read)
        said.append(f"{name}: {number(now.read)} at the source, {number(before.read)} before ({moved}).")
    if now.after and before.after and now.after.total != before.after.total:
        moved = difference(now.after.total - before.after.total)
        said.append(
            f"{name}: {number(now.after.total)} rows in Nexus, {number(before.after.total)} before ({moved})."
        )
    if now.refused != before.refused:
        moved = difference(now.refused - before.refused)
        said.append(f"{name}: {number(now.refused)} not taken, {number(before.refused)} before ({moved}).")
    for count in WATCHED:
        if now.done and before.done and now.count(count) != before.count(count):
            figures = f"{number(now.count(count))}, {number(before.count(count))} before"
            said.append(f"{name}: {WORDS[count]}: {figures}.")
    return said


def _check_changes(now: ReportFacts, before: ReportFacts) -> list[str]:
    earlier = {(one.asset, one.check): one.passed for one in before.checks}
    said = []
    for one in now.checks:
        if earlier.get((one.asset, one.check), one.passed) != one.passed:
            how = "passes again" if one.passed else "passed before and does not now"
            said.append(f"{asset_words(one.asset)}: the check “{check_words(one.check)}” {how}.")
    return said


def _time_changes(now: ReportFacts, before: ReportFacts) -> list[str]:
    more = now.seconds - before.seconds
    if abs(more) < max(SLOWER_SECONDS, SLOWER_SHARE * before.seconds):
        return []
    return [f"The run took {duration(now.seconds)}, {duration(before.seconds)} before."]


def meanwhile(table: TableFacts) -> int | None:
    """Return by how many rows a table has changed otherwise than by this run; None where not counted."""
    if table.before is None or table.after is None:
        return None
    by_run = table.count("inserted") - table.count("removed") if table.done else 0
    if table.done and "taken_out" in table.done:
        by_run = table.count("brought_back") - table.count("taken_out")
    return table.after.total - table.before.total - by_run


def meanwhile_words(table: TableFacts) -> str:
    """Return in words what else changed a table's rows between the counts; empty where nothing did."""
    other = meanwhile(table)
    if not other:
        return ""
    what = "added" if other > 0 else "deleted"
    return f"{counted(abs(other), 'row')} {what} in Nexus by others while the run went on."
