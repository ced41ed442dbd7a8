"""The tiny PDFs are PDFs: every object is where their tables say it is."""

import re

import pytest

from nexus_reimport.sandbox.clinic.pdf import tiny_pdf


@pytest.mark.parametrize("padding", [0, 1, 399, 5000])
def test_the_cross_reference_table_points_at_each_object_and_the_trailer_at_the_table(padding: int) -> None:
    body = tiny_pdf("0D7C4E5A-0000-4000-8000-000000000001", padding)
    assert body.startswith(b"%PDF-1.4\n")
    assert body.endswith(b"%%EOF\n")
    table = int(body.split(b"startxref\n")[1].split(b"\n")[0])
    assert body[table:].startswith(b"xref\n0 4\n")
    offsets = re.findall(rb"(\d{10}) 00000 n \n", body)
    assert len(offsets) == 3
    for number, offset in enumerate(offsets, start=1):
        assert body[int(offset) :].startswith(b"%d 0 obj\n" % number)


def test_padding_makes_the_size_exactly_longer() -> None:
    assert len(tiny_pdf("x", 250)) == len(tiny_pdf("a label", 200)) + 50
