"""Plans as they are kept: JSON with an id made of what the plan depends on, and what has moved since."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.load.exceptions import PlanStale, PlanUnknown
from nexus_reimport.load.plan.planning import NexusSnapshot, Planned
from nexus_reimport.model.counts import MAIN
from nexus_reimport.model.options import of_plan

_FOLDER = "plans"
REJECTS_SHOWN = 10
_ID = re.compile("[0-9a-f]{16}")

PlanRecord = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """What a plan was made from: digests of the sources by asset, of the code, and the run's options."""

    sources: Mapping[str, str]
    code: str
    options: Mapping[str, Any]


def plan_record(
    planned: Planned,
    inputs: Inputs,
    rejects: Mapping[str, list[dict[str, str]]],
    made: Mapping[str, str],
    thumbnails_to_make: int,
) -> PlanRecord:
    """Return a plan as it is kept. `made`: run_id, made_at, as_of; `rejects`: by table, key, field, reason.

    The id depends on the inputs, on Nexus's rows and schema and on the options, and on nothing else: a
    plan made again over the same is the same plan.
    """
    fingerprints = _fingerprints(planned.standing, inputs)
    return {
        "id": _id(fingerprints, inputs.options),
        **made,
        "options": dict(inputs.options),
        "fingerprints": fingerprints,
        "rows": planned.standing.rows,
        "writes": planned.writes,
        "tables": {
            name: {
                **asdict(table.counts),
                "rejected": _by_reason(rejects[name]),
                "fields": table.fields,
                "samples": {**table.samples, **_rejects_shown(rejects[name])},
            }
            for name, table in planned.tables.items()
        },
        "left_over": _listed(planned.left_over, inputs.options),
        "mass_changes": [one.as_json() for one in planned.excesses],
        "thumbnails": {"to_make": thumbnails_to_make},
    }


def _listed(left_over: Mapping[str, list[str]], options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the rows of older imports that a plan lists: not those of which it was said that they stay."""
    planned = of_plan(options)
    return {
        name: ids for name, ids in left_over.items() if ids and planned.word("older_imports", name) != "stay"
    }


def _fingerprints(standing: NexusSnapshot, inputs: Inputs) -> dict[str, Any]:
    return {
        "sources": dict(inputs.sources),
        "target": standing.target,
        "schema": standing.schema,
        "code": inputs.code,
    }


def _id(fingerprints: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    content = orjson.dumps([fingerprints, options], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def _by_reason(rejects: list[dict[str, str]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for reject in rejects:
        counted[reject["reason"]] = counted.get(reject["reason"], 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _rejects_shown(rejects: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    shown = [{name: one[name] for name in ("key", "field", "reason")} for one in rejects[:REJECTS_SHOWN]]
    return {"rejected": shown} if shown else {}


def refuse_if_dead(old: PlanRecord, standing: NexusSnapshot, code: str) -> None:
    """Raise PlanStale where Nexus as it is now, or this program, already says that a plan does not hold.

    Nothing is asked of the sources, so a plan that passes may still turn out not to hold.
    """
    unasked = Inputs(old["fingerprints"]["sources"], code, old["options"])
    now = {"fingerprints": _fingerprints(standing, unasked), "options": old["options"], "rows": standing.rows}
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


def save_plan(store: ObjectStore, plan: PlanRecord) -> None:
    """Keep a plan under its id."""
    obstore.put(store, f"{_FOLDER}/{plan['id']}.json", orjson.dumps(plan, option=orjson.OPT_INDENT_2))


def load_plan(store: ObjectStore, plan_id: str) -> PlanRecord:
    """Return a kept plan. Raises PlanUnknown."""
    unknown = PlanUnknown(f"There is no plan {plan_id!r}. List them: nexus-reimport plan --list")
    if not _ID.fullmatch(plan_id):
        raise unknown
    try:
        content = bytes(obstore.get(store, f"{_FOLDER}/{plan_id}.json").bytes())
    except FileNotFoundError:
        raise unknown from None
    plan: PlanRecord = orjson.loads(content)
    return plan


def list_plans(store: ObjectStore) -> list[PlanRecord]:
    """Return every kept plan, the newest first."""
    names = [one["path"] for chunk in obstore.list(store, prefix=f"{_FOLDER}/") for one in chunk]
    plans = [load_plan(store, name.rpartition("/")[2].removesuffix(".json")) for name in names]
    return sorted(plans, key=lambda plan: str(plan["made_at"]), reverse=True)
