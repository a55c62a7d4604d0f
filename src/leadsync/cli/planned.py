"""A plan as people read it: field by field, what is left alone and why, and what it would cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from leadsync.cli.show import counted, cut
from leadsync.plan import Plan, Step
from leadsync.records import value_text


def plan_text(
    console: Console,
    plan: Plan,
    names: Callable[[Collection[str]], Mapping[str, str]],
    cost: Mapping[str, int],
    limit: int,
) -> None:
    """Field by field, old → new, with the number of API calls. `names`: what these leads and companies are called."""
    shown: dict[str, list[Step]] = {}
    changing = 0
    for uid, steps in groupby(plan.steps, key=lambda step: step.uid):
        changing += 1
        if changing <= limit:
            shown[uid] = list(steps)
    created = sum(step.id is None for step in plan.steps)
    updates = sum(step.id is not None and step.turn == 0 for step in plan.steps)
    console.print(
        f"[bold]plan[/]: {counted(changing, 'lead or company changes', 'leads and companies change')}: "
        f"{counted(updates, 'record')} updated, {created:,} created",
        highlight=False,
    )
    called = names(shown) if shown else {}
    for uid, some in shown.items():
        console.print(f"\n  ~ [bold]{escape(called.get(uid, uid))}[/]", highlight=False)
        for step in some:
            _step_text(console, step)
    if changing > limit:
        console.print(f"\n  … and {changing - limit:,} more (--limit N shows more, --output json shows all)")
    console.print()
    kept = Counter(k.reason for k in plan.kept)
    if kept:
        told = ", ".join(f"{count:,} {REASONS.get(reason, reason)}" for reason, count in kept.most_common())
        console.print(f"left alone: {told}", highlight=False)
    calls = ", ".join(f"{side} {count:,}" for side, count in cost.items())
    console.print(f"cost in API calls: {calls or 'none'}", highlight=False)


def _step_text(console: Console, step: Step) -> None:
    verb = "create" if step.id is None else "then update" if step.turn else "update"
    console.print(f"    {verb} {step.side} {step.kind} {step.id or ''}".rstrip(), highlight=False, style="cyan")
    before = ""
    for change in step.changes:
        old, new = cut(value_text(change.old)), cut(value_text(change.new))
        why, before = "as above" if change.why == before else escape(change.why), change.why
        console.print(
            f'      {change.target:<32} "{old}" → "{new}"   [dim]{why}; {change.rule}[/]',
            highlight=False,
            soft_wrap=True,
        )


REASONS = {
    "person": "fields that a person's value stands in",
    "unbased": "fields that differed when first seen",
    "cleared": "fields that somebody cleared in one CRM",
    "held": "fields changed on both sides, waiting for a person",
    "refused": "fields the CRM refused before",
    "small": "scores that moved too little",
    "backwards": "stages that would go backwards",
    "filled": "fields written only when empty",
    "never": "fields the mapping never writes",
    "soon": "fields written too short a time ago",
    "flapping": "fields that somebody else keeps changing back (`leadsync flaps list`)",
    "deleted": "records that a person deleted",
}
