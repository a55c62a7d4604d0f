"""What can be learned: each number of points in the admin's file, and facts that no rule looks at yet, as columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np

from leadsync.learn.cohort import Example
from leadsync.learn.measure import Flags, Floats
from leadsync.records import Fields, Value, is_blank
from leadsync.rulefiles.gates import value_key
from leadsync.rulefiles.governance import Policy, objection
from leadsync.rulefiles.numbers import number, told
from leadsync.score.model import Bands, ByValue, Each, Flat, OnEvent, Rule, ScoringModel
from leadsync.score.single import Ages, look, touch_ages

RARE: Final = 20
"""A value that fewer leads have keeps the points it has: nothing can be said of it."""
PER_POINT: Final = 10
"""Conversions for each column (Peduzzi and others, 1996)."""
MOST_VALUES: Final = 20
"""The values of a fact that are looked at, the commonest first; the others are worth what having none is worth."""
FEW: Final = 4
MANY: Final = 8
"""Bands of a number; eight are as good as any finer model on leads (X Education: AUC 0.891 against 0.893)."""
MANY_WON: Final = 400
"""Conversions from which on eight bands can be told apart."""


@dataclass(frozen=True, slots=True)
class Level:
    """One number that can be learned. `value`: the value, the place of a band, or "" for a rule with one number.

    `unit`: the centi-points it stands for now; a `fresh` one is not in the file yet. `floor`: the least number of a
    band. `base`: the centi-points of the value it is compared with, which keeps what it has; 0 where that is none.
    """

    rule: str
    value: str
    label: str
    unit: int
    fresh: bool = False
    field: str = ""
    floor: float | None = None
    base: int = 0


@dataclass(frozen=True, slots=True)
class Design:
    """A column for each level, a row for each example; `terms`: columns that no points can be given for (`turns`)."""

    levels: tuple[Level, ...]
    matrix: Floats
    terms: Floats

    def rows(self, count: int) -> Design:
        """The first so many examples' part, to compare with the others'."""
        return Design(self.levels, self.matrix[:count], self.terms[:count])

    def without(self, rules: Collection[str]) -> Design:
        """The columns of all other rules."""
        kept = [number for number, level in enumerate(self.levels) if level.rule not in rules]
        return Design(tuple(self.levels[number] for number in kept), self.matrix[:, kept], self.terms)


Reader = Callable[[Example, Mapping[str, Ages]], tuple[str, float] | None]
"""Which level of a rule an example is at, and how much of it; None: at none, which is worth nothing."""


def design(
    examples: Sequence[Example],
    model: ScoringModel,
    candidates: Iterable[str],
    fitting: int,
    shut: frozenset[str] = frozenset(),
) -> Design:
    """The columns for `examples`, of which the first `fitting` decide what is common enough to be learned.

    `candidates`: facts that may become rules; `shut`: facts nothing may be learned from.
    """
    readers = [(_levels(rule), _reader(rule)) for rule in model.rules if not _looked_at(rule) & shut]
    taken = {rule.id for rule in model.rules}
    for name in candidates:
        pair = _candidate(name, _free(name, taken), examples[:fitting])
        readers += [] if pair is None else [pair]
    ages = [touch_ages(example.touches, example.day) for example in examples]
    pairs: list[tuple[Level, Floats]] = []
    for known, reader in readers:
        found = [reader(example, age) for example, age in zip(examples, ages, strict=True)]
        own = (*known, *_unlisted(known, found[:fitting]))
        pairs += _compared([(level, np.array([_amount(one, level.value) for one in found])) for level in own], fitting)
    kept = _common(pairs, np.array([example.won for example in examples[:fitting]], dtype=np.bool_))
    matrix = np.column_stack([column for _level, column in kept]) if kept else np.zeros((len(examples), 0))
    return Design(tuple(level for level, _column in kept), matrix, turns(examples, fitting))


def turns(examples: Sequence[Example], fitting: int) -> Floats:
    """Columns for leads that had been known for one horizon or longer, two or longer, and so on, as far as enough of
    the first `fitting` examples had."""
    turn = np.array([example.turn for example in examples])
    most = int(turn[:fitting].max(initial=0))
    columns = [turn >= least for least in range(1, most + 1) if (turn[:fitting] >= least).sum() >= RARE]
    return np.column_stack([c.astype(np.float64) for c in columns]) if columns else np.zeros((len(examples), 0))


def candidates_of(examples: Iterable[Example], model: ScoringModel, policy: Policy, shut: frozenset[str]) -> list[str]:
    """The facts that no rule looks at, that are or become known of somebody, and that may be scored."""
    used = model.fields() | shut
    facts = (some for example in examples for some in (example.facts, example.later))
    names = {name for some in facts for name, value in some.items() if not is_blank(value)}
    return [name for name in sorted(names) if name not in used and objection(name, policy) is None]


def _looked_at(rule: Rule) -> frozenset[str]:
    own = frozenset((rule.test.field,)) if isinstance(rule.test, ByValue | Bands | Each) else frozenset()
    return own if rule.when is None else own | rule.when.names


def _amount(one: tuple[str, float] | None, value: str) -> float:
    return one[1] if one is not None and one[0] == value else 0.0


def _compared(pairs: list[tuple[Level, Floats]], fitting: int) -> list[tuple[Level, Floats]]:
    """The levels of a rule against something: those without any, if there are enough leads; else against the commonest
    of the levels with the fewest points, which keeps its own, for all of them together can be moved at will."""
    several = [pair for pair in pairs if pair[0].value != "" and int((pair[1][:fitting] != 0).sum()) > 0]
    somewhere = sum(int(column[:fitting].sum()) for _level, column in several)
    if not several or fitting - somewhere >= RARE:
        return pairs
    base = min(several, key=lambda pair: (abs(pair[0].unit), -float(pair[1][:fitting].sum())))[0]
    return [(replace(level, base=base.unit), column) for level, column in pairs if level is not base]


def _common(pairs: Sequence[tuple[Level, Floats]], won: Flags) -> list[tuple[Level, Floats]]:
    """Those that enough of the leads with these outcomes have: the file's own first, then new rules, each whole, those
    that tell the outcome best before the others; no more columns than conversions can bear."""
    fitting, room = len(won), max(1, int(won.sum()) // PER_POINT)
    counts = [int((column[:fitting] != 0).sum()) for _level, column in pairs]
    known = [i for i, count in enumerate(counts) if RARE <= count <= fitting - RARE]
    told = {i: _tells(pairs[i][1][:fitting], won) for i in known}
    kept = sorted([i for i in known if not pairs[i][0].fresh], key=lambda i: (-told[i], i))[:room]
    rules: dict[str, list[int]] = defaultdict(list)
    for i in known:
        if pairs[i][0].fresh:
            rules[pairs[i][0].rule].append(i)
    for own in sorted(rules.values(), key=lambda own: (-max(told[i] for i in own), own)):
        if len(kept) + len(own) <= room:
            kept += own
    return [pairs[i] for i in sorted(kept)]


def _tells(column: Floats, won: Flags) -> float:
    """How strongly a column and the outcome go together, up or down."""
    centred = column - column.mean()
    spread = float(np.sqrt((centred**2).sum()))
    return abs(float(centred @ won)) / spread if spread > 0 else 0.0


# ---- the file's own rules


def _levels(rule: Rule) -> list[Level]:
    match rule.test:
        case ByValue(field, points):
            return [Level(rule.id, value, f"{rule.label}: {value}", now, field=field) for value, now in points.items()]
        case Bands(field, floors, points):
            pairs = enumerate(zip(floors, points, strict=True))
            return [
                Level(rule.id, str(i), f"{rule.label}: {told(floor)} or more", now, field=field, floor=floor)
                for i, (floor, now) in pairs
            ]
        case Each(field, points):
            return [Level(rule.id, "", f"{rule.label}: each", points, field=field)]
        case OnEvent() as test:
            return [Level(rule.id, "", f"{rule.label}: each", test.worth(0))]
        case Flat(points):
            return [Level(rule.id, "", rule.label, points)]


def _reader(rule: Rule) -> Reader:
    def read(example: Example, ages: Mapping[str, Ages]) -> tuple[str, float] | None:
        if rule.when is not None and not rule.when.holds(example.facts):
            return None
        match rule.test:
            case ByValue(field):
                return _value(example.facts, field)
            case Bands() as test:
                return _band(example.facts.get(test.field), test.floors)
            case Each(points=unit) | Flat(points=unit):
                pass
            case OnEvent() as on:
                unit = on.worth(0)
        seen = look(rule, example.facts, ages)
        if seen is None or unit == 0:
            return None
        capped = seen.centi if rule.cap is None else max(-rule.cap, min(rule.cap, seen.centi))
        return "", capped / unit

    return read


def _value(facts: Fields, name: str) -> tuple[str, float] | None:
    value = facts.get(name)
    return None if is_blank(value) else (value_key(value), 1.0)


def _band(value: Value, floors: Sequence[float]) -> tuple[str, float] | None:
    amount = number(value)
    if amount is None:
        return None
    place = sum(floor <= amount for floor in floors) - 1
    return None if place < 0 else (str(place), 1.0)


def _unlisted(known: Sequence[Level], found: Sequence[tuple[str, float] | None]) -> list[Level]:
    """Values of a rule by value that the file does not list and that are common."""
    if not known or known[0].value == "" or known[0].floor is not None:
        return []
    listed = {level.value for level in known}
    counts = Counter(one[0] for one in found if one is not None and one[0] not in listed)
    name = known[0].label.partition(":")[0]
    some = [value for value, count in counts.most_common(MOST_VALUES) if count >= RARE]
    return [Level(known[0].rule, value, f"{name}: {value}", 0, fresh=True, field=known[0].field) for value in some]


# ---- facts without a rule


def _free(name: str, taken: Collection[str]) -> str:
    """The id of a new rule on a fact: its name, unless that is the id of a rule on something else."""
    ids = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(some for some in ids if some not in taken)


def _candidate(name: str, rule: str, examples: Sequence[Example]) -> tuple[list[Level], Reader] | None:
    """A fact as bands with as many leads each if it is a number, else by its common values; None when it is neither, or
    mostly values of their own (a name, an id)."""
    values = [value for e in examples if not is_blank(value := e.facts.get(name))]
    amounts = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    label = name.replace("_", " ").capitalize()
    if amounts and len(amounts) == len(values) and len(set(amounts)) > 2:
        floors = _floors(amounts, blank=len(examples) - len(values), won=sum(e.won for e in examples))
        levels = [
            Level(rule, str(i), f"{label}: {told(floor)} or more", 0, fresh=True, field=name, floor=floor)
            for i, floor in enumerate(floors)
        ]
        return levels, lambda example, _ages: _band(example.facts.get(name), floors)
    counts = Counter(value_key(value) for value in values)
    common = [value for value, count in counts.most_common(MOST_VALUES) if count >= RARE]
    if sum(counts[value] for value in common) * 2 < len(values):
        return None
    levels = [Level(rule, value, f"{label}: {value}", 0, fresh=True, field=name) for value in sorted(common)]
    return levels, lambda example, _ages: _value(example.facts, name)


def _floors(amounts: Sequence[float], blank: int, won: int) -> list[float]:
    """Where bands begin. Those without a number are what bands are compared with if there are enough of them, else
    those in the lowest band. A number that would fill a band by itself (often 0) has one, and the others share the
    rest: quantiles alone would fall on it several times and leave fewer bands where leads differ."""
    bands = MANY if won >= MANY_WON else FEW
    counts = Counter(amounts)
    heavy = {amount for amount, count in counts.items() if count * bands >= len(amounts)}
    rest = [amount for amount in amounts if amount not in heavy]
    room = bands - len(heavy)
    cuts = heavy | {_above(amount, rest) for amount in heavy if amount < max(rest, default=amount)}
    cuts |= {_short(float(np.quantile(rest, band / room))) for band in range(1, room) if rest}
    least = min(amounts)
    return sorted({least, *cuts} if blank >= RARE else {cut for cut in cuts if cut > least})


def _above(heavy: float, rest: Sequence[float]) -> float:
    """Where the next band begins: short to write, if that is still above."""
    following = min(amount for amount in rest if amount > heavy)
    return short if heavy < (short := _short(following)) <= following else following


def _short(amount: float) -> float:
    """Two digits: what an admin likes to read in a file."""
    return float(f"{amount:.2g}")
