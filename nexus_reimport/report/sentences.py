"""What a report says in sentences: people's edits, what is gone at the source, what was mended. Pure."""

from collections.abc import Iterator

from nexus_reimport.report.facts import ReportFacts, TableFacts
from nexus_reimport.report.words import counted, table_words

# A count, and what it means of so many rows: for one row, for several.
_SAYS = {
    "edits_kept": (
        "{rows} had been edited by somebody in Nexus. What they wrote was kept.",
        "{rows} had been edited by somebody in Nexus. What they wrote was kept.",
    ),
    "conflicts": (
        "{rows} was changed both in FileMaker and in Nexus, in the same field. Look at it.",
        "{rows} were changed both in FileMaker and in Nexus, in the same fields. Look at them.",
    ),
    "missing_kept": (
        "{rows} came from FileMaker earlier and is no longer there. It stays in Nexus.",
        "{rows} came from FileMaker earlier and are no longer there. They stay in Nexus.",
    ),
    "missing_removed": (
        "{rows} is no longer in FileMaker and was taken out. It is kept aside and can be put back.",
        "{rows} are no longer in FileMaker and were taken out. They are kept aside and can be put back.",
    ),
    "adopted": (
        "{rows} that an older import had made was recognised, and is kept up to date from now on.",
        "{rows} that older imports had made were recognised, and are kept up to date from now on.",
    ),
    "left_over": (
        "{rows} of an older import has no partner in FileMaker. It stays in Nexus.",
        "{rows} of older imports have no partner in FileMaker. They stay in Nexus.",
    ),
    "restored": (
        "{rows} had been deleted in Nexus and came back, as the same record as before.",
        "{rows} had been deleted in Nexus and came back, as the same records as before.",
    ),
    "relinked": (
        "{rows} that people made pointed at an old record of a patient, and points at the patient again.",
        "{rows} that people made pointed at old records of patients, and point at the patients again.",
    ),
    "mended": (
        "{rows} from earlier imports was taken out. It is kept aside and can be put back.",
        "{rows} from earlier imports were taken out. They are kept aside and can be put back.",
    ),
    "archived": (
        "{rows} is no longer in FileMaker and was archived in Nexus.",
        "{rows} are no longer in FileMaker and were archived in Nexus.",
    ),
    "left": (
        "{rows} was left alone, because somebody changed it since.",
        "{rows} were left alone, because somebody changed them since.",
    ),
}


def told_of(facts: ReportFacts) -> list[str]:
    """Return a sentence for each thing worth telling of each table; none where nothing is."""
    return [sentence for table in facts.tables for sentence in _told(table)]


def _told(table: TableFacts) -> Iterator[str]:
    told = {name: table.count(name) for name in _SAYS} | _taken_out(table)
    for name, (one, several) in _SAYS.items():
        rows = told[name]
        if rows:
            sentence = (one if rows == 1 else several).format(rows=counted(rows, "row"))
            yield f"{table_words(table.name)}: {sentence}"


def _taken_out(table: TableFacts) -> dict[str, int]:
    """Return how many of the rows that are gone stay and were taken out, and how many went as damage.

    Those stay that were neither taken out nor archived now. Runs of an earlier release did not tell.
    """
    gone = table.count("missing") - table.count("archived")
    kept = (table.done or table.planned or {}).get("missing_kept", gone)
    removed = gone - kept
    return {"missing_kept": kept, "missing_removed": removed, "mended": table.count("removed") - removed}
