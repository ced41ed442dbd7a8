"""The check of a plan: nothing changes in so many rows at once that it can't be an ordinary day's work."""

from collections.abc import Mapping, Sequence
from typing import Any

from nexus_reimport.load.diff.mass_changes import stopping_words
from nexus_reimport.orchestration.checks.factory import Check, checks_for
from nexus_reimport.validate.findings import Finding


def mass_change_finding(excesses: Sequence[Mapping[str, Any]]) -> Finding:
    """Say whether a plan may be applied, by the columns in which too much changes as it keeps them."""
    facts = {"columns": sorted({str(one["column"]) for one in excesses})}
    if says := stopping_words(excesses):
        return Finding(False, says, facts)
    if excesses:
        # A remark: it stops nothing, and is not to be lost among what passed.
        return Finding(False, " ".join(str(one["says"]) for one in excesses), facts, accepted=True)
    return Finding(True, "In no column would too many rows lose or change a value at once.", facts)


plan_checks = [
    checks_for(
        "plan",
        checks=[
            Check(
                "no_mass_change",
                "In no column would too many rows lose or change a value at once.",
                lambda seen: mass_change_finding(seen.plan()["mass_changes"]),
            )
        ],
    )
]
