"""Gates before any write: what is too much at once stops the run at the plan, until a person says otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from leadsync.plan import Plan
from leadsync.records import is_blank

FEW = 10
"""Records that may well all be deleted by hand."""
NAMES = ("overwrite", "clear", "create", "besides", "empty", "shrunk", "shift", "quota")
"""The gates there are, as a person opens them."""
Place = tuple[str, str]
"""A side and one of its objects."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may change unasked, and what else bounds it. A share is of the live records of an object."""

    max_overwritten_share: float = 0.5
    max_cleared_share: float = 0.1
    max_created_share: float = 0.5
    max_besides_share: float = 0.5
    """Of the people on a side: so many may join or leave one list or campaign, or get or lose a task, at once."""
    max_shrunk_share: float = 0.2
    max_mean_shift: float = 15.0
    """Points by which the mean score of the leads known before may move."""
    max_quota_share: float = 0.8
    """Of the vendor's day, whoever spent it."""
    floor: int = 50
    """Up to so many records anything goes: a small installation changes as a whole."""
    baseline_first: bool = False
    """The very first run only takes stock and writes nothing."""
    flap_writes: int = 3
    flap_window: timedelta = timedelta(days=1)
    """A field that somebody else undid so often within the window is held."""
    audit_every: timedelta = timedelta(days=7)
    """Every record is compared with what was read of it so often; 0: never."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate: what it found, and how to let it through."""

    name: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class Mass:
    """What is to be changed besides fields: in words, how much, and of how many."""

    words: str
    changes: int
    of: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What a plan is seen against: live records now and when a run last went through, the leads' scores (then, now),
    by side the API calls the plan costs, those used today, and the day's allowance; and what is changed besides."""

    live: Mapping[Place, int]
    before: Mapping[Place, int] = field(default_factory=dict)
    scores: Iterable[tuple[float, float]] = ()
    quota: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    besides: Iterable[Mass] = ()


def closed_gates(plan: Plan, setting: Setting, limits: Limits, open_: frozenset[str]) -> list[Gate]:
    """The gates this plan does not pass. Filling blanks is free; overwriting and clearing are counted by record."""
    found = [
        *_by_record(plan, setting, limits),
        *_besides(setting, limits),
        *_shrunk(setting, limits),
        *_shifted(setting, limits),
        *_spent(setting, limits),
    ]
    return [gate for gate in found if gate.name not in open_]


def _advice(name: str) -> str:
    return f"look at it with `leadsync plan`; if it is meant, run `leadsync sync --open-gate {name}`"


# ---- by record


def _by_record(plan: Plan, setting: Setting, limits: Limits) -> Iterator[Gate]:
    overwritten: Counter[Place] = Counter()
    cleared: Counter[Place] = Counter()
    created: Counter[Place] = Counter()
    for step in plan.steps:
        place = (step.side, step.kind)
        created[place] += step.id is None
        overwritten[place] += any(not is_blank(c.old) and (c.back or not is_blank(c.new)) for c in step.changes)
        cleared[place] += any(not is_blank(c.old) and is_blank(c.new) and not c.back for c in step.changes)
    for name, verb, counts, share in (
        ("overwrite", "overwrite values on", overwritten, limits.max_overwritten_share),
        ("clear", "clear fields on", cleared, limits.max_cleared_share),
        ("create", "create beside", created, limits.max_created_share),
    ):
        for (side, kind), count in sorted(counts.items()):
            live = setting.live.get((side, kind), 0)
            if count > max(limits.floor, share * live):
                of = f"{count:,} new {side} {kind} records beside" if name == "create" else f"{count:,} of"
                words = "create" if name == "create" else verb
                text = f"this run would {words} {of} {live:,} {side} {kind} records"
                yield Gate(name, f"{text} (more than {share:.0%} and more than {limits.floor})", _advice(name))


def _besides(setting: Setting, limits: Limits) -> Iterator[Gate]:
    for mass in setting.besides:
        if mass.changes > max(limits.floor, limits.max_besides_share * mass.of):
            share = f"more than {limits.max_besides_share:.0%} of {mass.of:,} and more than {limits.floor}"
            yield Gate("besides", f"this run would change much at once: {mass.words} ({share})", _advice("besides"))


# ---- the world around


def _shrunk(setting: Setting, limits: Limits) -> Iterator[Gate]:
    """A side that is suddenly empty, or much smaller, is rather misread than tidied up."""
    for (side, kind), before in sorted(setting.before.items()):
        now = setting.live.get((side, kind), 0)
        if before > FEW and now == 0:
            yield Gate("empty", f"{side} had {before:,} live {kind} records, and now has none", _advice("empty"))
        elif before - now > max(limits.floor, limits.max_shrunk_share * before):
            text = f"{side} had {before:,} live {kind} records, and now has {now:,}"
            yield Gate("shrunk", f"{text} (more than {limits.max_shrunk_share:.0%} are gone)", _advice("shrunk"))


def _shifted(setting: Setting, limits: Limits) -> Iterator[Gate]:
    count, then, now = 0, 0.0, 0.0
    for before, after in setting.scores:
        count, then, now = count + 1, then + before, now + after
    if count <= limits.floor:
        return
    then, now = then / count, now / count
    if abs(now - then) > limits.max_mean_shift:
        text = f"the mean score of {count:,} leads would move from {then:.1f} to {now:.1f}"
        yield Gate("shift", f"{text} (more than {limits.max_mean_shift:g} points)", _advice("shift"))


def _spent(setting: Setting, limits: Limits) -> Iterator[Gate]:
    for side, (cost, used, limit) in sorted(setting.quota.items()):
        if cost > 0 and used + cost > limits.max_quota_share * limit:
            text = f"this run would cost {cost:,} {side} API calls where {used:,} of the day's {limit:,} are used"
            advice = "later runs resume by themselves; `leadsync sync --open-gate quota` spends them now"
            yield Gate("quota", f"{text} (leadsync stops at {limits.max_quota_share:.0%})", advice)
