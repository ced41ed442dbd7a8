"""Each reason is declared once, the program says what is declared, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import nexus_reimport
from nexus_reimport import sandbox
from nexus_reimport.model import reasons
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.reasons import BY_CODE, explain, reason_named
from nexus_reimport.model.reasons.reason import Reason, ReasonKind

PACKAGE = Path(nexus_reimport.__file__).parent
DECLARED = Path(reasons.__file__).parent
SANDBOX = Path(sandbox.__file__).parent
DOCUMENTS = [PACKAGE.parent / "docs" / name for name in ("nexus.md", "images.md")]
ROWS: tuple[ReasonKind, ...] = ("reject", "warning")

# Codes that are words of something else too: counts, rules of frames, states of a backup, keys of settings,
# words of errors and of SQL. That none of these is said as a reason, the types hold: `Ledger` takes no text.
WORDS_OF_OTHER_THINGS = {
    "archived",
    "blank_name",
    "damaged",
    "default_clinic",
    "doubled",
    "empty",
    "gone",
    "limit",
    "missing_column",
    "not_a_choice",
    "nul",
    "refused",
    "too_long",
    "truncated",
    "unsupported",
}


def documented() -> set[str]:
    """Codes in the first column of the documents' tables of reasons, and in the last of the export's."""
    found: set[str] = set()
    for document in DOCUMENTS:
        for line in document.read_text().splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) > 2 and re.match(r"reject|warning", cells[1]):
                found.update(re.findall(r"`([a-z_0-9]+)`", cells[0]))
            elif len(cells) in (3, 4) and re.fullmatch(
                r"(?:refused|the file is refused|the row is rejected|all).*", cells[1]
            ):
                found.update(re.findall(r"`([a-z_0-9]+)`", cells[2]))
    return found


def modules() -> Iterator[ast.Module]:
    """Every module of the product but the declarations, and the sandbox, which says what must come of it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if DECLARED not in path.parents and SANDBOX not in path.parents:
            yield ast.parse(path.read_text())


def declared_names() -> dict[str, str]:
    """Codes by the name of the constant: each has one of its own."""
    names: dict[str, str] = {}
    for path in sorted(DECLARED.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                target = node.targets[0]
                assert isinstance(target, ast.Name)
                assert target.id not in names
                code = node.value.args[0]
                assert isinstance(code, ast.Constant)
                names[target.id] = str(code.value)
    return names


def said() -> set[str]:
    """Codes whose constant another module reads."""
    names = declared_names()
    used: set[str] = set()
    for module in modules():
        imported = {
            alias.name
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(reasons.__name__)
            for alias in node.names
        }
        read = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
        used.update(names[name] for name in imported & read if name in names)
    return used


def written_out() -> set[str]:
    """Codes that another module says as text."""
    return {
        node.value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in BY_CODE
    }


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
    assert {"no_name", "empty_body", "no_thumbnail", "bad_id", "words_left_out"} <= said()


def test_no_reason_is_declared_twice() -> None:
    names = declared_names()
    assert sorted(names.values()) == sorted(BY_CODE)
    assert all(name.lower() == code for name, code in names.items())


def test_each_declared_reason_can_be_said() -> None:
    assert set(BY_CODE) - said() == set()


def test_no_reason_is_said_as_text() -> None:
    assert written_out() <= WORDS_OF_OTHER_THINGS


def test_no_reason_is_without_an_explanation() -> None:
    assert len(documented()) > 60
    assert documented() - set(BY_CODE) == set()
    assert all(reason.advice and reason.uses for reason in BY_CODE.values())


def test_no_explanation_is_of_a_reason_that_there_is_not() -> None:
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert {code for code in BY_CODE if f"`{code}`" not in text} == set()


@pytest.mark.parametrize("reason", sorted(BY_CODE))
def test_each_explanation_is_a_sentence_without_codes(reason: str) -> None:
    for table in TABLES:
        words = explain(table.name, reason)
        assert words[0].isupper()
        assert words.endswith(".")
        assert "_" not in words


@pytest.mark.parametrize("reason", BY_CODE.values())
def test_a_reason_is_of_tables_and_of_their_columns(reason: Reason) -> None:
    for use in reason.uses:
        assert set(use.tables) <= {*BY_NAME, "image_csv"}
        if use.kinds == ("warning",):
            for name in use.tables:
                assert set(use.fields) <= {column.name for column in BY_NAME[name].columns}


def test_a_reason_may_mean_something_else_in_another_table() -> None:
    assert explain("documents", "patient_not_found") != explain("notes", "patient_not_found")
    assert "kept" in explain("documents", "patient_not_found")


def test_a_reason_nobody_has_explained_is_named() -> None:
    assert "a_new_one" in explain("notes", "a_new_one")
    assert reason_named("a_new_one") == "a_new_one"
    assert not reason_named("a_new_one").is_said("reject", "notes", "id")
