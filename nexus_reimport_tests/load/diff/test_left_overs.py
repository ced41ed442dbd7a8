"""What older imports left without a partner in FileMaker: found, kept, removed only where a run says so."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import psycopg
import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.exceptions import LeftOversUnknown, TooManyLeftOver
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import APPOINTMENTS, DOCUMENTS, IMAGE_BATCHES, IMAGES, NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport_tests.line import contents, query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

ANN = uid("patient Ann")
KEY = uid("key ann")
DUMP = "filemaker-import/images-bulk-dump"
Staged = Mapping[str, StagedTable]
PATIENT = {"name": "ann", "id": ANN, "first_name": "Ann", "last_name": "Fernwick"}
ALL: Mapping[str, str] = dict.fromkeys(
    ("patients", "appointments", "notes", "documents", "image_batches", "images"), "remove"
)


def staged(**more: StagedTable) -> dict[str, StagedTable]:
    """Ann alone is in FileMaker, and what is given."""
    tables = (APPOINTMENTS, NOTES, DOCUMENTS, IMAGE_BATCHES, IMAGES)
    return {
        "patients": staged_table(PATIENTS, PATIENT),
        **{table.name: staged_table(table) for table in tables},
        **more,
    }


def run(
    url: str,
    tables: Staged,
    what: Mapping[str, str] | None = None,
    percent: float = 100,
    rows: int = 50,
) -> Publication:
    """Publish; what is planned is what is done."""
    choices = Options(older_imports=dict(what or {}), missing_percent=percent, missing_rows=rows)
    planned = make_plan(url, tables, choices, [])
    done = publish(url, "run", AS_OF, tables, terms=PublicationTerms(choices, "p", planned.writes))
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    listed = {name: len(ids) for name, ids in planned.left_over.items()}
    assert listed == {name: one.left_over for name, one in done.tables.items()}
    return done


def left_over(done: Publication) -> dict[str, int]:
    return {name: one.left_over for name, one in done.tables.items() if one.left_over}


def removed(done: Publication) -> dict[str, int]:
    return {name: one.removed for name, one in done.tables.items() if one.removed}


def ids(url: str, relation: str) -> set[str]:
    return {row_id for (row_id,) in query(url, f"SELECT id::text FROM {relation}")}  # noqa: S608 - ours


@pytest.fixture
def url(nexus_database: str) -> str:
    """Older rows of everything, without a partner but for Ann; beside them people's."""
    older.load(
        nexus_database,
        older.patient("Ann", {"filemaker_id": KEY}),
        older.patient("twin", {"filemaker_id": KEY.upper(), "import_source": "reimport_phase3"}),
        older.patient("people's"),
        older.appointment("A1", ANN, filemaker_event_id=uid("event"), start_time=older.IMPORTED_AT),
        older.appointment("A2", ANN),
        older.appointment("people's", ANN, reason="Fitting"),
        older.note("N1", ANN, "Fine.", note_type="General", created_by="kerry"),
        older.note("N2", ANN, "Fine."),
        older.note("people's", ANN, "Fine.", created_by=None),
        older.document("D1", f"{older.FILED}/{ANN}/erf/{uid('doc')}.pdf/{uid('any')}.pdf"),
        older.document("people's", f"documents/{ANN}/{uid('doc')}.pdf"),
        older.batch("I2", ANN),
        older.batch("people's", ANN, name="Ulcer"),
        older.image("I2", "I2", f"{DUMP}/995.jpg"),
        older.image("people's", "people's", "images/own.jpg"),
    )
    return nexus_database


EACH = {"patients": 1, "appointments": 2, "notes": 2, "documents": 1, "image_batches": 1, "images": 1}


def test_what_has_no_partner_is_counted_listed_and_left(url: str) -> None:
    before = {relation: ids(url, relation) for relation in ("patients", "appointments", "notes")}
    planned = make_plan(url, staged(), Options(), [])
    assert planned.left_over["appointments"] == sorted([uid("appointment A1"), uid("appointment A2")])
    assert planned.left_over["notes"] == sorted([uid("note N1"), uid("note N2")])
    assert [one["id"] for one in planned.tables["documents"].samples["left_over"]] == [uid("document D1")]
    done = run(url, staged())
    assert (left_over(done), removed(done)) == (EACH, {})
    assert {relation: ids(url, relation) for relation in before} == before
    written = last_writes(url)
    assert left_over(run(url, staged())) == EACH
    assert last_writes(url) == written


def test_stay_leaves_them_as_report_does(url: str) -> None:
    done = run(url, staged(), dict.fromkeys(EACH, "stay"))
    assert (left_over(done), removed(done)) == (EACH, {})


def test_remove_takes_them_and_none_of_peoples_and_a_rollback_can_bring_them_back(url: str) -> None:
    done = run(url, staged(), ALL)
    assert removed(done) == EACH
    assert left_over(done) == {}
    for relation in ("appointments", "notes"):
        assert ids(url, relation) == {uid(f"{relation.removesuffix('s')} people's")}
    assert ids(url, "patients") == {ANN, uid("patient people's")}
    assert ids(url, "documents_document") == {uid("document people's")}
    assert ids(url, "images_image") == {uid("image people's")}
    assert ids(url, "images_batch") == {uid("batch people's")}
    kept = query(url, "SELECT table_name, count(*) FROM nexus_reimport.removed GROUP BY 1")
    assert dict(kept) == EACH
    touched = query(
        url,
        "SELECT table_name, count(*) FROM nexus_reimport.changes WHERE action = 'delete'"
        " AND before IS NOT NULL AND after IS NULL GROUP BY 1",
    )
    assert dict(touched) == EACH
    written = last_writes(url)
    assert run(url, staged(), ALL).number is None
    assert last_writes(url) == written


def test_adopted_rows_are_counted_and_are_not_left_over(url: str) -> None:
    notes = staged_table(NOTES, {"name": "one", "id": uid("note N2"), "patient_id": ANN, "content": "Fine."})
    done = run(url, staged(notes=notes), ALL)
    assert (done.tables["notes"].adopted, done.tables["notes"].inserted) == (1, 0)
    assert done.tables["notes"].adopted <= done.tables["notes"].updated + done.tables["notes"].unchanged
    assert (done.tables["patients"].adopted, removed(done)["notes"]) == (1, 1)
    assert uid("note N2") in ids(url, "notes")
    again = run(url, staged(notes=notes))
    assert [one.adopted for one in again.tables.values()] == [0] * len(again.tables)


@pytest.mark.parametrize(
    ("table", "touch"),
    [
        ("appointments", "UPDATE appointments SET updated_at = updated_at + interval '1 day'"),
        ("appointments", "UPDATE appointments SET billing_notes = 'paid'"),
        ("appointments", "UPDATE appointments SET sms_reminder_sent_at = now()"),
        ("notes", "UPDATE notes SET updated_at = now()"),
        ("documents", "UPDATE documents_document SET is_active = false"),
        ("patients", "UPDATE patients SET notes = 'Prefers the early bus.'"),
        ("images", "UPDATE images_image SET caption = 'Healing'"),
    ],
)
def test_what_somebody_has_worked_on_since_stays(url: str, table: str, touch: str) -> None:
    query(url, touch)
    done = run(url, staged(), ALL)
    assert (done.tables[table].removed, done.tables[table].left_over) == (0, EACH[table])


@pytest.mark.parametrize("link", ["encounters", "sms_messages", "xero_invoice_links", "sent_emails"])
def test_what_anything_of_peoples_points_at_stays(url: str, link: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE notices (related_appointment_id text)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS billed (appointment_id uuid REFERENCES appointments (id))"
        )
    statements = {
        "encounters": "INSERT INTO billed VALUES (%s)",
        "sms_messages": "UPDATE sms_messages SET appointment_id = %s",
        "xero_invoice_links": "UPDATE appointments SET parent_appointment_id = %s WHERE reason = 'Fitting'",
        "sent_emails": "INSERT INTO notices VALUES (%s)",
    }
    older.load(url, older.sms("one", ANN))
    query(url, statements[link], uid("appointment A2"))
    done = run(url, staged(), {"appointments": "remove"})
    assert (done.tables["appointments"].removed, done.tables["appointments"].left_over) == (1, 1)
    assert uid("appointment A2") in ids(url, "appointments")


LATER = older.IMPORTED_AT + timedelta(days=3)


def later(seconds: float) -> dict[str, object]:
    """When a row was made, long after the import."""
    made = LATER + timedelta(seconds=seconds)
    return {"created_at": made, "updated_at": made}


@pytest.mark.parametrize(
    ("others", "goes"),
    [
        ([], False),
        ([(10, ANN, LATER)], False),
        ([(0.4, ANN, older.START)], False),
        ([(0.4, ANN, LATER)], True),
        ([(-4, uid("patient people's"), older.START)], True),
    ],
)
def test_an_appointment_without_an_id_goes_if_a_script_made_others_beside_it(
    url: str, others: list[tuple[float, str, datetime]], goes: bool
) -> None:
    """A person may have booked without a reason, or clicked twice."""
    older.load(url, older.appointment("lone", ANN, **later(0)))
    for place, (seconds, patient, start) in enumerate(others):
        older.load(url, older.appointment(f"{place}", patient, start_time=start, **later(seconds)))
    run(url, staged(), {"appointments": "remove"})
    assert (uid("appointment lone") not in ids(url, "appointments")) == goes


def test_an_appointment_at_the_very_start_of_ours_goes_though_nothing_else_was_made_then(url: str) -> None:
    older.load(url, older.appointment("lone", ANN, **later(0)))
    ours = {"name": "ours", "patient_id": ANN, "start_time": older.START}
    run(url, staged(appointments=staged_table(APPOINTMENTS, ours)), {"appointments": "remove"})
    assert ids(url, "appointments") == {uid("appointments ours"), uid("appointment people's")}


def test_a_twin_of_a_patient_stays_while_people_have_anything_with_it(url: str) -> None:
    older.load(url, older.note("of the twin", uid("patient twin"), "Mine.", created_by=None))
    assert run(url, staged(), ALL).tables["patients"].left_over == 1


def test_a_twin_goes_with_what_older_imports_left_of_it(url: str) -> None:
    older.load(
        url,
        older.note("of the twin", uid("patient twin"), "Fine."),
        older.appointment("of the twin", uid("patient twin")),
    )
    done = run(url, staged(), ALL)
    assert removed(done) == {**EACH, "notes": 3, "appointments": 3}


@pytest.mark.parametrize(("percent", "rows"), [(1.0, 50), (100.0, 1), (66.0, 50)])
def test_more_than_the_run_allows_is_refused_with_the_flags_that_allow_it(
    url: str, percent: float, rows: int
) -> None:
    before = contents(url)
    limited = Options(older_imports={"notes": "remove"}, missing_percent=percent, missing_rows=rows)
    for act in (
        lambda: make_plan(url, staged(), limited, []),
        lambda: publish(url, "r", AS_OF, staged(), terms=PublicationTerms(limited)),
    ):
        with pytest.raises(
            TooManyLeftOver, match="notes: 2 rows of older imports have no partner"
        ) as refusal:
            act()
        assert str(refusal.value).endswith("--missing-percent 67 --missing-rows 2")
        assert "Nothing was written." in str(refusal.value)
    assert contents(url) == before
    assert removed(run(url, staged(), {"notes": "remove"}, percent=67, rows=2)) == {"notes": 2}


def test_what_was_read_and_rejected_has_a_partner(url: str) -> None:
    tables = staged(
        appointments=staged_table(APPOINTMENTS, rejected=[uid("event")]),
        documents=staged_table(DOCUMENTS, rejected=[uid("doc")]),
        images=StagedTable(staged_table(IMAGES).rows, ["995"], named=("995",)),
    )
    done = run(url, tables, ALL)
    assert removed(done) == {"patients": 1, "appointments": 1, "notes": 2}
    assert left_over(done) == {"image_batches": 1}


def test_an_unmigrated_patient_who_was_rejected_has_a_partner(url: str) -> None:
    older.load(url, older.patient("unmigrated", None, notes='{"filemaker_id": "' + KEY.upper() + 'x"}'))
    tables = staged(patients=staged_table(PATIENTS, PATIENT, rejected=[KEY + "x"]))
    assert run(url, tables).tables["patients"].left_over == 1


def test_a_run_with_a_limit_knows_no_left_overs_and_removes_none(url: str) -> None:
    limited = StagedTable(staged_table(PATIENTS, PATIENT).rows, [uid("another")], cut=1)
    assert left_over(run(url, staged(patients=limited))) == {}
    choices = Options(older_imports={"notes": "remove"}, missing_percent=100)
    with pytest.raises(LeftOversUnknown, match=r"^notes: a run with a limit"):
        publish(url, "r", AS_OF, staged(patients=limited), terms=PublicationTerms(choices))


def test_a_run_of_some_tables_asks_no_other(url: str) -> None:
    tables = {name: one for name, one in staged().items() if name in ("patients", "notes")}
    assert left_over(run(url, tables)) == {"patients": 1, "notes": 2}


def test_a_fetched_image_goes_only_where_its_picture_is_under_another_row(nexus_database: str) -> None:
    folder = f"{older.FETCHED}/{ANN}/10/18/2016"
    older.load(
        nexus_database,
        older.patient("Ann", {"filemaker_id": KEY}),
        older.batch("any", ANN),
        older.image("only one", "any", f"{folder}/{uid('key gone')}.jpg/{uid('any')}.jpg"),
        older.image("double", "any", f"{folder}/{uid('key one').upper()}.jpg/{uid('any')}.jpg"),
        older.image("same file", "any", f"{DUMP}/1.jpg"),
        older.image("by id", "any", f"{folder}/x.jpg", filemaker_id=uid("key one")),
    )
    patients = query(nexus_database, "SELECT id FROM django_content_type WHERE model = 'patient'")[0][0]
    batch = {"name": "b", "id": uid("batch any"), "object_id": ANN, "content_type_id": patients}
    picture = {"name": "one", "batch_id": uid("batch any"), "s3_key": f"{DUMP}/1.jpg"}
    tables = staged(image_batches=staged_table(IMAGE_BATCHES, batch), images=staged_table(IMAGES, picture))
    done = run(nexus_database, tables, {"images": "remove"})
    assert (done.tables["images"].removed, done.tables["images"].left_over) == (3, 1)
    assert ids(nexus_database, "images_image") == {uid("image only one"), uid("images one")}
