"""The page: whole in itself, the numbers those of the facts, and readable by whoever can't see pictures."""

import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from nexus_reimport.model.words import number, table_words
from nexus_reimport.present.report.charts import bands_of, flow_picture, longest_steps, time_picture
from nexus_reimport.present.report.facts import BackupFacts, LinkFacts, ReportFacts
from nexus_reimport.present.report.page import render_html
from nexus_reimport_tests.present.report.reading import Page
from nexus_reimport_tests.present.report.samples import (
    EVERY_KIND,
    any_facts,
    failed,
    looked_ahead,
    reimport,
    table,
    taken_back,
)

DASH = "\N{EN DASH}"
SVG = "{http://www.w3.org/2000/svg}"
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_page_needs_nothing_but_itself(kind: str) -> None:
    html = render_html(EVERY_KIND[kind]())
    page = Page(html)
    assert {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "iframe",
        "img",
        "object",
        "base",
        "form",
    } == set()
    assert set(re.findall(r"https?://[^\s\"'<>)]+", html)) <= NAMESPACES
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]*)", html)) == set(re.findall(r"url\((#[^)]*)", html))
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset"}]
        assert (attributes.get("xlink:href") or attributes.get("href") or "#").startswith("#")


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_ids_are_never_used_twice_and_all_that_is_pointed_at_is_there(kind: str) -> None:
    page = Page(render_html(EVERY_KIND[kind]()))
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert [name for name, uses in ids.items() if uses > 1] == []
    for _, attributes in page.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)


@given(any_facts)
@settings(max_examples=25, deadline=None)
def test_whatever_the_facts_there_is_a_page_with_every_table(facts: ReportFacts) -> None:
    page = Page(render_html(facts))
    for one in facts.tables:
        assert table_words(one.name) in page.words


def test_the_same_facts_give_the_same_page() -> None:
    assert render_html(reimport()) == render_html(reimport())


def test_words_in_the_facts_are_never_taken_for_marks_of_the_page() -> None:
    nasty = "<script>alert('x')</script>"
    html = render_html(replace(failed(), failures=[f"plan: {nasty}"], options={nasty: nasty}))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_verdict_comes_first_and_says_what_to_do() -> None:
    page = Page(render_html(reimport()))
    assert [text for text, _ in page.tags if text == "h1"] == ["h1"]
    top = " ".join(page.sections["Reimport of 5 March 2025, 09:10"].split())
    assert "Everything is right. Nexus got 10,901 new rows and 12 rows were brought up to date." in top
    assert "Nothing needs to be done." in top
    assert "Read 1 remark among the checks below." in top


def test_each_number_of_a_table_is_the_one_of_the_facts() -> None:
    rows = Page(render_html(reimport())).rows("From the source to Nexus")
    assert rows["Patients"] == ["2,845", "1,201", "12", "1,629", "3"]
    assert rows["Appointments"] == ["9,846", "9,700", DASH, "112", "34"]
    assert rows["Notes"] == ["404", DASH, DASH, "404", DASH]
    assert list(rows) == [table_words(one.name) for one in reimport().tables]


def test_nexus_is_counted_before_and_after_with_the_difference() -> None:
    facts = replace(reimport(), tables=[table("patients", 10, inserted=4, removed=1), table("notes", 1)])
    rows = Page(render_html(facts)).rows("Nexus before and after")
    assert rows["Patients"] == ["1,017", "1,020", "+3", "1,003", "17"]
    assert rows["Notes"] == ["1,017", "1,017", DASH, "1,000", "17"]


def test_each_reason_is_counted_and_explained_and_the_command_that_lists_the_rows_is_named() -> None:
    page = Page(render_html(reimport()))
    lines = page.tables["Not taken, and why"][1:]
    assert ["Patients", "3", "The contact has neither a first nor a last name. (no_name)"] in lines
    assert [line[1] for line in lines if line[0] == "Appointments"] == ["30", "4"]
    assert "nexus-reimport status --rejects patients" in page.sections["Not taken, and why"]
    [[_, rows, what]] = page.tables["Taken with a remark"][1:]
    assert (rows, what.partition(" (")[0]) == (
        "173",
        "The image export has a row, but the photograph is not in the file store.",
    )


def test_broken_links_are_marked_and_whole_ones_are_said_to_be() -> None:
    facts = replace(reimport(), links=[LinkFacts("notes", "patient_id", 404, 14, 3), *reimport().links])
    rows = Page(render_html(facts)).rows("Links")
    assert rows["Notes to their patient"] == ["404", "14", "3"]
    assert rows["Appointments to their patient"] == ["9,801", "none", "none"]
    assert rows["Images to their image batch"] == ["6,489", "none", DASH]


def test_what_older_imports_left_is_listed_by_id_with_what_to_do() -> None:
    ids = [f"0000000{number}-aaaa-4000-8000-000000000000" for number in range(3)]
    left = replace(table("notes", 404, left_over=5, adopted=2), left_over=ids)
    page = render_html(replace(reimport(), tables=[left, table("images", 2)]))
    assert all(f"<code>{one}</code>" in page for one in ids)
    assert "Notes: 5" in page
    assert "… and 2 more" in page
    assert "nexus-reimport status --left-over" in page
    assert "--older-imports notes=stay" in page
    assert "5 rows of older imports have no partner in FileMaker. They stay in Nexus." in page
    assert "What older imports left" not in render_html(reimport())


def test_the_plan_is_held_against_the_result_number_by_number() -> None:
    page = Page(render_html(reimport()))
    assert "numbers came out as planned" in page.words
    assert ["Patients", "new", "1,201", "1,201", "yes"] in page.tables["Plan and result"]
    [first, *others] = reimport().tables
    moved = replace(first, planned={**(first.planned or {}), "inserted": 1200})
    page = Page(render_html(replace(reimport(), tables=[moved, *others])))
    assert page.tables["Plan and result"][1] == ["Patients", "new", "1,200", "1,201", "no"]
    assert re.search(r"1 of \d+ numbers came out otherwise than planned", page.words)


def test_failed_checks_come_before_the_others() -> None:
    facts = reimport()
    grave = replace(facts.checks[0], passed=False, says="2 rows share an id.")
    page = Page(render_html(replace(facts, checks=[*facts.checks, grave])))
    lines = [line for line in page.tables["Checks"] if line[0] not in {"Where"}]
    assert lines[0] == ["Notes, as prepared", "Ids unique", "an error", "2 rows share an id."]
    assert lines[1][2] == "a remark"
    assert lines[2] == ["Notes, as prepared", "Ids unique", "All 404 are different."]


def test_the_way_back_and_the_backup_are_named() -> None:
    page = Page(render_html(reimport()))
    said = " ".join(page.sections["Taking it back"].split())
    assert "nexus-reimport rollback" in said
    assert "backups/20250304T221005Z-0f4c2a1e" in said
    assert "It was restored on trial, and was the same." in said
    doubtful = replace(reimport(), backup=BackupFacts("x", proved=False))
    assert "not proved" in Page(render_html(doubtful)).sections["Taking it back"]


def test_a_run_that_stopped_says_why_and_shows_how_far_it_came() -> None:
    page = Page(render_html(failed()))
    assert "Nothing was written to Nexus." in page.words
    assert "Writing everything to Nexus: Somebody else publishes. Wait, then run again." in page.words
    assert page.rows("From the source to Nexus")["Patients"] == ["2,845", "2,842", "3"]
    assert "There is nothing to take back" in page.words


def test_a_dry_run_shows_what_would_happen() -> None:
    page = Page(render_html(looked_ahead()))
    assert "this run only looked ahead" in page.words
    assert page.rows("From the source to Nexus")["Patients"] == ["2,845", "1,201", "12", "1,629", "3"]
    assert "nexus-reimport run --plan 9a7be1c0ffee4242" in page.words


def test_a_rollback_says_what_was_taken_back() -> None:
    page = Page(render_html(taken_back()))
    assert "Publication 12 taken back: Nexus is as it was before, but for 1 row left alone." in page.words
    assert page.rows("What was taken back")["Patients"] == ["40", "12", "2", "1"]
    assert "From the source to Nexus" not in page.sections


def test_pictures_say_in_words_what_they_show_and_draw_every_number() -> None:
    facts = reimport()
    root = ElementTree.fromstring(flow_picture(facts))  # noqa: S314 - our own
    assert root.get("role") == "img"
    described = {
        child.get("id"): child.text or "" for child in root if child.tag in {f"{SVG}title", f"{SVG}desc"}
    }
    assert set(described) == set((root.get("aria-labelledby") or "").split())
    drawn = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    for one in facts.tables:
        assert {table_words(one.name), f"{number(one.read)} read"} <= drawn
        for band in bands_of(one):
            assert f"{number(band.rows)} {band.what}" in drawn
            assert f"{number(band.rows)} {band.what}" in described["flow-desc"]
    assert root.find(f"{SVG}metadata") is None


def test_pictures_have_the_pages_own_colours() -> None:
    drawn = flow_picture(reimport()) + time_picture(reimport())
    assert {"var(--new)", "var(--refused)", "var(--ink)"} <= set(re.findall(r"var\(--[a-z]+\)", drawn))
    assert re.findall(r"#0[1-9]0[1-9]0[1-9]", drawn) == []


def test_what_became_of_a_tables_rows_makes_up_all_that_was_read() -> None:
    for facts in (reimport(), failed(), looked_ahead()):
        for one in facts.tables:
            assert sum(band.rows for band in bands_of(one)) == one.read


def test_the_longest_steps_are_shown_and_the_others_summed_up() -> None:
    steps = [replace(reimport().steps[0], name=f"step_{place}", seconds=float(place)) for place in range(20)]
    shown = longest_steps(steps)
    assert shown[0][:2] == ("step_19", 19.0)
    assert shown[-1][:2] == ("6 shorter steps", 15.0)
    assert sum(seconds for _, seconds, _ in shown) == pytest.approx(190)
