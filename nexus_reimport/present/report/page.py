"""The report as one HTML page that needs nothing else: no network, no script, no other file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from nexus_reimport.model import words
from nexus_reimport.model.counts import COMPARED, PUBLISHED, REJECTED, TAKEN_BACK, WORDS, WRITTEN
from nexus_reimport.model.reasons import explain
from nexus_reimport.present.report import charts as pictures
from nexus_reimport.present.report import compared
from nexus_reimport.present.report.facts import ReportFacts, TableFacts
from nexus_reimport.present.report.sentences import told_of
from nexus_reimport.present.report.verdict import verdict_of

_TITLES = {"reimport": "Reimport", "dry run": "Dry run", "rollback": "Rollback"}
LEVELS = {"right": "Everything is right", "look": "Look here", "nothing": "Nothing was written"}


@dataclass(frozen=True)
class ReasonLine:
    """Rows of one table that share a reason: the table in words, how many, why."""

    table: str
    rows: int
    why: str
    code: str


def render_html(facts: ReportFacts) -> str:
    """Return the page of a run. The same facts give the same page."""
    return _template().render(
        facts=facts,
        title=_TITLES[facts.kind],
        verdict=verdict_of(facts),
        levels=LEVELS,
        flow=Markup(pictures.flow_picture(facts)),  # noqa: S704 - drawn here, every text escaped by ElementTree
        time=Markup(pictures.time_picture(facts)),  # noqa: S704 - as above
        figures=_figures(facts),
        counted=_counted(facts),
        shown=_shown(facts),
        failures=[_failure(line) for line in facts.failures],
        rejected=list(_reasons(facts.tables, "rejected")),
        warnings=list(_reasons(facts.tables, "warnings")),
        told=told_of(facts),
        comparison=compared.plan_against_result(facts),
        changes=compared.changes_since(facts),
        checks=[*facts.failed_checks, *(check for check in facts.checks if check.passed)],
    )


def _figures(facts: ReportFacts) -> list[tuple[str, str]]:
    """Return the few numbers that stand at the top, each with what it counts."""
    told = [(words.duration(facts.seconds), "in all")]
    if facts.kind == "rollback":
        names = [one.name for one in TAKEN_BACK if any(table.count(one.name) for table in facts.tables)]
    else:
        read = sum(table.read for table in facts.tables)
        told = [(words.number(read), "rows read"), *told] if read else told
        names = list(PUBLISHED) if _counted(facts) else []
    sums = [(sum(table.count(name) for table in facts.tables), WORDS[name]) for name in names]
    if facts.tables and facts.kind != "rollback":
        sums.append((sum(table.refused for table in facts.tables), WORDS[REJECTED]))
    at = -1 if facts.kind != "rollback" else 0
    return [*told[:at], *((words.number(count), what) for count, what in sums), *told[at:]]


def _failure(line: str) -> tuple[str, str]:
    """Return which step failed, in words, and why."""
    step, _, why = line.partition(": ")
    return (words.step_words(step), why) if why else ("", line)


def _counted(facts: ReportFacts) -> bool:
    return any(table.done is not None or table.planned is not None for table in facts.tables)


def _shown(facts: ReportFacts) -> list[str]:
    """Return the counts that the table beside the picture has columns for."""
    if facts.kind == "rollback":
        return [one.name for one in TAKEN_BACK]
    if not _counted(facts):
        return []
    seldom = [name for name in COMPARED if name in WRITTEN and name not in PUBLISHED]
    extra = [name for name in seldom if any(table.count(name) for table in facts.tables)]
    return [*PUBLISHED, *extra]


def _reasons(tables: list[TableFacts], which: str) -> Iterator[ReasonLine]:
    for table in tables:
        counts: dict[str, int] = getattr(table, which)
        for code, rows in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
            if rows:
                yield ReasonLine(words.table_words(table.name), rows, explain(table.name, code), code)


def _with_commands(said: str) -> Markup:
    """Return a sentence whose words between backquotes stand out as something to type."""
    parts = [escape(part) for part in said.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nexus_reimport.present.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named: dict[str, Any] = {
        "number": words.number,
        "difference": words.difference,
        "table_words": words.table_words,
        "asset_words": words.asset_words,
        "check_words": words.check_words,
        "step_words": words.step_words,
        "clinic_time": words.clinic_time,
        "duration": words.duration,
        "with_commands": _with_commands,
        "meanwhile_words": compared.meanwhile_words,
    }
    environment.filters.update(named)
    environment.globals.update(
        counts=WORDS,
        pointed_at=words.POINTED_AT,
        explain_image=lambda code: explain("images", code),
    )
    return environment.get_template("page.html.j2")
