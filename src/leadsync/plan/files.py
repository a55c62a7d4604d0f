"""A plan as JSON, so that it can be looked at, kept and applied later: exactly these writes, where they still fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leadsync.errors import Misconfigured
from leadsync.plan.model import Accounted, Change, Plan, Step
from leadsync.records import Ref
from leadsync.streams import listed, tabled

SCHEMA = 1


def to_json(plan: Plan, about: Mapping[str, Any]) -> dict[str, Any]:
    """The steps and what counts as accounted for behind them; `about`: when and from what it was made."""
    return {
        "schema": SCHEMA,
        **about,
        "steps": listed(plan.steps, _step),
        "after": tabled(plan.after, _accounted),
    }


def _accounted(names: Accounted) -> dict[str, Any]:
    return {name: {str(ref): dict(fields) for ref, fields in by.items()} for name, by in names.items()}


def _step(step: Step) -> dict[str, Any]:
    return {
        "lead": step.uid,
        "object": step.object,
        "side": step.side,
        "kind": step.kind,
        "id": step.id,
        "key": list(step.key) if step.key is not None else None,
        "links": {kind: list(ids) for kind, ids in step.links.items()},
        **({"turn": step.turn} if step.turn else {}),
        "changes": [
            {
                "field": c.field,
                "target": c.target,
                "old": c.old,
                "new": c.new,
                "why": c.why,
                "rule": c.rule,
                **({"unit": c.unit} if c.unit else {}),
                **({"back": c.back} if c.back else {}),
            }
            for c in step.changes
        ],
    }


def from_json(data: Any, name: str) -> Plan:
    """Read a plan back; raises Misconfigured when it is none. Every field is looked at again before it is written."""
    try:
        if data["schema"] != SCHEMA:
            raise Misconfigured(
                f"{name}: a plan of form {data['schema']}, this leadsync knows form {SCHEMA}: plan anew."
            )
        steps = tuple(_read_step(step) for step in data["steps"])
        after: dict[str, Accounted] = {
            uid: {field: {Ref.parse(ref): dict(f) for ref, f in by.items()} for field, by in names.items()}
            for uid, names in data["after"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Misconfigured(f"{name}: not a plan that `leadsync plan -o FILE` wrote.") from None
    return Plan(steps, (), {}, after)


def _read_step(data: Mapping[str, Any]) -> Step:
    changes = tuple(replace(Change(**change), guarded=True) for change in data["changes"])
    key = (str(data["key"][0]), str(data["key"][1])) if data["key"] is not None else None
    links = {kind: tuple(ids) for kind, ids in data["links"].items()}
    turn = int(data.get("turn", 0))
    return Step(data["lead"], data["object"], data["side"], data["kind"], data["id"], changes, key, links, turn)
