"""Tiny valid one-page PDFs of any exact size above the smallest."""

from functools import cache

_OBJECTS = (
    b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
    b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n",
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>\nendobj\n",
)
_LABEL_LENGTH = 36


def tiny_pdf(label: str, padding: int) -> bytes:
    """Return a blank page whose comments hold the label (36 characters at most) and `padding` bytes."""
    head, tail = _around(padding)
    return head + label.encode("ascii")[:_LABEL_LENGTH].ljust(_LABEL_LENGTH) + tail


@cache
def _around(padding: int) -> tuple[bytes, bytes]:
    head = b"%PDF-1.4\n%"
    body = b"\n%" + b"." * padding + b"\n"
    offset = len(head) + _LABEL_LENGTH + len(body)
    entries = [b"0000000000 65535 f \n"]
    for part in _OBJECTS:
        entries.append(b"%010d 00000 n \n" % offset)
        body += part
        offset += len(part)
    table = b"xref\n0 4\n" + b"".join(entries)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % offset
    return head, body + table + trailer
