"""What the documents say of the code in tables is what the code says."""

from pathlib import Path

import pytest

from nexus_reimport_tests.made_docs import BLOCKS, DOCS, made, stale


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda document: document.stem)
def test_a_document_has_its_tables_as_make_docs_makes_them(document: Path) -> None:
    assert stale(document.read_text(), BLOCKS) == [], "run `make docs`"
    assert made(document.read_text(), BLOCKS) == document.read_text()


@pytest.mark.parametrize("block", BLOCKS)
def test_each_table_that_is_made_stands_in_a_document(block: str) -> None:
    assert any(f"<!-- made of {block} by" in document.read_text() for document in DOCS.glob("*.md"))


def test_what_is_written_by_hand_into_such_a_table_is_made_anew() -> None:
    text = "Before.\n<!-- made of it by `make docs` -->\n| old |\n<!-- end -->\nAfter.\n"
    said = "Before.\n<!-- made of it by `make docs` -->\n| new |\n<!-- end -->\nAfter.\n"
    assert made(text, {"it": lambda: "| new |"}) == said
    assert (stale(text, {"it": lambda: "| new |"}), stale(said, {"it": lambda: "| new |"})) == (["it"], [])
    with pytest.raises(KeyError):
        made(text, {})
