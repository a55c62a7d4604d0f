"""A write that was refused for some of its fields: what is kept as refused, and what may go without them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from leadsync.plan import Step, together
from leadsync.store import Outgoing

Sent = tuple[Outgoing, Step]


def part(row: Outgoing, step: Step, named: Collection[str]) -> tuple[Sent, Sent] | None:
    """The refused and the remaining half of a write, where a CRM named the fields (in any case) that it does not take.

    Fields of one unit stay together. None when it named none of those sent, or nothing would be left. The refused half
    has a token of its own, so that its fields count as waiting while the rest goes through.
    """
    folded = {name.casefold() for name in named}
    refused = together(step.changes, (name for name in row.changes if name.casefold() in folded))
    left = row.changes.keys() - refused
    if not refused or not left:
        return None
    return _only(row, step, refused, f"{row.token}/without"), _only(row, step, left, row.token)


def _only(row: Outgoing, step: Step, targets: Collection[str], token: str) -> Sent:
    mapped = {target: name for target, name in row.mapped.items() if target in targets}
    lesser = replace(
        row,
        token=token,
        changes={name: change for name, change in row.changes.items() if name in targets},
        mapped=mapped,
        after={name: values for name, values in row.after.items() if name in mapped.values()},
    )
    return lesser, replace(step, changes=tuple(c for c in step.changes if c.target in targets))
