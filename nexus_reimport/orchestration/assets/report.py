"""The report of a run, as the last asset of the line."""

import dagster as dg

from nexus_reimport.model.counts import PARTS, PUBLISHED, READ, TAKEN_BACK, WORDS
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.words import number, table_words
from nexus_reimport.orchestration.assets.metadata import OWNERS, Metadata
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.records.run_report import KeptReport, make_report
from nexus_reimport.orchestration.resources import NexusResource
from nexus_reimport.present.report.facts import ReportFacts
from nexus_reimport.present.report.verdict import verdict_of

# Nothing can depend on a check. But of the steps that could be next, one with a lower priority comes
# last, so the report sees the checks of Nexus too.
LAST = {"dagster/priority": "-1000"}


@dg.asset(
    group_name="report",
    kinds={"html", "json"},
    owners=OWNERS,
    deps=[dg.AssetKey(["nexus", table.name]) for table in TABLES],
    op_tags=LAST,
)
@keeps_values_out_of_errors
def report(
    context: dg.AssetExecutionContext, frames: dg.ResourceParam[FrameIOManager], nexus: NexusResource
) -> dg.MaterializeResult[None]:
    """One page for the clinic's manager: what was read, written, refused and proved. No patient's data."""
    kept = make_report(context.instance, context.run.run_id, nexus.database_url, frames.location)
    return dg.MaterializeResult(metadata=report_metadata(kept))


def report_metadata(kept: KeptReport) -> Metadata:
    """Return what the materialization of `report` tells: the verdict, where the page is, a few numbers."""
    page = {"page": dg.MetadataValue.url(kept.url)} if kept.url else {}
    return {
        "verdict": dg.MetadataValue.text(verdict_of(kept.facts).sentence),
        **page,
        "summary": dg.MetadataValue.md(_summary(kept.facts)),
        "path": dg.MetadataValue.path(kept.place),
    }


def _summary(facts: ReportFacts) -> str:
    """Return a small table in Markdown: a line a table of Nexus."""
    if facts.kind == "rollback":
        return _taken_back(facts)
    head = ("table", READ, *(WORDS[name] for name in PARTS))
    lines = [f"| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    for table in facts.tables:
        counts = (
            table.read,
            *(table.count(name) for name in PUBLISHED),
            table.refused,
        )
        lines.append(f"| {table_words(table.name)} | {' | '.join(map(number, counts))} |")
    return "\n".join(lines)


def _taken_back(facts: ReportFacts) -> str:
    lines = [f"| table | {' | '.join(one.words for one in TAKEN_BACK)} |", "|---|--:|--:|--:|--:|"]
    for table in facts.tables:
        counts = [number(table.count(one.name)) for one in TAKEN_BACK]
        lines.append(f"| {table_words(table.name)} | {' | '.join(counts)} |")
    return "\n".join(lines)
