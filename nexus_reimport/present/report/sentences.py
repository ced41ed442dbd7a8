"""What a report says in sentences: people's edits, what is gone at the source, what was mended. Pure."""

from collections.abc import Iterator

from nexus_reimport.model.counts import COUNT_BY_NAME, SENTENCES, TAKEN_BACK, Says
from nexus_reimport.model.words import counted, table_words
from nexus_reimport.present.report.facts import ReportFacts, TableFacts

# Of the removed, those that are gone at the source; the sentence of the removed is about the others.
_GONE_AND_REMOVED = (
    "{rows} is no longer in FileMaker and was taken out. It is kept aside and can be put back.",
    "{rows} are no longer in FileMaker and were taken out. They are kept aside and can be put back.",
)


def told_of(facts: ReportFacts) -> list[str]:
    """Return a sentence for each thing worth telling of each table; none where nothing is."""
    return [sentence for table in facts.tables for sentence in _told(table)]


def _told(table: TableFacts) -> Iterator[str]:
    taken_out = _taken_out(table)
    for name, says in _says():
        rows = taken_out.get(name, table.count(name))
        if rows:
            yield f"{table_words(table.name)}: {says[rows != 1].format(rows=counted(rows, 'row'))}"


def _says() -> Iterator[tuple[str, Says]]:
    """Yield each count that a sentence says, and the sentence."""
    for name in SENTENCES:
        if says := COUNT_BY_NAME[name].says:
            yield name, says
        if name == "missing_kept":
            yield "missing_removed", _GONE_AND_REMOVED
    for one in TAKEN_BACK:
        if one.says:
            yield one.name, one.says


def _taken_out(table: TableFacts) -> dict[str, int]:
    """Return how many of the rows that are gone stay and were taken out, and how many went as damage.

    Those stay that were neither taken out nor archived now. Runs of an earlier release did not tell.
    """
    gone = table.count("missing") - table.count("archived")
    kept = (table.done or table.planned or {}).get("missing_kept", gone)
    removed = gone - kept
    return {"missing_kept": kept, "missing_removed": removed, "removed": table.count("removed") - removed}
