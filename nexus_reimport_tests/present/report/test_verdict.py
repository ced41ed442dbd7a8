"""The first sentence of a report, what to do next, and what is otherwise than last time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nexus_reimport.present.report.compared import changes_since, meanwhile, meanwhile_words
from nexus_reimport.present.report.facts import BackupFacts, CheckFacts, LinkFacts, ReportFacts, RowCount
from nexus_reimport.present.report.sentences import told_of
from nexus_reimport.present.report.verdict import verdict_of
from nexus_reimport_tests.present.report.samples import failed, looked_ahead, reimport, table, taken_back


def off_plan() -> ReportFacts:
    first, *others = reimport().tables
    return replace(
        reimport(), tables=[replace(first, planned={**(first.planned or {}), "updated": 13}), *others]
    )


GRAVE = CheckFacts("nexus/images", "links_to_live_rows", False, "ERROR", "14 are astray.")


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (reimport(), "right", "Everything is right."),
        (taken_back(), "right", "Publication 12 taken back"),
        (replace(reimport(), publication=None), "right", "Nexus already had everything"),
        (looked_ahead(), "nothing", "Nothing was written to Nexus"),
        (failed(), "nothing", "Nothing was written to Nexus"),
        (replace(failed(), publication=9), "look", "Nexus was written to (publication 9)"),
        (replace(reimport(), checks=[GRAVE]), "look", "1 check did not pass (Images, in Nexus)"),
        (
            replace(reimport(), links=[LinkFacts("notes", "patient_id", 9, 2)]),
            "look",
            "2 rows from FileMaker point",
        ),
        (replace(reimport(), backup=BackupFacts("x", proved=False)), "look", "could not be proved"),
        (off_plan(), "look", "not what was planned in 1 number"),
    ],
)
def test_the_verdict_is_one_sentence_of_three_kinds(facts: ReportFacts, level: str, words: str) -> None:
    verdict = verdict_of(facts)
    assert verdict.level == level
    assert words in verdict.sentence
    assert verdict.next_steps


def test_what_is_merely_remarked_upon_does_not_spoil_the_verdict() -> None:
    remark = replace(GRAVE, severity="WARN")
    others = LinkFacts("image_batches", "object_id", 9, 0, others=3)
    assert verdict_of(replace(reimport(), checks=[remark], links=[others])).level == "right"


def test_every_further_doubt_is_among_what_to_do() -> None:
    facts = replace(reimport(), checks=[GRAVE], backup=BackupFacts("x", proved=False))
    assert any("could not be proved" in step for step in verdict_of(facts).next_steps)


def test_a_run_that_stopped_can_be_gone_on_with() -> None:
    assert any("`nexus-reimport resume`" in step for step in verdict_of(failed()).next_steps)


def test_a_mended_nexus_is_not_called_up_to_date() -> None:
    facts = replace(reimport(), tables=[table("images", 10, removed=3)])
    assert "Nexus was mended" in verdict_of(facts).sentence


def test_nothing_is_different_from_the_same_run() -> None:
    assert changes_since(reimport().after(reimport())) == []
    assert changes_since(reimport()) == []


def test_what_changed_since_the_last_report_is_told_in_sentences() -> None:
    before = reimport()
    first, *others = before.tables
    now = replace(
        before,
        ended=before.ended + timedelta(seconds=60),
        tables=[replace(first, read=2850, rejected={"no_name": 1}), *others],
        checks=[replace(before.checks[0], passed=False), replace(before.checks[1], passed=True)],
    )
    assert changes_since(now.after(before)) == [
        "Patients: 2,850 at the source, 2,845 before (+5).",
        "Patients: 1 not taken, 3 before (\N{MINUS SIGN}2).",
        "Notes, as prepared: the check “Ids unique” passed before and does not now.",
        "Image batches, in Nexus: the check “Links of peoples own rows” passes again.",
        "The run took 2 min 18 s, 1 min 18 s before.",
    ]


def test_what_others_did_meanwhile_is_told_apart_from_the_run() -> None:
    one = table("patients", 10, inserted=4, removed=1)
    assert (meanwhile(one), meanwhile_words(one)) == (0, "")
    busy = replace(one, after=RowCount(1003, 19))
    assert meanwhile(busy) == 2
    assert meanwhile_words(busy) == "2 rows added in Nexus by others while the run went on."
    assert meanwhile(replace(one, before=None)) is None
    [back] = taken_back().tables
    assert meanwhile(back) == 0


def test_peoples_work_is_told_of_in_sentences() -> None:
    facts = replace(reimport(), tables=[table("notes", 9, edits_kept=1, conflicts=2), table("images", 9)])
    assert told_of(facts) == [
        "Notes: 1 row had been edited by somebody in Nexus. What they wrote was kept.",
        "Notes: 2 rows were changed both in FileMaker and in Nexus, in the same fields. Look at them.",
    ]
