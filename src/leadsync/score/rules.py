"""The rules of a model file: which kind each is of, and whether it can matter."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leadsync.mapping.positions import Path
from leadsync.rulefiles.gates import Reading, condition, value_key
from leadsync.score import decay
from leadsync.score.model import Bands, ByValue, Each, Flat, OnEvent, Rule, Test
from leadsync.score.spec import ModelSpec, RuleSpec

SOURCE_FIELDS = ("lead_source", "original_source")
"""Facts on where a lead came from: a rule on them needs a `why`."""
KINDS = "field with points = {…}, bands or each; event with points; or when with points"


def build_rules(spec: ModelSpec, reading: Reading, events: Collection[str] | None) -> tuple[Rule, ...]:
    """The rules of a model in their order; what is wrong with one is noted, and it is left out."""
    made = (_Rules(spec, reading, events).rule(("rule", i), some) for i, some in enumerate(spec.rule))
    return tuple(rule for rule in made if rule is not None)


@dataclass(frozen=True, slots=True)
class _Rules:
    spec: ModelSpec
    reading: Reading
    events: Collection[str] | None

    def rule(self, path: Path, spec: RuleSpec) -> Rule | None:
        findings = self.reading.findings
        findings.known((*path, "group"), spec.group, self.spec.group, "group")
        asked = None if spec.when is None else condition((*path, "when"), spec.when, self.reading)
        named = {spec.field} | (set() if asked is None else asked.names)
        if named & set(SOURCE_FIELDS) and not spec.why:
            findings.add(path, "LS608", f'"{spec.id}" looks at where a lead came from and has no why')
        if spec.cap is not None and spec.cap <= 0:
            findings.add((*path, "cap"), "LS605", "a cap is how far a rule may go, up or down: more than 0")
        test = self._test(path, spec)
        if test is None or (spec.when is not None and asked is None):
            return None
        return Rule(spec.id, spec.group, spec.label, test, spec.cap, asked, spec.why)

    def _test(self, path: Path, spec: RuleSpec) -> Test | None:
        kind = _kind(spec)
        if kind is None:
            self.reading.findings.add(path, "LS609", f'the rule "{spec.id}" is of no kind, or of several', KINDS)
            return None
        for key in () if kind == "event" else ("half_life_days", "fade_days", "window_days"):
            if getattr(spec, key) is not None:
                self.reading.findings.add((*path, key), "LS609", f"{key} needs an event: facts do not fade")
        if kind == "event":
            return self._on_event(path, spec, spec.event or ())
        if kind == "flat":
            self._matters(path, [_plain(spec)])
            return Flat(_plain(spec))
        return self._on_field(path, spec, spec.field or "")

    def _on_field(self, path: Path, spec: RuleSpec, name: str) -> Test | None:
        if not self.reading.allowed((*path, "field"), name):
            return None
        if isinstance(spec.points, dict):
            return self._by_value(path, spec, name, spec.points)
        if spec.bands is not None:
            floors = tuple(least for least, _points in spec.bands)
            if any(upper <= lower for lower, upper in pairwise(floors)):
                self.reading.findings.add((*path, "bands"), "LS606", "the floors of bands rise from one to the next")
            self._matters(path, [spec.unknown, *(points for _least, points in spec.bands)])
            return Bands(name, floors, tuple(points for _least, points in spec.bands), spec.unknown)
        self._matters(path, [spec.each or 0])
        return Each(name, spec.each or 0)

    def _by_value(self, path: Path, spec: RuleSpec, name: str, given: dict[str, int]) -> ByValue:
        points = {value_key(value): amount for value, amount in given.items()}
        self._matters(path, [*points.values(), spec.other, spec.unknown])
        names = {value_key(value): text for value, text in spec.names.items()}
        for value in names:
            self.reading.findings.known((*path, "names"), value, points, "value with points")
        return ByValue(name, points, spec.other, spec.unknown, names)

    def _on_event(self, path: Path, spec: RuleSpec, events: Sequence[str]) -> OnEvent | None:
        if self.events is not None:
            for event in events:
                self.reading.findings.known((*path, "event"), event, self.events, "event", "LS610")
        self._matters(path, [_plain(spec)])
        if spec.half_life_days is not None and spec.fade_days is not None:
            message = "half_life_days and fade_days are two laws of decay: keep one"
            self.reading.findings.add((*path, "fade_days"), "LS609", message)
        table = _table(spec)
        return OnEvent(frozenset(events), table or (), _plain(spec) if table is None else 0)

    def _matters(self, path: Path, points: Sequence[int]) -> None:
        if all(amount == 0 for amount in points):
            self.reading.findings.add(path, "LS605", "this rule gives no points whatever it sees")


def _kind(spec: RuleSpec) -> str | None:
    """What a rule is, by the keys it has; None when they make no sense together."""
    plain, on_field = isinstance(spec.points, int), spec.field is not None
    keyed = {
        "event": spec.event is not None,
        "value": isinstance(spec.points, dict),
        "bands": spec.bands is not None,
        "each": spec.each is not None,
    }
    match [kind for kind, there in keyed.items() if there]:
        case []:
            return "flat" if plain and not on_field and spec.when is not None else None
        case ["event"]:
            return "event" if plain and not on_field else None
        case [kind]:
            return kind if on_field and not plain else None
        case _:
            return None


def _plain(spec: RuleSpec) -> int:
    return spec.points if isinstance(spec.points, int) else 0


def _table(spec: RuleSpec) -> tuple[int, ...] | None:
    """What a touch is worth by its age; None when it never fades."""
    if spec.half_life_days is not None:
        return decay.half_life(_plain(spec), spec.half_life_days, spec.window_days)
    if spec.fade_days is not None:
        return decay.linear(_plain(spec), spec.fade_days, spec.window_days)
    return None if spec.window_days is None else decay.constant(_plain(spec), spec.window_days)
