"""Take writes back: only where the CRM still holds what we wrote; everything else is listed with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leadsync.mapping.compare import same
from leadsync.plan.model import Change, Kept, LastWrite, Plan, Step
from leadsync.records import ABSENT, Absent, Record, Ref, Value, value_text


@dataclass(frozen=True, slots=True)
class Done:
    """A write of ours that is to be taken back. `created`: it made the record."""

    ref: Ref
    field: str
    uid: str
    mapped: str
    replaced: Value
    settled: Value
    run: str
    created: bool = False


def undo(
    done: Iterable[Done], records: Mapping[Ref, Record], last: Mapping[tuple[Ref, str], tuple[LastWrite, str]]
) -> Plan:
    """The writes that restore what stood before the given ones (oldest first), one step for each record; but what
    somebody else made of a field between two of them, since that is newer.

    `last`: the last write of each record and field, with its run: what was written again later is left alone.
    """
    chains: dict[tuple[Ref, str], list[Done]] = defaultdict(list)
    for write in done:
        chains[write.ref, write.field].append(write)
    changes: dict[Ref, list[Change]] = defaultdict(list)
    kept: list[Kept] = []
    uids: dict[Ref, str] = {}
    for (ref, field), writes in chains.items():
        chain = _unbroken(writes)
        uids[ref] = chain[0].uid
        if reason := _stays(chain, records.get(ref), last.get((ref, field))):
            there = records[ref].fields.get(field) if ref in records else None
            kept.append(Kept(chain[0].uid, ref, chain[0].mapped, field, there, chain[0].replaced, *reason))
        elif not same(chain[0].replaced, chain[-1].settled, "exact"):
            why = f"taking back {', '.join(dict.fromkeys(write.run for write in chain))}"
            old, new = records[ref].fields.get(field), chain[0].replaced
            changes[ref].append(Change(chain[0].mapped, field, old, new, why, "undo", guarded=True))
    steps = tuple(Step(uids[r], "", r.side, r.kind, r.id, tuple(c)) for r, c in sorted(changes.items()))
    return Plan(steps, tuple(kept), {})


def _unbroken(chain: Sequence[Done]) -> Sequence[Done]:
    """The last writes of a field, each of which replaced what the one before had left."""
    breaks = (n for n in range(len(chain) - 1, 0, -1) if not same(chain[n - 1].settled, chain[n].replaced, "exact"))
    return chain[next(breaks, 0) :]


def _stays(chain: Sequence[Done], record: Record | None, last: tuple[LastWrite, str] | None) -> tuple[str, str] | None:
    """Why a field is not restored, as (reason, detail)."""
    if record is None or record.deleted:
        return "gone", "the record is no longer there"
    if record.read_only:
        return "read_only", "the record can no longer be written: it was converted, or is locked"
    if any(write.created for write in chain):
        return "created", "leadsync made this record; delete it in the CRM if nobody wants it"
    if last is not None and last[1] not in {write.run for write in chain}:
        return "later", f"written again by run {last[1]}: take that back first"
    there = record.fields.get(chain[-1].field, ABSENT)
    if isinstance(there, Absent):
        return "unreadable", 'the field is no longer read: map it once more (write = "never" is enough), then run again'
    if not same(there, chain[-1].settled, "exact"):
        who = f" (last changed by {record.modified_by})" if record.modified_by and record.by_us is not True else ""
        return "changed", f"somebody changed it since we wrote {value_text(chain[-1].settled)!r}{who}"
    return None
