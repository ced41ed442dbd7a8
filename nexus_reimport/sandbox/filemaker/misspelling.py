"""A page of records as real hosts have been seen to write it where it is not quite JSON."""

import re

from nexus_reimport.sandbox.filemaker.faults import Fault, FaultPlan

_WHOLE_NUMBER = re.compile(rb'(":)(\d{1,15})(?=[,}])')
_WORD_IN_TEXT = re.compile(rb'(":"[^"\\]*[a-z]) (?=[a-z][^"\\]*"[,}])')
_LAST_LETTER = re.compile(rb'(":"[^"\\]* [^"\\]*)[a-zA-Z](?="[,}])')
_SPELLINGS = (rb"\1\2.", rb"\1+\2", rb"\1\2e0")


def misspelled(body: bytes, plan: FaultPlan) -> bytes:
    """Return a page with the faults of writing that a server has; the records are the same."""
    head, _, records = body.partition(b'"value":[')
    if plan.has(Fault.QUESTION_MARKS):
        records = _WHOLE_NUMBER.sub(rb"\1?", records, count=1)
    if plan.has(Fault.ODD_NUMBERS):
        for turn, spelling in enumerate(_SPELLINGS):
            records = _WHOLE_NUMBER.sub(spelling, records, count=turn + 1)
    if plan.has(Fault.BAD_BYTES):
        records = _LAST_LETTER.sub(rb"\1" + b"\xeb", records, count=1)
    if plan.has(Fault.LOOSE_JSON):
        head, records = b"\xef\xbb\xbf)]}',\n" + head, _WORD_IN_TEXT.sub(rb"\1" + b"\t", records) + b"\x00\n"
    return head + b'"value":[' + records
