"""A plan at a terminal: what happens to each table in words, by key and field, and how to apply it."""

from typing import Any

from rich.console import Console

from nexus_reimport.load.diff.mass_changes import Excess
from nexus_reimport.present.plan_display import COLUMNS, show_plan


def table(**told: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS, 0), "rejected": {}, "fields": {}, "samples": {}, **told}


def shown(
    tables: dict[str, Any], to_make: int = 0, changes: list[dict[str, Any]] | None = None, **options: Any
) -> str:
    console = Console(width=120, record=True, quiet=True)
    plan = {
        "id": "0123456789abcdef",
        "made_at": "2026-06-30T02:00:00+00:00",
        "options": options,
        "tables": tables,
        "thumbnails": {"to_make": to_make},
        **({} if changes is None else {"mass_changes": changes}),
    }
    with console.capture() as captured:
        console.quiet = False
        show_plan(console, plan)
    return captured.get()


def test_each_kind_of_row_is_counted_in_words_with_its_first_keys() -> None:
    keys = [{"key": f"key {number}", "id": "x", "fields": ["title"]} for number in range(5)]
    said = shown(
        {
            "patients": table(
                updated=5, unchanged=1200, fields={"title": 5}, samples={"update": keys}, conflicts=1
            ),
            "notes": table(
                inserted=2, restored=1, missing=3, missing_kept=2, removed=1, rejected={"empty_content": 8}
            ),
            "documents": table(unchanged=1),
            "images": table(unchanged=9, adopted=7, left_over=1, samples={"left_over": [{"id": "the id"}]}),
        }
    )
    assert "images: 9 rows unchanged\n  * 7 of an older import recognised, with their UUIDs kept\n" in said
    assert "  ? 1 of an older import without a partner in FileMaker; they stay\n      the id\n" in said
    assert "patients: 1,200 rows unchanged\n  ~ 5 changed in Nexus: title in 5\n      key 0  title\n" in said
    assert "      … and 2 more\n  ! 1 changed in FileMaker and in Nexus; Nexus's value stays\n" in said
    assert "  + 2 new in Nexus, 1 of them back after they were deleted there\n" in said
    assert "  - 1 taken out of Nexus, and kept aside\n" in said
    assert "  ? 3 gone from FileMaker; 2 of them stay in Nexus as they are\n" in said
    assert "  x 8 rejected, empty_content: The note has no text.\n" in said
    assert "documents: nothing to do, 1 row unchanged\n" in said
    assert "Plan: 2 to insert, 5 to update, 1 to remove.\n" in said
    assert "Plan 0123456789abcdef, made 30 June 2026, 12:00. Nothing was written.\n" in said
    assert "nexus-reimport run --plan 0123456789abcdef" in said


def test_a_plan_says_that_filemaker_s_side_goes_over_edits_where_it_does() -> None:
    tables = {"patients": table(conflicts=1), "notes": table(conflicts=1)}
    said = shown(tables, conflicts={"patients": "filemaker"})
    assert "  ! 1 edited in Nexus; FileMaker's value goes over the edit\n" in said
    assert "  ! 1 changed in FileMaker and in Nexus; Nexus's value stays\n" in said


def test_a_plan_of_an_older_release_can_still_be_shown() -> None:
    tables = {"notes": table(unchanged=3, inserted=1), "images": table()}
    for one in tables.values():
        del one["adopted"], one["left_over"]
    assert "  + 1 new in Nexus\n" in shown(tables)


def test_a_plan_that_knows_no_more_than_what_was_inserted_and_is_missing_can_still_be_shown() -> None:
    first = {name: table(missing=3)[name] for name in ("read", "inserted", "updated", "unchanged", "missing")}
    plan = {**first, "rejected": {"limit": 1}, "fields": {}, "samples": {}}
    said = shown({"notes": plan, "images": {**plan, "inserted": 1, "missing": 0}})
    assert "  ? 3 gone from FileMaker\n" in said
    assert "Plan: 1 to insert, 0 to update, 0 to remove.\n" in said


def test_a_plan_of_nothing_says_so_and_one_with_thumbnails_what_may_come_of_them() -> None:
    assert "Nothing to do: Nexus has what FileMaker has.\n" in shown({"notes": table(unchanged=3)})
    assert "1 thumbnail to make first. If a picture can't be read" in shown({}, to_make=1)


def test_a_plan_that_changes_too_much_at_once_says_in_which_column_and_how_to_allow_it() -> None:
    changes = [
        Excess("patients.dob", "lose", 60, 100, 0.05).as_json(),
        Excess("notes.content", "change", 60, 100, 0.2, allowed=True).as_json(),
    ]
    said = " ".join(shown({"patients": table(updated=60)}, changes=changes).split())
    assert "! patients.dob: 60 of the 100 rows that have a value would lose one (60%), and 5% may." in said
    assert "! notes.content: 60 of the 100 rows that have a value would get another (60%)" in said
    assert (
        "Allowed by the run. A run stops here. If it is right in FileMaker: --allow-change patients.dob"
        in said
    )
    assert "stops here" not in shown({"patients": table()}, changes=changes[1:])
