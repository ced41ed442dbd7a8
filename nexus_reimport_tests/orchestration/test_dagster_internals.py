"""Dagster's internals: all in one file, each with what it is for, and each still there."""

import ast
import importlib
import importlib.util
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import dagster
import pytest

import nexus_reimport

PACKAGE = Path(nexus_reimport.__file__).parent
INTERNALS = PACKAGE / "orchestration" / "dagster_internals.py"


def imports_from_internals(file: Path) -> Iterator[ast.ImportFrom]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dagster._"):
            yield node


def reasons(file: Path) -> dict[int, str]:
    """Return by line the comment that ends just above it, or above the imports just above it."""
    text = file.read_text()
    found = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    told: dict[int, str] = {}
    last = ""
    for number, line in enumerate(text.splitlines(), start=1):
        last = found.get(number, last if line else "")
        told[number] = last
    return told


NAMES = [
    pytest.param(node.module, one.name, node.lineno, id=f"{node.module}.{one.name}")
    for node in imports_from_internals(INTERNALS)
    for one in node.names
]


@pytest.mark.parametrize(("module", "name", "line"), NAMES)
def test_what_we_use_of_dagster_s_internals_is_where_it_was(module: str, name: str, line: int) -> None:
    why = reasons(INTERNALS)[line]
    moved = f"Dagster {dagster.__version__} has moved {module}.{name}, line {line} of {INTERNALS.name}. {why}"
    try:
        there = importlib.import_module(module)
    except ImportError:
        pytest.fail(moved)
    # A module of a package is no attribute of it until something imports it.
    assert hasattr(there, name) or importlib.util.find_spec(f"{module}.{name}"), moved


def test_each_of_them_has_its_reason() -> None:
    told = reasons(INTERNALS)
    assert [name for _, name, line in (one.values for one in NAMES) if not told[int(str(line))]] == []


def test_no_other_file_imports_dagster_s_internals() -> None:
    others = [
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if file != INTERNALS and any(imports_from_internals(file))
    ]
    assert others == []
