"""Why a value was not written, and what happened to a lead, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from leadsync.cli.besides import STANDS
from leadsync.cli.common import Exit, config_option, console, opened, output_option, read_config, say_json
from leadsync.cli.health import standings
from leadsync.cli.inspect import NotFound, find_uid
from leadsync.gates import Gate
from leadsync.mapping.compare import same
from leadsync.memory import memory
from leadsync.plan import Change, Kept, Subject, explain
from leadsync.quota import DAY, Lane, Standing
from leadsync.records import Ref, is_blank, value_text
from leadsync.store import Store
from leadsync.sync import World, costs, cycle

REMEDIES = {
    "planned": "nothing: the next run writes it",
    "gated": "open the gate: see below",
    "same": "nothing: it stands there already",
    "agreed": "nothing: this record's value is the one that stands",
    "condition": "change `when`, or the facts it asks for",
    "null": 'null = "clear" or null = "fill" in the mapping',
    "read": 'direction = "both" in the mapping',
    "read_only": "nothing can be written to this record; its successor is written instead",
    "unreadable": "`leadsync provision`, or read access to the field for leadsync's user",
    "secondary": "merge the two records in the CRM, or `leadsync identity split`",
    "carried": "nothing: it goes once that record has its own; `leadsync rejects list` shows what stops it",
    "unmapped": "map the field to another CRM, or give it a source",
    "held": "`leadsync conflicts resolve LEAD FIELD --take SIDE`",
    "unbased": "edit it in the CRM whose value is right; or fill_blank = true where only a blank stands",
    "cleared": "edit it where it stands, or type it in here again",
    "person": 'clear the field in the CRM; or lease = "30d" or write = "always" in the mapping',
    "leased": 'wait until then, or clear the field in the CRM; or a shorter lease or write = "always" in the mapping',
    "filled": 'clear the field in the CRM, or write = "always" in the mapping',
    "filled, ours": 'write = "tracked" or "always" in the mapping',
    "never": 'write = "always" in the mapping; "tracked" too once the field is cleared in the CRM',
    "never, ours": 'write = "tracked" or "always" in the mapping',
    "backwards": 'move it back by hand in the CRM; or direction = "back_by_clearing" or another `order` in the mapping',
    "refused": "mend the cause, then `leadsync rejects retry RECORD`",
    "flapping": "stop the other writer, then `leadsync flaps release RECORD FIELD`",
    "small": "a smaller min_change in the mapping",
    "soon": "a shorter min_interval in the mapping, or wait",
    "follows": "nothing: it goes with the next write of its unit",
    "deleted": "restore the record in the CRM's recycle bin, or make it anew by hand",
}
"""The smallest change that would let a value through."""


@click.command(name="why-not")
@config_option
@output_option
@click.argument("lead", metavar="LEAD")
@click.argument("field", metavar="FIELD")
def why_not(config_path: Path, output: str, lead: str, field: str) -> int:
    """Tell why a value is not written to the CRMs, place by place, and the smallest change that would let it through.
    FIELD is the mapping's or a CRM's name. Looks at what the last run read; asks no CRM."""
    config = read_config(config_path, offline=True)
    with opened(config, lane=Lane.INTERACTIVE, new=False) as world:
        uid = find_uid(world.store, lead)
        rows, gates = explanation(world, uid, field, tuple(standings(config)))
    if output == "json":
        closed = [{"name": g.name, "found": g.found, "advice": g.advice} for g in gates]
        say_json({"schema": 1, "lead": uid, "field": field, "places": rows, "gates": closed})
        return Exit.DONE
    out = console()
    for row in rows:
        out.print(f"{row['record']}  {row['target']}: {row['reason']}", markup=False, soft_wrap=True)
        out.print(f"    there {value_text(row['there'])!r}, wanted {value_text(row['wanted'])!r}. {row['detail']}",
                  markup=False, soft_wrap=True)  # fmt: skip
        out.print(f"    to let it through: {row['remedy']}", markup=False, soft_wrap=True)
    for gate in gates:
        out.print(f"besides, a gate is closed: {gate.found}; {gate.advice}", markup=False, soft_wrap=True)
    return Exit.DONE


def explanation(
    world: World, uid: str, field: str, allowances: Sequence[Standing] = ()
) -> tuple[list[dict[str, Any]], tuple[Gate, ...]]:
    """Every place the field could be written to, with what keeps it; and the gates that are closed, `allowances` that
    are used up too."""
    seen = cycle(replace(world, asking=False), write=False, cached=True)
    subject = next((s for s in seen.view.subjects if s.uid == uid), None)
    if subject is None:
        raise NotFound(f"{uid} has no live record any more: `leadsync timeline {uid}` tells what became of it.")
    gates = (*seen.gates, *_used_up(allowances, costs(seen, world.sides)))
    rows = [
        _row(ref, found, gated=bool(gates), ours=_ours(world.store, ref, found, subject))
        for name in _names(subject, field)
        for ref, found in explain(subject, name, memory(world.store), seen.view.as_of)
    ]
    return rows, gates


def _used_up(allowances: Sequence[Standing], cost: Mapping[str, int]) -> Iterator[Gate]:
    """The sides whose calls of today no longer suffice for writing the plan."""
    for one in allowances:
        need = cost.get(one.side, 0)
        if one.window >= DAY and need > one.left:
            left = f"of leadsync's {one.cap:,} a day {one.left:,} are left"
            found = f"writing takes {need:,} requests to {one.side}, and {left}"
            advice = "it goes on by itself when older ones are a day old; `leadsync quota` shows how it stands"
            yield Gate("quota", found, advice)


def _names(subject: Subject, field: str) -> list[str]:
    """The mapping's fields that are meant: by their own name, or by a CRM's."""
    fields = subject.object.fields
    named = [n for n in (field, f"leadsync_{field}") if n in fields][:1]
    found = named or [n for n, mapped in fields.items() if any(t.name == field for t in mapped.targets)]
    if not found:
        raise NotFound(f"no field {field!r} is mapped for a {subject.object.object}: {', '.join(fields)}")
    return found


def _ours(store: Store, ref: Ref, found: Change | Kept, subject: Subject) -> bool:
    """Whether a field that its write mode keeps stands blank or as we wrote it: nobody's value is in the way."""
    if isinstance(found, Change) or f"{found.reason}, ours" not in REMEDIES:
        return False
    ours = store.outbox.given_to(ref).get(found.target)
    compare = subject.object.fields[found.field].compare
    return is_blank(found.there) or (ours is not None and same(found.there, ours[0], compare))


def _row(ref: Ref, found: Change | Kept, *, gated: bool, ours: bool) -> dict[str, Any]:
    """One place for people and machines. `ours`: no person's value stands there."""
    match found:
        case Change():
            there, wanted, reason, detail = found.old, found.new, "planned", found.why
            remedy = "gated" if gated else "planned"
        case Kept():
            there, wanted, reason, detail = found.there, found.wanted, found.reason, found.detail
            remedy = "leased" if found.until is not None else f"{reason}, ours" if ours else reason
    return {
        "record": str(ref),
        "target": found.target,
        "there": there,
        "wanted": wanted,
        "reason": reason,
        "detail": detail,
        "remedy": REMEDIES[remedy],
    }


# ---- what happened


class Event(NamedTuple):
    """One thing that happened."""

    at: datetime
    what: str
    where: str
    detail: str


@click.command()
@config_option
@output_option
@click.argument("lead", metavar="LEAD")
def timeline(config_path: Path, output: str, lead: str) -> int:
    """Tell all that happened to a lead or company, in order: records, touches, scores, stages, writes, rejects,
    conflicts and answers. History follows merged and converted records."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        uid = find_uid(store, lead)
        events = sorted(events_of(store, uid))
    if output == "json":
        say_json({"schema": 1, "lead": uid, "events": [e._asdict() for e in events]})
    else:
        out = console()
        for e in events:
            out.print(f"{e.at:%Y-%m-%d %H:%M}Z  {e.what:<10} {e.where}  {e.detail}", markup=False, soft_wrap=True)
    return Exit.DONE


def events_of(store: Store, uid: str) -> Iterator[Event]:
    """Everything the state remembers of a lead or company, in no order."""
    refs = {ref for ref, known in store.pulled.identities().items() if known == uid}
    for seen in store.pulled.records():
        record = seen.record
        if record.ref in refs or (record.successor is not None and record.successor in refs):
            yield Event(seen.first_seen, "first seen", str(record.ref), "")
            if record.deleted or record.successor is not None:
                became = f"became {record.successor}" if record.successor is not None else "deleted"
                yield Event(record.modified, "gone", str(record.ref), became)
    for touch in store.pulled.touches():
        if touch.person in refs:
            yield Event(
                touch.at, "touch", str(touch.ref), " ".join(filter(None, (touch.type, touch.name, touch.status)))
            )
    for as_of, centi in store.results.score_history(uid):
        yield Event(as_of, "score", "", "none" if centi is None else f"{centi / 100:g}")
    yield from _writes(store, uid)
    yield from _waits(store, uid)
    for place, kept in store.besides.about(sorted(refs)):
        said = "; ".join(filter(None, (kept.entry.why, STANDS[kept.state], kept.note)))
        yield Event(kept.at, "keeps", f"{place} {kept.entry.id or ''}".rstrip(), said)


def _writes(store: Store, uid: str) -> Iterator[Event]:
    for w in store.history.of(uid):
        change = f"{value_text(w.replaced)!r} → {value_text(w.settled)!r}"
        yield Event(w.at, "created" if w.created else "wrote", f"{w.ref} {w.field}", f"{change}  run {w.run}")


def _waits(store: Store, uid: str) -> Iterator[Event]:
    for r in store.outbox.rejects():
        if r.uid == uid:
            yield Event(r.last_at, "rejected", str(r.ref), f"{r.times}× {r.reason}")
    for c in store.cases.conflicts():
        if c.uid == uid:
            said = ", ".join(f"{ref} {value_text(value)!r}" for ref, value in c.cells)
            yield Event(c.since, "conflict", c.field, said)
    for g in store.cases.rulings():
        if g.uid == uid:
            yield Event(g.at, "answer", g.field, repr(value_text(g.value)))


ALL = (why_not, timeline)
