"""Every reason code has an explanation in plain words, be it in the code or in the documents."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import nexus_reimport
from nexus_reimport.imaging.exceptions import Fault
from nexus_reimport.report.reasons import explain, known_reasons
from nexus_reimport.schemas.nexus import TABLES
from nexus_reimport.transform.image_csv import FIELDS

PACKAGE = Path(nexus_reimport.__file__).parent
DOCUMENTS = [PACKAGE.parent / "docs" / name for name in ("nexus.md", "images.md")]
CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")


def documented() -> set[str]:
    """Codes in the first column of the documents' tables of reasons, and in the last of the export's."""
    found: set[str] = set()
    for document in DOCUMENTS:
        for line in document.read_text().splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) > 2 and re.match(r"reject|warning", cells[1]):
                found.update(re.findall(r"`([a-z_0-9]+)`", cells[0]))
            elif len(cells) == 3 and re.fullmatch(
                r"(?:refused|the file is refused|the row is rejected|all).*", cells[1]
            ):
                found.update(re.findall(r"`([a-z_0-9]+)`", cells[2]))
    return found


def in_the_code() -> set[str]:
    """Constants that transform/ gives to `reject`, `warn`, `_reason`, or to an error about the export."""
    found: set[str] = set()
    for path in sorted((PACKAGE / "transform").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                name = (
                    call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                )
                place = {"reject": 2, "warn": 2, "_reason": 0}.get(name)
                if place is not None and len(call.args) > place:
                    found.update(_constants(call.args[place]))
    return found


def _constants(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and CODE.fullmatch(inner.value):
            yield inner.value


def test_the_search_finds_codes_of_every_table() -> None:
    assert {
        "no_name",
        "no_start",
        "empty_content",
        "bad_number",
        "no_file",
        "claimed_twice",
        "limit",
    } <= documented()
    assert {"no_thumbnail", "undecodable", "day_first", "cut_short", "duplicate_recid"} <= documented()
    assert {"no_name", "empty_body", "no_thumbnail", "bad_id", "words_left_out"} <= in_the_code()


def test_no_reason_is_without_an_explanation() -> None:
    codes = documented() | in_the_code() | {fault.value for fault in Fault} | set(FIELDS)
    assert len(codes) > 60
    assert codes - known_reasons() == set()


def test_no_explanation_is_of_a_reason_that_there_is_not() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert {code for code in known_reasons() if f"`{code}`" not in text} == set()


@pytest.mark.parametrize("reason", sorted(known_reasons()))
def test_each_explanation_is_a_sentence_without_codes(reason: str) -> None:
    for table in TABLES:
        said = explain(table.name, reason)
        assert said[0].isupper()
        assert said.endswith(".")
        assert "_" not in said


def test_a_reason_may_mean_something_else_in_another_table() -> None:
    assert explain("documents", "patient_not_found") != explain("notes", "patient_not_found")
    assert "kept" in explain("documents", "patient_not_found")


def test_a_reason_nobody_has_explained_is_named() -> None:
    assert "a_new_one" in explain("notes", "a_new_one")
