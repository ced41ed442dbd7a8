"""The judge itself: it is red wherever a row went elsewhere, and knows which rows nobody can tell apart."""

from collections.abc import Mapping

from nexus_reimport.model.nexus import NOTES
from nexus_reimport.sandbox.clinic.older import Book
from nexus_reimport_tests.adoption.judging import Before, Verdict, differing, judge

ROWS = {"one": "1", "twin": "2", "other": "3", "people's": "4", "edited": "5", "a day": "6"}


def before() -> Before:
    """Notes of three records, `one` and `twin` alike, one that says no record, and one of a person's."""
    book = Book()
    for row_id, key in (("one", "k1"), ("twin", "k2"), ("other", "k3"), ("edited", "k3"), ("a day", "k4")):
        book.came_from("notes", row_id, key)
    book.says_no_longer("notes", "a day")
    book.is_peoples("notes", "people's")
    book.is_edited("notes", "edited", "content", "mine")
    alike = {**{row_id: row_id for row_id in ROWS}, "one": "same", "twin": "same"}
    return Before({"notes": ROWS}, {"notes": alike}, book)


def judged(published: Mapping[str, str], **changed: str | None) -> Verdict:
    """The verdict where `published` are the identities, and some rows are others than before, or gone."""
    after = {row_id: digest for row_id, digest in {**ROWS, **changed}.items() if digest is not None}
    return judge(NOTES, before(), {"notes": after}, published, {"other"})


def test_each_for_its_own_is_right_and_what_is_beside_it_is_doubled() -> None:
    verdict = judged({"k1": "one", "k2": "twin", "k3": "edited", "k4": "new"})
    assert verdict.faults == {}
    assert verdict.right == {"one", "twin", "edited"}
    assert (verdict.missed, verdict.doubled, verdict.gone_on_with) == (set(), {"other"}, set())


def test_rows_that_are_alike_may_be_exchanged_and_others_not() -> None:
    assert judged({"k1": "twin", "k2": "one"}).faults == {}
    assert judged({"k1": "edited", "k3": "one"}).faults == {"wrong": ["edited", "one"]}


def test_of_two_records_of_one_text_either_may_have_the_row_that_says_nothing_else() -> None:
    known = before()
    known.book.silent.add("other")
    said = Before(known.rows, known.alike, known.book, {"k3": ("ann", "text"), "k9": ("ann", "text")})
    taken = {"k9": "other", "k3": "new"}
    verdict = judge(NOTES, said, {"notes": ROWS}, taken)
    assert (verdict.faults, verdict.missed) == ({}, set())
    assert judge(NOTES, known, {"notes": ROWS}, taken).faults == {"wrong": ["other"]}
    assert judge(NOTES, known, {"notes": ROWS}, taken).missed == {"k3"}


def test_a_new_row_beside_one_of_its_own_is_missed_unless_that_says_no_record() -> None:
    assert judged({"k1": "new", "k4": "newer"}).missed == {"k1"}


def test_what_people_made_or_put_in_is_no_records_and_stays() -> None:
    assert judged({"k1": "people's"}).faults == {"taken": ["people's"]}
    assert judged({}, **{"people's": "changed"}).faults == {"touched": ["people's"]}
    assert judged({}, **{"people's": None}).faults == {"lost": ["people's"], "touched": ["people's"]}
    assert judged({}, edited=None).faults == {"lost": ["edited"]}
    assert judged({}, other=None).faults == {}
    assert judged({"k3": "other"}).faults == {"unedited": ["other"]}
    assert judged({"k3": "other"}, other=None).faults == {"lost": ["other"], "unedited": ["other"]}


def test_a_row_that_differs_or_that_one_side_lacks_is_named_once() -> None:
    assert differing(
        {"notes": {"a": "1", "b": "2", "c": "3"}}, {"notes": {"a": "1", "b": "9", "d": "4"}}
    ) == {"notes": ["b", "c", "d"]}
