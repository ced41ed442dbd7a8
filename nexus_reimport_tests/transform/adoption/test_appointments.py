"""Which living appointment an event is: by start, notes, end, type and order, one to one, never guessed."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.transform.adoption.rows_in_nexus import LivingAppointment
from nexus_reimport.transform.adoption.texts import bare_digest
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.identity import derived_id
from nexus_reimport_tests.transform.records import (
    Record,
    StateRow,
    appointments_of,
    cells,
    contact,
    fm,
    key,
    line,
    patients_of,
    reasons,
    state_of,
    uid,
)

ANN = uid(1)
ALIVE: StateRow = ("claim:patients", key(1), ANN)
FITTING: StateRow = ("appointment_type_name", "fitting", uid(80))
REVIEW: StateRow = ("appointment_type_name", "review", uid(81))
NINE, NOON, MIDNIGHT = "2016-06-30T23:00", "2016-07-01T02:00", "2016-06-30T14:00"
LAST_SECOND = "2016-07-01T13:59:59"


def event(number: int, **fields: str | None) -> Record:
    """An event of Ann's on 1 July 2016 at nine, half an hour."""
    day = {"startDate": "2016-07-01", "startTime": "09:00:00", "endDate": "2016-07-01", "endTime": "09:30:00"}
    return {"id": fm(100 + number), "id_Contact": fm(1), **day, **fields}


def row(
    number: int,
    start: str = NINE,
    notes: str = "",
    *,
    patient: str = ANN,
    end: str = "2016-06-30T23:30",
    type_of: int | None = None,
    reimported: bool = True,
    has_reason: bool = False,
    worked_on: bool = False,
) -> StateRow:
    """A living appointment, as a reimport wrote it."""
    return line(
        LivingAppointment(
            id=uid(number),
            patient=patient,
            start=microseconds(datetime.fromisoformat(start).replace(tzinfo=UTC)),
            end=microseconds(datetime.fromisoformat(end).replace(tzinfo=UTC)),
            text=bare_digest(notes),
            appointment_type=None if type_of is None else uid(type_of),
            reimported=reimported,
            has_reason=has_reason,
            worked_on=worked_on,
        )
    )


def adopted(events: list[Record], *rows: StateRow) -> list[int | None]:
    """Return which row each event is, by number, None for a new one; and nothing is warned of."""
    found, warned = decided(events, *rows)
    assert warned == []
    return found


def decided(events: list[Record], *rows: StateRow) -> tuple[list[int | None], list[str]]:
    """Return which row each event is, and the keys of those that are undecided."""
    state = state_of(ALIVE, FITTING, REVIEW, *rows)
    staged = appointments_of(*events, patients=patients_of(contact(1), state=state), state=state)
    numbers = {uid(number): number for number in range(200)}
    ids = [numbers.get(str(row_id)) for row_id in cells(staged, "id")]
    undecided = [name for name, field, reason in reasons(staged.warnings) if reason == "adoption_undecided"]
    assert all(
        field == "id" for _, field, reason in reasons(staged.warnings) if reason == "adoption_undecided"
    )
    return ids, undecided


@pytest.mark.parametrize(
    ("clock", "start"),
    [
        ("09:00:00", NINE),
        (None, MIDNIGHT),
        (None, NOON),
        ("9:30", MIDNIGHT),
        ("9:30", "2016-06-30T23:30"),
        ("24:00:00", LAST_SECOND),
        ("24:00:00", "2016-07-01T14:00"),
        ("1 day, 0:00:00", MIDNIGHT),
        ("1 day, 0:00:00", "2016-07-01T14:00"),
        # It had no time when it was imported
        ("09:00:00", MIDNIGHT),
        ("09:00:00", NOON),
        ("09:00:00", LAST_SECOND),
    ],
)
@pytest.mark.parametrize("notes", ["", "Bring  shoes.\r\n"])
def test_a_row_at_any_reading_of_the_start_is_adopted(clock: str | None, start: str, notes: str) -> None:
    assert adopted([event(1, startTime=clock, note="Bring shoes.")], row(3, start, notes)) == [3]


@pytest.mark.parametrize("start", ["2016-04-02T15:30", "2016-04-02T16:30"])
def test_a_row_in_either_of_the_hours_that_occur_twice_is_adopted(start: str) -> None:
    assert adopted([event(1, startDate="2016-04-03", startTime="02:30:00")], row(3, start)) == [3]


@pytest.mark.parametrize(
    ("start", "patient"),
    [("2016-07-01T23:00", ANN), ("2016-06-30T22:59", ANN), ("2016-06-29T14:00", ANN), (NINE, uid(2))],
)
def test_another_day_time_or_patient_is_another_appointment(start: str, patient: str) -> None:
    assert adopted([event(1)], row(3, start, patient=patient)) == [None]


@pytest.mark.parametrize(
    ("note", "consult", "old"),
    [
        ("Bring shoes.", None, "  Bring shoes. \r\n"),
        ("Left foot\nfirst.", None, "Left foot_x000D_\nfirst."),
        ("Left foot\nfirst.", None, "Left footfirst."),
        ("Bring shoes.", "Fitted.", "Bring shoes."),
        ("Bring shoes.", "Fitted.", "Bring shoes.\n\nFitted."),
        ("Zo\u00eb", None, "\u00a0Zoe\u0308\x0b"),
    ],
)
def test_notes_tell_between_several_whatever_has_become_of_them(
    note: str, consult: str | None, old: str
) -> None:
    mine = event(2, note=note, **{"Consult Notes": consult})
    rows = (row(3, notes="else"), row(4, notes=old), row(5))
    assert adopted([mine], *rows) == [4]


def test_an_exact_start_wins_over_midnight() -> None:
    exact, timeless = event(2, startTime="00:00:00"), event(1, startTime=None)
    assert adopted([timeless, exact], row(3, MIDNIGHT)) == [None, 3]
    assert adopted([timeless, exact], row(3, MIDNIGHT), row(4, MIDNIGHT)) == [4, 3]


def test_notes_that_say_so_win_over_an_exact_start() -> None:
    exact, timeless = event(1, startTime="00:00:00", note="a"), event(2, startTime=None, note="b")
    assert adopted([exact, timeless], row(3, MIDNIGHT, "b")) == [None, 3]


def test_a_row_that_only_one_event_can_be_goes_to_it() -> None:
    timeless, noon = event(1, startTime=None), event(2, startTime="12:00:00")
    assert adopted([timeless, noon], row(3, NOON), row(4, MIDNIGHT)) == [4, 3]


def test_two_events_with_one_start_are_paired_one_to_one() -> None:
    both = [event(1, note="a"), event(2, note="b")]
    assert adopted(both, row(3, notes="b"), row(4, notes="a")) == [4, 3]
    assert adopted(both, row(3, notes="b"), row(4)) == [4, 3]


def test_the_end_tells_then_the_order_of_creation() -> None:
    later, earlier = event(1, note="a", endTime="10:00:00"), event(2, note="b")
    assert adopted([later, earlier], row(3), row(4, end="2016-07-01T00:00")) == [4, 3]
    made = [{**later, "endTime": "09:30:00", "creationTimestamp": "2020-01-01T00:00:00Z"}, earlier]
    assert adopted(made, row(3), row(4)) == [4, 3]
    assert adopted([later, earlier], row(3, end="2016-07-02T00:00"), row(4, end="2016-07-02T01:00")) == [3, 4]


def test_the_type_tells_between_rows_of_the_sheet() -> None:
    both = [event(1, note="a", Type="Fitting"), event(2, note="b", Type="Review")]
    assert adopted(both, row(3, type_of=81), row(4, type_of=80)) == [4, 3]


def test_a_doubled_import_leaves_the_younger_row() -> None:
    assert adopted([event(1, note="a")], row(3, notes="a"), row(4, notes="a")) == [3]
    assert adopted([event(1, note="a")], row(3), row(4)) == [3]


def test_of_a_doubled_import_the_row_is_adopted_that_somebody_has_worked_on() -> None:
    assert adopted([event(1)], row(3), row(4, worked_on=True)) == [4]
    came = row(4, has_reason=True, worked_on=True)
    assert adopted([event(1)], row(3), came) == [4]


def test_a_row_that_carries_the_events_id_comes_before_any_other() -> None:
    claim: StateRow = ("claim:appointments", key(101), uid(9))
    assert adopted([event(1, note="a")], row(3, notes="a"), claim) == [9]


def test_a_kept_identity_is_never_decided_again() -> None:
    kept: StateRow = ("identity:appointments", key(101), uid(9))
    assert adopted([event(1, note="a"), event(2)], row(3, notes="a"), kept) == [9, 3]
    taken: StateRow = ("identity:appointments", key(107), uid(3))
    assert adopted([event(1, note="a")], row(3, notes="a"), taken) == [None]


def test_two_events_that_tie_for_one_row_are_reported_and_the_row_stays() -> None:
    both = [event(1, note="a"), event(2, note="b")]
    assert decided(both, row(3)) == ([None, None], [key(101), key(102)])
    assert decided([event(1, note="a"), event(2, note=" a ")], row(3)) == ([3, None], [])


def test_two_rows_with_other_notes_are_reported_and_both_stay() -> None:
    assert decided([event(1, note="a")], row(3, notes="p"), row(4, notes="q")) == ([None], [key(101)])
    assert decided([event(1, note="a")], row(3, notes="p")) == ([3], [])
    assert decided([event(1)], row(3, notes="p")) == ([3], [])


def test_other_notes_at_a_reading_that_the_event_no_longer_has_are_another_appointment() -> None:
    assert adopted([event(1, note="a")], row(3, MIDNIGHT, "p")) == [None]


@pytest.mark.parametrize(
    ("given_row", "expected"),
    [
        # A person's booking with reason, as it is in FileMaker
        (row(3, notes="a", has_reason=True), 3),
        (row(3, notes=" a\r\n", type_of=81, has_reason=True), 3),
        # No reimport wrote a reason or another type
        (row(3, has_reason=True), None),
        (row(3, notes="b", has_reason=True), None),
        (row(3, NOON, "a", has_reason=True), None),
        (row(3, MIDNIGHT, "a", has_reason=True), None),
        (row(3, NOON, "a", type_of=81), None),
        (row(3, MIDNIGHT, type_of=81), None),
        (row(3, type_of=81), None),
        (row(3, NOON, "a", reimported=False), None),
        (row(3, reimported=False), None),
        # A reason or type given to an import's row since
        (row(3, has_reason=True, worked_on=True), 3),
        (row(3, notes="b", has_reason=True, worked_on=True), 3),
        (row(3, type_of=81, worked_on=True), 3),
        (row(3, NOON, has_reason=True, worked_on=True), None),
        (row(3, MIDNIGHT, "a", has_reason=True, worked_on=True), None),
    ],
)
def test_a_persons_booking_is_taken_only_where_filemaker_has_the_same(
    given_row: StateRow, expected: int | None
) -> None:
    assert adopted([event(1, note="a", Type="Fitting")], given_row) == [expected]


def test_an_imports_row_is_preferred_to_a_persons_with_the_same_notes() -> None:
    assert adopted([event(1, note="a")], row(3, notes="a", has_reason=True), row(4, notes="a")) == [4]
    assert adopted([event(1, note="a")], row(3, notes="a", has_reason=True), row(4)) == [4]


def test_of_two_bookings_of_persons_none_is_taken() -> None:
    rows = (row(3, notes="a", has_reason=True), row(4, notes="a", has_reason=True))
    assert decided([event(1, note="a")], *rows) == ([None], [key(101)])


def test_a_row_of_the_other_of_two_rows_that_are_one_patient_is_theirs() -> None:
    double: StateRow = ("claim:patients", key(1), uid(2))
    assert adopted([event(1)], double, row(3, patient=uid(2))) == [3]


STARTS = st.sampled_from([NINE, NOON, MIDNIGHT, LAST_SECOND])
TEXTS = st.sampled_from(["", "a", "b"])
ROWS = st.lists(
    st.tuples(STARTS, TEXTS, st.sampled_from([None, 80, 81]), st.booleans(), st.booleans()), max_size=6
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["09:00:00", None, "24:00:00", "00:00:00"]),
        TEXTS,
        st.sampled_from([None, "Fitting", "Review"]),
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(EVENTS, ROWS, st.randoms(use_true_random=False))
def test_no_row_is_two_events_and_filemakers_order_changes_nothing(
    given_events: list[tuple[str | None, str, str | None]],
    given_rows: list[tuple[str, str, int | None, bool, bool]],
    chance: random.Random,
) -> None:
    events = [
        event(number, startTime=clock, note=note, Type=kind)
        for number, (clock, note, kind) in enumerate(given_events)
    ]
    rows = [
        row(number + 10, start, notes, type_of=kind, has_reason=reason, worked_on=worked_on)
        for number, (start, notes, kind, reason, worked_on) in enumerate(given_rows)
    ]
    found, undecided = decided(events, *rows)
    living = [number for number in found if number is not None]
    assert len(set(living)) == len(living)
    keys = [str(one["id"]).lower() for one in events]
    assert not set(undecided) & {name for name, number in zip(keys, found, strict=True) if number is not None}
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert decided(shuffled, *rows) == (found, undecided)


def test_a_new_event_has_its_derived_id() -> None:
    state = state_of(ALIVE)
    staged = appointments_of(event(1), patients=patients_of(contact(1), state=state), state=state)
    assert cells(staged, "id") == [derived_id("appointments", key(101))]
