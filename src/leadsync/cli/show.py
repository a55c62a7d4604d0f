"""What people read: tables and sentences made of what a cycle did; the same as JSON for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from leadsync.attribute import attribute, to_paths
from leadsync.connector import Crm
from leadsync.plan import Kept, Plan, Step
from leadsync.records import value_text
from leadsync.streams import listed
from leadsync.sync import Cycle, Judged, View

WIDE = 60


def _table(title: str, *columns: str, right: Iterable[int] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in right else "left", overflow="fold")
    return table


def cut(text: str, width: int = WIDE) -> str:
    """A text for a cell of a table, or a line."""
    return escape(text if len(text) <= width else text[: width - 1] + "…")


# ---- one cycle


def pulled(cycle: Cycle) -> Table:
    """What was read from where."""
    table = _table("Pulled", "CRM", "feed", "records", "touches", "unreadable", right=(2, 3, 4))
    for feed in cycle.drained:
        table.add_row(feed.side, feed.feed, *(f"{n:,}" if n else "" for n in (feed.records, feed.touches, feed.unread)))
    return table


def people_sentence(view: View) -> str:
    """How many records turned out to be how many people."""
    records = joined = both = 0
    for judged in view.leads:
        sources = judged.lead.party.sources
        records += len(sources)
        joined += len(sources) > 1
        both += len({source.record.ref.side for source in sources}) > 1
    return (
        f"{records:,} person records are {len(view.leads):,} people: {joined:,} people have several records, "
        f"{both:,} of them in both CRMs."
    )


def companies(view: View, count: int) -> Table:
    """Which company is which legal entity."""
    title = f"Companies resolved to legal entities (first {count}; `leadsync why COMPANY` tells the evidence)"
    table = _table(title, "name in CRM", "legal name", "LEI", "country", "confidence", "ultimate parent", right=(4,))
    matched = (r for r in view.resolved.values() if r.match.status == "matched")
    for resolved in nsmallest(count, matched, key=lambda r: (-r.match.confidence, r.query.name)):
        ultimate = resolved.ownership.ultimate if resolved.ownership is not None else None
        table.add_row(
            cut(resolved.query.name, 30),
            cut(resolved.match.legal_name, 40),
            resolved.match.lei,
            resolved.match.country,
            f"{resolved.match.confidence:.3f}",
            cut((ultimate.name or ultimate.reason) if ultimate is not None else "", 36),
        )
    return table


def companies_sentence(view: View) -> str:
    """How many companies were resolved, and what became of the others."""
    counts = Counter(r.match.status for r in view.resolved.values())
    return (
        f"{counts.total():,} companies: {counts['matched']:,} are a known legal entity, {counts['ambiguous']:,} could "
        f"be several, {counts['none']:,} are not to be found in the register (no LEI is written for either)."
    )


def best_leads(view: View, count: int) -> Table:
    """The best leads and why."""
    table = _table(f"The {count} best leads", "lead", "company", "score", "grade", "stage", "reasons", right=(2,))
    for judged in nsmallest(count, view.leads, key=lambda j: (-(j.score.total or 0), j.lead.uid)):
        facts = judged.lead.facts
        name = " ".join(str(facts.get(n) or "") for n in ("first_name", "last_name")).strip()
        company = judged.lead.resolved.match.legal_name if judged.lead.resolved is not None else ""
        table.add_row(
            cut(name or str(facts.get("email") or judged.lead.uid), 28),
            cut(company or str(facts.get("company_name") or ""), 32),
            value_text(judged.score.total),
            judged.score.grade,
            judged.stage.stage,
            escape(judged.score.text()),
        )
    return table


def channels(view: View) -> Table:
    """What the marketing channels earned, by each model."""
    models, rows = channel_report(view)
    table = _table("Attribution of qualified leads by channel", "channel", *models, right=range(1, 12))
    for channel, parts in rows.items():
        table.add_row(channel, *(f"{parts.get(model, 0.0):.1f}" for model in models))
    return table


def channel_report(view: View) -> tuple[tuple[str, ...], dict[str, dict[str, float]]]:
    """Channel → model → conversions, the channels that earned most first, and the models in the report's order."""
    settings = view.attribution
    models = settings.report or (settings.default,)
    paths = to_paths([journey for judged in view.leads for journey in judged.journeys])
    credited = attribute(paths, [settings.models[name] for name in models], settings.journey)
    rows: dict[str, dict[str, float]] = {}
    for model in models:
        for channel, part in credited[model].by_channel().items():
            rows.setdefault(channel, {})[model] = part
    return models, dict(sorted(rows.items(), key=lambda row: (-row[1].get(settings.default, 0.0), row[0])))


Calls = Mapping[str, tuple[int, int]]
"""Wire requests by side: (reads, writes)."""


def writes(cycle: Cycle) -> Table:
    """What was written where."""
    table = _table("Writes", "CRM", "object", "updated", "created", "rejected", "fields", right=range(2, 6))
    done, made, lost = _outcomes(cycle)
    fields: Places = Counter()
    for step in _arrived(cycle):
        fields[step.side, step.kind] += len(step.changes)
    for place in sorted({(s.side, s.kind) for s in cycle.plan.steps}):
        table.add_row(*place, f"{done[place]:,}", f"{made[place]:,}", f"{lost[place]:,}", f"{fields[place]:,}")
    return table


def _arrived(cycle: Cycle) -> Iterator[Step]:
    if cycle.pushed is not None:
        yield from cycle.pushed.written
        yield from (step for step, _ in cycle.pushed.created)


Places = Counter[tuple[str, str]]


def _outcomes(cycle: Cycle) -> tuple[Places, Places, Places]:
    """Records updated, created and rejected, by (side, object)."""
    if cycle.pushed is None:
        return Counter(), Counter(), Counter()
    return (
        Counter((s.side, s.kind) for s in cycle.pushed.written if s.turn == 0),
        Counter((s.side, s.kind) for s, _ in cycle.pushed.created),
        Counter((s.side, s.kind) for s, _ in cycle.pushed.rejected),
    )


def rejects(cycle: Cycle) -> Table | None:
    """What the CRMs refused, and the next step."""
    if cycle.pushed is None or not cycle.pushed.rejected:
        return None
    table = _table("Rejected (kept; sent again when the record or its values change)", "record", "reason", "next step")
    for step, error in cycle.pushed.rejected:
        table.add_row(str(step.ref), escape(str(error)), escape(error.hint))
    return table


def usage(sides: Mapping[str, Crm]) -> dict[str, tuple[int, int]]:
    """All wire requests of this run's connections."""
    return {side: (crm.usage.reads, crm.usage.writes) for side, crm in sides.items()}


def demo_text(out: Console, cycle: Cycle, calls: Calls) -> None:
    """What a newcomer wants to see of the first run."""
    out.print(pulled(cycle))
    out.print(f"\n{people_sentence(cycle.view)}\n")
    out.print(companies(cycle.view, 25))
    out.print(f"{companies_sentence(cycle.view)}\n")
    out.print(best_leads(cycle.view, 10))
    out.print()
    out.print(channels(cycle.view))
    out.print()
    cycle_end(out, cycle, calls)


def cycle_text(out: Console, cycle: Cycle, sides: Mapping[str, Crm]) -> None:
    """What a run did."""
    out.print(pulled(cycle))
    out.print(f"\n{people_sentence(cycle.view)}")
    out.print(f"{companies_sentence(cycle.view)}\n")
    cycle_end(out, cycle, usage(sides))


def cycle_end(out: Console, cycle: Cycle, calls: Calls) -> None:
    """Writes with their API calls, rejects, gates."""
    if stock := took_stock(cycle):
        out.print(stock)
    elif cycle.plan.steps:
        out.print(writes(cycle))
    else:
        out.print("No field needed writing." if cycle.besides else "Nothing needed writing.")
    for side, (reads, sent) in calls.items():
        out.print(f"{side}: {sent:,} write calls, {reads:,} read calls")
    refused = rejects(cycle)
    if refused is not None:
        out.print()
        out.print(refused)
    for gate in cycle.gates:
        out.print(f"gate closed, nothing was written: {gate.found}; {gate.advice}", style="yellow", soft_wrap=True)
    besides = (*(one.words for one in cycle.changed), *(one.words for one in cycle.ran))
    left = (f"{count:,} {words}." for count, words in zip(_left(cycle), LEFT_TEXT, strict=True) if count)
    for line in (*besides, *waiting(cycle.plan), *left):
        out.print(line, soft_wrap=True, markup=False)
    for line in cycle.aging:
        out.print(f"a scoring model has aged: {line} (`leadsync learn --monitor`)", style="yellow", soft_wrap=True)
    if cycle.audited is not None and cycle.audited.doubtful:
        told = f"{len(cycle.audited.doubtful):,} records did not answer the audit, too many at once to be deleted"
        out.print(f"{told}: nothing was concluded (`leadsync audit` names them).", style="yellow")


WAITING = (
    ("held", "changed differently in several places, waiting for a person", "leadsync conflicts list"),
    ("flapping", "held, for somebody else keeps changing them back", "leadsync flaps list"),
    ("refused", "not sent again, for the CRM refused them before", "leadsync rejects list"),
)
"""What only a person can settle: why a field is kept, in words, and the command that shows it."""


def waiting(plan: Plan) -> list[str]:
    """What waits for a person after a run."""
    kept: Counter[str] = Counter()
    for _, of_one in groupby(plan.kept, key=lambda k: k.uid):
        kept.update(reason for _, reason in {(k.field, k.reason) for k in of_one})
    some = ((kept[reason], words, command) for reason, words, command in WAITING if kept[reason])
    return [f"{counted(count, 'field')} {words}: `{command}`" for count, words, command in some]


def one_line(cycle: Cycle, sides: Mapping[str, Crm]) -> str:
    """A run in one line, for the log."""
    done, made, lost = (counter.total() for counter in _outcomes(cycle))
    read = sum(feed.records for feed in cycle.drained)
    calls = ", ".join(f"{side} {w} write and {r} read calls" for side, (r, w) in usage(sides).items())
    counts = f"{done:,} records updated, {made:,} created, {lost:,} rejected"
    some = "".join(f", {count:,} {words}" for count, words in zip(_left(cycle), LEFT, strict=True) if count)
    wrote = counts + some if done + made + lost or some else took_stock(cycle) or "nothing to write"
    gates = "; ".join(f"gate closed: {gate.found}" for gate in cycle.gates)
    besides = "".join(f"; {one.words}" for one in cycle.changed) + "".join(f"; {one.words}" for one in cycle.ran)
    return f"{read:,} records read; {gates or wrote}{besides}; {calls}"


LEFT = ("without a clear outcome", "not sent", "changed meanwhile")
LEFT_TEXT = (
    "writes have no clear outcome; the next run reads them back",
    "writes were not sent, for the run was stopped; the next run goes on with them",
    "records were changed meanwhile; the next run plans them anew",
)


def _left(cycle: Cycle) -> tuple[int, int, int]:
    """Writes without a clear outcome, not sent for the run was stopped, and dropped for somebody was quicker."""
    pushed = cycle.pushed
    return (0, 0, 0) if pushed is None else (len(pushed.unclear), len(pushed.unsent), len(pushed.moved))


def took_stock(cycle: Cycle) -> str:
    """What a first run says that only took stock (`baseline_first`); "" for any other."""
    tried = (counter.total() for counter in _outcomes(cycle))
    if cycle.pushed is None or not cycle.plan.steps or any((*tried, *_left(cycle))):
        return ""
    return f"took stock, wrote nothing: {counted(len(cycle.plan.steps), 'record')} would be written by the next run"


def counted(count: int, one: str, many: str = "") -> str:
    """So many of something, in words: "1 record", "1,200 records"."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def summary(cycle: Cycle, sides: Mapping[str, Crm]) -> dict[str, Any]:
    """What the ledger keeps of a run."""
    done, made, lost = (counter.total() for counter in _outcomes(cycle))
    return {
        "read": sum(feed.records for feed in cycle.drained),
        "recovered": cycle.recovered,
        "updated": done,
        "created": made,
        "rejected": lost,
        **dict(zip(("unclear", "unsent", "moved"), _left(cycle), strict=True)),
        "audited": cycle.audited.read if cycle.audited is not None else 0,
        "aging": list(cycle.aging),
        "tracks": [change.words for change in cycle.changed],
        "besides": [ran.words for ran in cycle.ran],
        "calls": {side: {"reads": r, "writes": w} for side, (r, w) in usage(sides).items()},
        "gates": [gate.name for gate in cycle.gates],
    }


def cycle_json(cycle: Cycle, sides: Mapping[str, Crm]) -> dict[str, Any]:
    """A run for machines."""
    view = cycle.view
    _, channels_ = channel_report(view)
    return {
        "schema": 1,
        "run_id": cycle.run,
        **summary(cycle, sides),
        "feeds": [
            {"side": d.side, "feed": d.feed, "records": d.records, "touches": d.touches, "unread": d.unread}
            for d in cycle.drained
        ],
        "people": len(view.leads),
        "companies": Counter(r.match.status for r in view.resolved.values()),
        "leads": listed(view.leads, lead_json),
        "attribution": channels_,
        "rejects": [
            {"record": str(step.ref), "code": error.code, "reason": str(error), "next_step": error.hint}
            for step, error in (cycle.pushed.rejected if cycle.pushed is not None else [])
        ],
    }


# ---- the plan


def plan_json(plan: Plan, cost: Mapping[str, int], gates: Sequence[Any]) -> dict[str, Any]:
    """The plan for machines."""
    return {
        "schema": 1,
        "steps": listed(plan.steps, step_json),
        "kept": listed(plan.kept, kept_json),
        "api_calls": dict(cost),
        "gates": [{"name": g.name, "found": g.found, "advice": g.advice} for g in gates],
    }


def step_json(step: Step) -> dict[str, Any]:
    """One record's write."""
    return {
        "lead": step.uid,
        "object": step.object,
        "action": "create" if step.id is None else "update",
        "record": str(step.ref),
        "changes": [
            {"field": c.field, "target": c.target, "old": c.old, "new": c.new, "why": c.why, "rule": c.rule}
            for c in step.changes
        ],
    }


def kept_json(kept: Kept) -> dict[str, Any]:
    """One difference that is left alone."""
    return {
        "lead": kept.uid,
        "record": str(kept.ref),
        "field": kept.field,
        "target": kept.target,
        "there": kept.there,
        "wanted": kept.wanted,
        "reason": kept.reason,
        "detail": kept.detail,
    }


def lead_json(judged: Judged) -> dict[str, Any]:
    """One lead with its score, stage and reasons."""
    resolved = judged.lead.resolved
    return {
        "lead": judged.lead.uid,
        "records": [str(s.record.ref) for s in judged.lead.party.sources],
        "score": judged.score.total,
        "grade": judged.score.grade,
        "stage": judged.stage.stage,
        "reasons": [reason.words for reason in judged.score.reasons],
        "lei": resolved.match.lei or None if resolved is not None else None,
    }


def names_of(view: View, uids: Collection[str]) -> dict[str, str]:
    """What a plan calls these leads and companies."""
    names = {c.uid: str(c.facts.get("name") or c.uid) for c in view.companies if c.uid in uids}
    return names | {j.lead.uid: str(j.lead.facts.get("email") or j.lead.uid) for j in view.leads if j.lead.uid in uids}
