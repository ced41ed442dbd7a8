"""What makes a plan stale: what has moved since it was made, so that it must not be applied any more."""

from collections.abc import Mapping
from typing import Any

from nexus_reimport.load.exceptions import PlanStale
from nexus_reimport.load.plan.making import NexusSnapshot
from nexus_reimport.load.plan.stored_plans import Inputs, PlanRecord, fingerprints_of
from nexus_reimport.model.counts import MAIN


def refuse_if_dead(old: PlanRecord, standing: NexusSnapshot, code: str) -> None:
    """Raise PlanStale where Nexus as it is now, or this program, already says that a plan does not hold.

    Nothing is asked of the sources, so a plan that passes may still turn out not to hold.
    """
    unasked = Inputs(old["fingerprints"]["sources"], code, old["options"])
    now = {
        "fingerprints": fingerprints_of(standing, unasked),
        "options": old["options"],
        "rows": standing.rows,
    }
    refuse_if_moved(old, now, standing.applied)


def refuse_if_moved(old: PlanRecord, new: PlanRecord, applied: Mapping[str, int]) -> None:
    """Raise PlanStale, saying what has moved, unless the old plan made again now is the same plan.

    `applied`: the publications that stand, by the id of the plan they applied.
    """
    if old["id"] in applied:
        raise PlanStale(
            f"Plan {old['id']} was applied already, by publication {applied[old['id']]}. Nothing was written "
            f"now. {_ANOTHER.format(**old)}"
        )
    if not any(new["rows"].values()) and any(old["rows"].values()):
        raise PlanStale(
            f"Plan {old['id']} was made for a Nexus with rows in it, and this one is empty. Is "
            "NEXUS_DATABASE_URL the right database? Nothing was written."
        )
    if moved := what_moved(old, new):
        raise PlanStale(
            f"Plan {old['id']} does not hold any more: {'; '.join(moved)}. Nothing was written. "
            f"{_ANOTHER.format(**old)}"
        )


def refuse_if_different(old: PlanRecord, new: PlanRecord) -> None:
    """Raise PlanStale where two plans over the same do not say the same.

    Thumbnails are the one thing that a plan can't know before they are made: a picture may turn out to be
    unreadable, or to have another size than Nexus knew.
    """
    if different := [name for name, table in old["tables"].items() if not _same(table, new["tables"][name])]:
        said = "; ".join(_difference(name, old["tables"][name], new["tables"][name]) for name in different)
        looked_at = old["thumbnails"]["to_make"]
        raise PlanStale(
            f"Plan {old['id']} does not hold any more: {looked_at} of the pictures had not been looked at "
            f"when it was made, and now that they have been, it would be another ({said}). Nothing was "
            f"written to Nexus; the thumbnails are made. {_ANOTHER.format(**old)}"
        )


_ANOTHER = "Make a new plan. The old one can still be looked at: nexus-reimport plan --show {id}"


def _same(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    # As JSON keeps them; samples are only the first of what the counts count.
    return all(was[name] == now[name] for name in now if name != "samples")


def _difference(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    counts = [f"{count} {was[count]} planned, {now[count]} now" for count in MAIN if was[count] != now[count]]
    before = was["rejected"]
    reasons = [
        f"rejected as {reason} {before.get(reason, 0)} planned, {rows} now"
        for reason, rows in now["rejected"].items()
        if rows != before.get(reason, 0)
    ]
    return f"{name}: {', '.join(counts + reasons) or 'other fields'}"


def what_moved(old: PlanRecord, new: PlanRecord) -> list[str]:
    """Return what is another between two plans, in words: sources, target, schema, code, options."""
    was, now = old["fingerprints"], new["fingerprints"]
    moved = []
    asked = was["sources"].keys() & now["sources"].keys()
    if sources := sorted(name for name in asked if was["sources"][name] != now["sources"][name]):
        moved.append(f"the source moved ({', '.join(sources)})")
    if target := _different(was["target"], now["target"]):
        moved.append(f"Nexus moved ({', '.join(target)})")
    if was["schema"] != now["schema"]:
        moved.append("the schema of Nexus's database moved")
    if was["code"] != now["code"]:
        moved.append("this program is another release than the one that planned")
    if old["options"] != new["options"]:
        moved.append(f"the run is another ({', '.join(_different(old['options'], new['options']))})")
    return moved


def _different(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs; our own records of a table go without saying where the table itself differs."""
    different = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    return sorted(name for name in different if name.removeprefix("written_") not in different - {name})
