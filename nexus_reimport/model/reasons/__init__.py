"""Why a row was not taken, taken with a remark, or taken out: every reason code, declared once.

What a file declares is a constant; the code of this program says the constant, never its text. The report, a
plan and the documents' tables are made from the declarations.
"""

from nexus_reimport.model.reasons import (
    appointments,
    documents,
    every_table,
    image_export,
    image_files,
    images,
    nexus_rows,
    notes,
    patients,
    several_tables,
    sms_messages,
)
from nexus_reimport.model.reasons.reason import Reason, declared_in

_DECLARING = (
    every_table,
    several_tables,
    patients,
    appointments,
    notes,
    sms_messages,
    documents,
    images,
    image_files,
    image_export,
    nexus_rows,
)
BY_CODE: dict[str, Reason] = {reason: reason for module in _DECLARING for reason in declared_in(vars(module))}


def reason_named(code: str) -> Reason:
    """Return the reason of a stored code; one whose words say so where none is declared.

    A frame or a plan may have been stored by another release.
    """
    return BY_CODE.get(code) or Reason(code)


def explain(table: str, code: str) -> str:
    """Return a reason in plain words. An unknown code is said to be one, so that a page is never without."""
    return reason_named(code).words_for(table)
