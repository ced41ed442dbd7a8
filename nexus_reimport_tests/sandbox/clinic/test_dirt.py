"""Every kind of dirt is where the clinic says it is, at the smallest scale too."""

import re
import unicodedata
from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.sandbox.clinic.chance import BULK_IMPORT_STAMPS
from nexus_reimport.sandbox.clinic.configuration import KNOWN_BY_NAME, UNKNOWN_TO_NEXUS
from nexus_reimport.sandbox.clinic.event_dirt import fold_day, gap_day

Row = dict[str, object]


def having(clinic: SyntheticClinic, kind: str, entity: str, key: str = "id") -> list[Row]:
    keys = set(clinic.dirt[kind])
    rows = [row for row in clinic.entities[entity] if str(row[key]).lower() in keys]
    assert len(rows) == len(keys) > 0
    return rows


def test_every_kind_of_dirt_of_the_whole_clinic_is_in_a_fiftieth_of_it(
    small: SyntheticClinic, whole: SyntheticClinic
) -> None:
    assert small.dirt.keys() == whole.dirt.keys()
    assert all(small.dirt.values())


@pytest.mark.parametrize("seed", [1, 2, 3, 11])
def test_every_kind_of_dirt_is_there_whatever_the_seed(seed: int, whole: SyntheticClinic) -> None:
    clinic = synthetic_clinic(0.02, seed)
    assert clinic.dirt.keys() == whole.dirt.keys()
    assert all(clinic.dirt.values())


def test_a_clinic_too_small_for_all_dirt_is_made_all_the_same() -> None:
    clinic = synthetic_clinic(0.0001)
    assert all(clinic.entities.values())


def test_names_are_hard_in_every_known_way(small: SyntheticClinic) -> None:
    def names(kind: str, field: str) -> list[str]:
        return [str(row[field] or "") for row in having(small, kind, "API_Contacts")]

    assert all(not name.isascii() for name in names("accented_name", "nameFirst"))
    assert all("'" in name or "\u2019" in name for name in names("apostrophe_name", "nameLast"))
    assert all(
        any(unicodedata.category(c) == "So" for c in name) for name in names("emoji_name", "nameFirst")
    )
    assert all(
        any(unicodedata.bidirectional(c) in ("R", "AL") for c in name)
        for name in names("right_to_left_name", "nameFirst")
    )
    assert all(name.startswith("  ") for name in names("leading_spaces_in_name", "nameFirst"))
    assert all(not name.strip() for name in names("empty_first_name", "nameFirst"))
    assert all(name.strip() for name in names("empty_first_name", "nameLast"))
    assert all(not name.strip() for name in names("empty_last_name", "nameLast"))
    longest = zip(names("over_long_name", "nameFirst"), names("over_long_name", "nameLast"), strict=True)
    assert all(max(len(first), len(last)) > 100 for first, last in longest)


def test_contacts_have_values_nexus_has_no_room_or_choice_for(small: SyntheticClinic) -> None:
    def values(kind: str, field: str) -> list[str]:
        return [str(row[field] or "") for row in having(small, kind, "API_Contacts")]

    assert all(re.fullmatch(r" ?\w+\.? ?", title) for title in values("title_with_dot", "title"))
    assert all(len(title) > 10 for title in values("over_long_title", "title"))
    assert all(len(number) > 50 for number in values("over_long_health_number", "Health Number"))
    assert all(len(name) > 200 for name in values("over_long_coordinator_name", "NDIS Coordinator Name"))
    assert values("dob_in_1776", "DOB") == ["1776-07-04"]
    assert all(day.startswith("2099") for day in values("dob_in_2099", "DOB"))
    assert all("\u0000" in text for text in values("nul_in_text_of_contact", "NDIS notes"))


def test_genders_are_spelt_in_every_way(whole: SyntheticClinic) -> None:
    spelt = {row["gender"] for row in whole.entities["API_Contacts"]}
    assert {"M", "Male", "Man", "F", "Female", "Woman", "Other", "Non-binary", "X", "", None, "Q"} <= spelt


def test_clinics_are_known_by_id_by_name_only_or_not_at_all(whole: SyntheticClinic) -> None:
    filemaker = {str(row["id"]).lower(): row["Name"] for row in whole.entities["API_Clinic_Name"]}
    nexus = whole.nexus["clinics"]
    by_id = {row["filemaker_id"] for row in nexus} - {None}
    names = {row["name"] for row in nexus}
    assert len(nexus) == len(filemaker) == 11
    assert by_id < filemaker.keys()
    unknown = {name for key, name in filemaker.items() if key not in by_id}
    assert unknown == {*KNOWN_BY_NAME, UNKNOWN_TO_NEXUS}
    assert unknown & names == set(KNOWN_BY_NAME)
    for row in having(whole, "clinic_id_unknown_name_known", "API_Contacts"):
        assert str(row["id_Clinic"]).lower() not in filemaker
        assert str(row["Clinic_Name"]).strip().casefold() == KNOWN_BY_NAME[0].casefold()
    for row in having(whole, "clinic_by_name_only", "API_Contacts"):
        assert not row["id_Clinic"]
        assert row["Clinic_Name"] in filemaker.values()
    for row in having(whole, "clinic_unknown", "API_Contacts"):
        assert str(row["id_Clinic"]).lower() not in filemaker
        assert row["Clinic_Name"] not in names


def test_duplicate_contacts_are_two_ids_of_one_person(small: SyntheticClinic) -> None:
    rows = having(small, "duplicate_contact", "API_Contacts")
    people = Counter((row["nameFirst"], row["nameLast"], row["DOB"], row["gender"]) for row in rows)
    assert set(people.values()) == {2}


def test_funding_is_unknown_or_in_other_case_here_and_there(small: SyntheticClinic) -> None:
    known = {str(row["name"]).casefold() for row in small.nexus["funding_sources"]}
    unknown = having(small, "unknown_funding", "API_Contacts")
    odd = having(small, "funding_in_other_case", "API_Contacts")
    assert all(str(row["Funding"]).strip().casefold() not in known for row in unknown)
    assert all(str(row["Funding"]).strip().casefold() in known for row in odd)


def test_details_of_others_belong_to_no_contact(small: SyntheticClinic) -> None:
    contacts = {str(row["id"]).lower() for row in small.entities["API_Contacts"]}
    for kind in ("detail_of_a_referrer_or_company", "number_shared_with_a_referrer"):
        rows = having(small, kind, "API_Contact_Details")
        assert not {str(row["id_key"]).lower() for row in rows} & contacts


def test_an_email_is_in_ph_and_its_default_is_a_flag(small: SyntheticClinic) -> None:
    rows = having(small, "email_in_ph_with_default_flag", "API_Contact_Details")
    assert {row["Email default"] for row in rows} == {1}
    assert sum("@" in str(row["ph"]) for row in rows) >= len(rows) - 2


def test_a_family_shares_one_number_written_in_its_own_ways(whole: SyntheticClinic) -> None:
    rows = having(whole, "number_shared_by_a_family", "API_Contact_Details")
    last_digits = Counter(re.sub(r"\D", "", str(row["ph"]))[-8:] for row in rows)
    assert set(last_digits.values()) == {4}
    assert len({row["id_key"] for row in rows}) == len(rows)


def test_numbers_are_written_in_at_least_ten_ways(small: SyntheticClinic) -> None:
    rows = small.entities["API_Contact_Details"]
    shapes = {re.sub(r"\d", "9", str(row["ph"])) for row in rows if row["type"] == "Mobile"}
    assert len(shapes) >= 10


def test_times_of_day_are_odd_where_the_books_say_so(small: SyntheticClinic) -> None:
    def events(kind: str) -> list[Row]:
        return having(small, kind, "API_event")

    assert {row["startTime"] for row in events("start_at_end_of_day")} <= {"24:00:00", "1 day, 0:00:00"}
    assert {row["endTime"] for row in events("end_at_24_00")} == {"24:00:00"}
    assert {row["endTime"] for row in events("end_at_1_day")} == {"1 day, 0:00:00"}
    assert all(str(row["endTime"]) < str(row["startTime"]) for row in events("end_before_start"))
    assert all(str(row["endDate"]) < str(row["startDate"]) for row in events("end_day_before_start"))
    assert {row["allDay"] for row in events("all_day")} == {"1"}
    assert not any(row["startTime"] for row in events("no_times"))
    assert not any(row["idCal"] for row in events("event_without_clinic"))


def sydney_offsets(row: Row) -> tuple[object, object]:
    wall = datetime.fromisoformat(f"{row['startDate']}T{row['startTime']}").replace(
        tzinfo=ZoneInfo("Australia/Sydney")
    )
    return wall.utcoffset(), wall.replace(fold=1).utcoffset()


def test_some_events_start_in_sydneys_missing_hour_and_some_in_its_double_hour(
    whole: SyntheticClinic,
) -> None:
    for kind, day in (("start_in_daylight_saving_gap", gap_day), ("start_in_daylight_saving_fold", fold_day)):
        for row in having(whole, kind, "API_event"):
            first, second = sydney_offsets(row)
            assert first != second
            on = date.fromisoformat(str(row["startDate"]))
            assert on == day(on.year)


def test_the_future_ends_with_2027(whole: SyntheticClinic) -> None:
    days = [str(row["startDate"]) for row in whole.entities["API_event"] if row["startDate"]]
    assert "2027-10" < max(days) <= "2027-12-31"
    assert sum(day > "2026-06-30" for day in days) > 500


def test_the_optional_fields_of_events_are_filled_in_part_of_them(small: SyntheticClinic) -> None:
    clinicians = {row["id"] for row in small.nexus["clinicians"]}
    events = small.entities["API_event"]
    for name in ("id_Clinician", "clinician_name", "Type", "Status"):
        assert 0.1 < sum(bool(row[name]) for row in events) / len(events) < 0.6
    assert any(str(row["id_Clinician"]).lower() in clinicians for row in events)
    unknown = having(small, "unknown_clinician", "API_event")
    assert not any(str(row["id_Clinician"]).lower() in clinicians for row in unknown)


def test_notes_hold_the_characters_that_break_things(small: SyntheticClinic) -> None:
    def notes(kind: str) -> list[str]:
        return [str(row["Note"]) for row in having(small, kind, "API_Notes")]

    assert all("\u0000" in note for note in notes("nul_in_note"))
    assert all("\u000b" in note for note in notes("vertical_tab_in_note"))
    assert all(re.search(r"\r(?!\n)", note) for note in notes("carriage_return_in_note"))
    assert all(len(note) > 10_000 for note in notes("very_long_note"))
    assert all(note != note.strip() for note in notes("spaces_around_note"))


def test_the_same_text_stands_twice_for_one_patient(small: SyntheticClinic) -> None:
    rows = having(small, "same_text_twice", "API_Notes")
    assert set(Counter((str(row["id_Key"]).lower(), row["Note"]) for row in rows).values()) == {2}


def test_messages_are_odd_where_the_books_say_so(small: SyntheticClinic) -> None:
    def messages(kind: str) -> list[Row]:
        return having(small, kind, "API_Messages", "_kp_MessageID")

    for row in messages("message_with_international_number_only"):
        assert not row["RecipientPhoneMobile"]
        assert row["RecipientPhoneMobileIntFormat"]
    assert all(len(str(row["RecipientPhoneMobile"])) > 20 for row in messages("over_long_number_of_message"))
    for row in messages("words_in_place_of_number_of_message"):
        assert not re.search(r"\d", str(row["RecipientPhoneMobile"]))
        assert re.search(r"\d{4}", str(row["RecipientPhoneMobileIntFormat"]))
    assert not any(row["SentTimestamp"] for row in messages("message_without_sent_time"))
    assert all("\u0000" in str(row["MessageBody"]) for row in messages("nul_in_message"))
    events = {str(row["id"]).lower() for row in small.entities["API_event"]}
    assert not {str(row["_kf_EventID"]).lower() for row in messages("message_of_unknown_event")} & events


def test_many_rows_share_one_creation_stamp(whole: SyntheticClinic) -> None:
    for entity in ("API_Contacts", "API_event", "API_Notes", "API_Messages", "API_Docs"):
        stamps = Counter(row["creationTimestamp"] for row in whole.entities[entity])
        shared = [count for stamp, count in stamps.items() if stamp in BULK_IMPORT_STAMPS]
        assert len(shared) == 3
        assert 0.25 < sum(shared) / len(whole.entities[entity]) < 0.4


def test_many_documents_have_no_date_and_every_type_is_text(whole: SyntheticClinic) -> None:
    docs = whole.entities["API_Docs"]
    assert 0.3 < sum(row["Date"] is None for row in docs) / len(docs) < 0.5
    assert all(row["Type"] is None or isinstance(row["Type"], str) for row in docs)


def test_rows_of_unknown_patients_are_partly_nameless_contacts(small: SyntheticClinic) -> None:
    nameless = set(small.rejected["patients"])
    assert nameless & {str(row["id_Contact"]).lower() for row in small.entities["API_event"]}
    assert nameless & {str(row["id_Key"]).lower() for row in small.entities["API_Notes"]}
    assert nameless & {str(row["_kf_ContactID"]).lower() for row in small.entities["API_Messages"]}
    assert nameless & {str(row["id_Contact"]).lower() for row in small.entities["API_Docs"]}
