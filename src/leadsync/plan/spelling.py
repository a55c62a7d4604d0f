"""What a CRM makes of our values, learned from what it made of them so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from leadsync.mapping.compare import same
from leadsync.records import Value

Pair = tuple[Value, Value]
"""What was sent, and what the CRM has made of it."""

RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("in capitals", str.upper),
    ("in small letters", str.lower),
    ("without blanks around", str.strip),
    ("with single blanks", lambda text: " ".join(text.split())),
)


@dataclass(slots=True)
class Habit:
    """One field of one CRM object. `cut`: the length at which longer texts end; 0 where none was seen."""

    known: dict[str, Value] = field(default_factory=dict)
    cut: int = 0
    rules: tuple[str, ...] = ()

    def spell(self, value: Value) -> Value:
        """What the CRM will most likely make of a value."""
        if not isinstance(value, str):
            return value
        if value in self.known:
            return self.known[value]
        for name, rule in RULES:
            if name in self.rules:
                value = rule(value)
        return value[: self.cut] if self.cut else value


def habits(pairs: Iterable[tuple[tuple[str, str, str], Pair]]) -> dict[tuple[str, str, str], Habit]:
    """By (side, vendor object, field), from what was written so far."""
    gathered: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for place, pair in pairs:
        gathered[place].append(pair)
    return {place: _habit(found) for place, found in gathered.items()}


def _habit(pairs: list[Pair]) -> Habit:
    texts = [(sent, there) for sent, there in pairs if isinstance(sent, str) and isinstance(there, str)]
    known: dict[str, Value] = {sent: there for sent, there in pairs if isinstance(sent, str)}
    changed = [(sent, there) for sent, there in texts if not same(sent, there, "exact")]
    cuts = {len(b) for a, b in changed if len(b) < len(a) and a.casefold().startswith(b.casefold())}
    cut = max(cuts) if cuts and all(len(there) <= max(cuts) for _, there in texts) else 0
    rules = tuple(
        name
        for name, rule in RULES
        if all(there == rule(there) for _, there in texts) and any(rule(sent) != sent for sent, _ in changed)
    )
    return Habit(known, cut, rules)
