"""The one sentence at the top of a report, and what to do next. Pure: facts in, words out."""

from dataclasses import dataclass
from typing import Literal

from nexus_reimport.model.words import asset_words, counted, listed, number, table_in_sentence
from nexus_reimport.present.report.compared import plan_differences
from nexus_reimport.present.report.facts import ReportFacts

Level = Literal["right", "look", "nothing"]

GO_ON = "Go on from where it stopped, once the cause is gone: `nexus-reimport resume`"


@dataclass(frozen=True)
class Verdict:
    """How the run went. `level`: everything is right, look here, or nothing was written.

    `sentence` says it; `next_steps` say what to do, the most urgent first, commands between backquotes.
    """

    level: Level
    sentence: str
    next_steps: list[str]


def verdict_of(facts: ReportFacts) -> Verdict:
    """Return the verdict of a run."""
    if not facts.success:
        return _failed(facts)
    doubts = doubts_of(facts)
    if doubts:
        return Verdict(
            "look", f"Look here: {_what_happened(facts, small=True)}, but {doubts[0]}.", _look(doubts)
        )
    if facts.kind == "dry run":
        return Verdict(
            "nothing", "Nothing was written to Nexus: this run only looked ahead.", _after_a_look(facts)
        )
    return Verdict("right", f"Everything is right. {_what_happened(facts)}.", _after_right(facts))


def doubts_of(facts: ReportFacts) -> list[str]:
    """Return what is not as it should be, each as half a sentence, the gravest first."""
    doubts = []
    grave = [check for check in facts.failed_checks if check.severity == "ERROR"]
    if grave:
        where = listed(sorted({asset_words(check.asset) for check in grave}))
        doubts.append(f"{counted(len(grave), 'check')} did not pass ({where})")
    if broken := sum(link.broken or 0 for link in facts.links):
        doubts.append(f"{counted(broken, 'row')} from FileMaker point at something that is not there")
    if facts.publication is not None and (moved := plan_differences(facts)):
        doubts.append(f"the result is not what was planned in {counted(len(moved), 'number')}")
    if facts.backup and not facts.backup.proved:
        doubts.append("the backup could not be proved to be restorable")
    return doubts


def _failed(facts: ReportFacts) -> Verdict:
    if facts.kind == "rollback" and facts.publication is None:
        return Verdict(
            "nothing",
            "Nothing was taken back. The run stopped before it wrote to Nexus, and Nexus is as it was.",
            [
                "Read below why it stopped.",
                "If people changed rows since, choose what becomes of these: `nexus-reimport rollback "
                "--keep-edits` leaves them as they are, `--discard-edits` sets them back too.",
            ],
        )
    steps = [GO_ON, "If it fails again, give this page to whoever looks after the reimport."]
    if facts.publication is None:
        why = "The run stopped before it wrote to Nexus, and Nexus is as it was."
        return Verdict(
            "nothing", f"Nothing was written to Nexus. {why}", ["Read below why it stopped.", *steps]
        )
    sentence = f"Look here: Nexus was written to (publication {facts.publication}), but the run ended badly."
    return Verdict("look", sentence, ["Read below what failed.", *steps, _take_back()])


def _what_happened(facts: ReportFacts, *, small: bool = False) -> str:
    said = _rollback_words(facts) if facts.kind == "rollback" else _reimport_words(facts)
    return said[0].lower() + said[1:] if small and not said.startswith("Nexus") else said


def _reimport_words(facts: ReportFacts) -> str:
    if facts.kind == "dry run":
        return "This run only looked ahead and wrote nothing to Nexus"
    if facts.publication is None:
        return "Nexus already had everything, so nothing had to be written"
    new = sum(table.count("inserted") for table in facts.tables)
    changed = sum(table.count("updated") for table in facts.tables)
    if not (new or changed):
        return "Nexus was mended; no row had to be added or brought up to date"
    parts = [f"Nexus got {counted(new, 'new row')}"] if new else []
    if changed:
        were = "was" if changed == 1 else "were"
        parts.append(f"{counted(changed, 'row')}{'' if new else ' in Nexus'} {were} brought up to date")
    return listed(parts)


def _rollback_words(facts: ReportFacts) -> str:
    what = f"{_publications(facts.undone)} taken back" if facts.undone else "Taken back"
    if facts.stand_again:
        are = "are" if len(facts.stand_again) > 1 else "is"
        what = (
            f"An earlier rollback taken back, so {_publications(facts.stand_again).lower()} {are} there again"
        )
    left = sum(table.count("left") for table in facts.tables)
    return f"{what}: Nexus is as it was before" + (
        f", but for {counted(left, 'row')} left alone" if left else ""
    )


def _publications(numbers: list[int]) -> str:
    return f"Publication{'s' if len(numbers) != 1 else ''} {listed([str(one) for one in numbers])}"


def _look(doubts: list[str]) -> list[str]:
    more = [f"Also: {doubt}." for doubt in doubts[1:]]
    return [*more, "See what is marked below, and ask whoever looks after the reimport.", _take_back()]


def _after_a_look(facts: ReportFacts) -> list[str]:
    which = f" --plan {facts.plan_id}" if facts.plan_id else ""
    return [
        "Look at the numbers below.",
        f"If they are what you expect, let it happen: `nexus-reimport run{which}`",
    ]


def _after_right(facts: ReportFacts) -> list[str]:
    if facts.kind == "rollback":
        return ["Nothing needs to be done.", "To reimport again: `nexus-reimport run`"]
    steps = ["Nothing needs to be done."]
    refused = [table for table in facts.tables if table.refused]
    if refused:
        named = listed([f"{number(one.refused)} of {table_in_sentence(one.name)}" for one in refused])
        steps.append(f"When there is time, put right at its source what was not taken ({named}).")
    if warned := [check for check in facts.failed_checks if check.severity != "ERROR"]:
        steps.append(f"Read {counted(len(warned), 'remark')} among the checks below.")
    return steps


def _take_back() -> str:
    return "If Nexus should be as it was before: `nexus-reimport rollback`"
