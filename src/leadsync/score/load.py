"""Reading a scoring model file: its form by pydantic, then everything that only the whole can tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from leadsync.mapping.positions import Path
from leadsync.mapping.problems import Problem, Problems
from leadsync.mapping.toml import parse, validate
from leadsync.records import Fields
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.gates import Gate, Reading, condition, gate
from leadsync.rulefiles.governance import Policy
from leadsync.rulefiles.tables import ExcludeSpec, GateSpec
from leadsync.score.model import Grading, Group, ScoringModel
from leadsync.score.rules import build_rules
from leadsync.score.spec import GroupSpec, ModelSpec
from leadsync.traits.facts import FACTS


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a file may use: facts, events (None: not known here), and the fields' names and labels in the CRMs."""

    fields: Collection[str] = frozenset(FACTS)
    events: Collection[str] | None = None
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


def load_model(text: str, file: str, vocabulary: Vocabulary | None = None) -> ScoringModel:
    """Read a scoring model; raises Problems that name everything wrong with it, each with file and line.

    A file may add names of its own to the vocabulary ([facts], [events]), each with what it means.
    """
    vocabulary = vocabulary or Vocabulary()
    document = parse(text, file)
    spec = validate(ModelSpec, document)
    findings = Findings(document)
    rules = spec.governance
    policy = Policy(tuple(rules.never_score), tuple(rules.commercial), rules.about_company, vocabulary.aliases)
    fields = {*vocabulary.fields, *spec.facts}
    events = None if vocabulary.events is None else {*vocabulary.events, *spec.events}
    model = _Builder(spec, findings, Reading(findings, fields, policy), events).model()
    findings.settle()
    return model


def load_models(texts: Mapping[str, str], vocabulary: Vocabulary | None = None) -> tuple[ScoringModel, ...]:
    """Several model files (name → text) in the order in which they are offered a lead; raises Problems of all."""
    models: list[ScoringModel] = []
    problems: list[Problem] = []
    for file, text in texts.items():
        try:
            models.append(load_model(text, file, vocabulary))
        except Problems as found:
            problems += found.problems
    if problems:
        raise Problems(problems)
    return in_order(models)


def in_order(models: Sequence[ScoringModel]) -> tuple[ScoringModel, ...]:
    """The models in the order in which they are offered a lead: by [select] order, the one without [select] last."""
    return tuple(sorted(models, key=lambda model: (model.select is None, model.order, model.id)))


def at_odds(models: Sequence[ScoringModel], folder: str) -> list[Problem]:
    """What is wrong with several models of a folder together: two of one name, or not one that takes all leads."""
    found = []
    for number, model in enumerate(models):
        if any(other.id == model.id for other in models[:number]):
            text = f'two scoring models have the id "{model.id}": a score could not be told from another.'
            found.append(Problem(folder, 0, 0, "LS601", text))
    everybody = [model.id for model in models if model.select is None]
    if not everybody:
        hint = "one of them, usually scoring.toml, has no [select]: it takes the leads that the others leave"
        found.append(Problem(folder, 0, 0, "LS609", "no model takes every lead.", hint))
    if len(everybody) > 1:
        text = f"{' and '.join(everybody)} each take every lead."
        found.append(Problem(folder, 0, 0, "LS609", text, "all but one need a [select] with when"))
    return found


def choose(models: Sequence[ScoringModel], facts: Fields) -> ScoringModel:
    """The model of a lead: the first whose [select] holds; one without [select] takes everybody.

    Raises LookupError when none takes the lead.
    """
    for model in models:
        if model.select is None or model.select.holds(facts):
            return model
    raise LookupError("no scoring model takes this lead: one model file must have no [select]")


@dataclass(frozen=True, slots=True)
class _Builder:
    """The model of a spec; what is wrong is noted in `findings`."""

    spec: ModelSpec
    findings: Findings
    reading: Reading
    events: Collection[str] | None

    def model(self) -> ScoringModel:
        spec = self.spec
        self.findings.unique("rule", [rule.id for rule in spec.rule])
        self.findings.unique("gate", [some.id for some in spec.gate])
        self.findings.unique("exclude", [some.id for some in spec.exclude])
        for name in spec.stage:
            self.findings.add(("stage", name), "LS609", "stages are said in stages.toml", "move this table there")
        low, high = self._span(("score_range",), spec.score_range)
        select = None if spec.select is None else condition(("select", "when"), spec.select.when, self.reading)
        return ScoringModel(
            id=spec.id,
            label=spec.label or spec.id,
            groups=tuple(self._group(name, some) for name, some in spec.group.items()),
            rules=build_rules(spec, self.reading, self.events),
            low=low,
            high=high,
            step=spec.step,
            grading=tuple(filter(None, (self._grading(name, steps) for name, steps in spec.grade.items()))),
            gates=self._gates("gate"),
            exclusions=self._gates("exclude"),
            never_score=frozenset(spec.governance.never_score),
            commercial=frozenset(spec.governance.commercial),
            order=0 if spec.select is None else spec.select.order,
            select=select,
        )

    def _span(self, path: Path, limits: tuple[int, int]) -> tuple[int, int]:
        if limits[0] > limits[1]:
            self.findings.add(path, "LS606", "the lower limit is above the upper one")
        return limits

    def _group(self, name: str, spec: GroupSpec) -> Group:
        return Group(name, spec.label, *self._span(("group", name, "limits"), spec.limits))

    def _gates(self, table: str) -> tuple[Gate, ...]:
        specs: Sequence[GateSpec | ExcludeSpec] = self.spec.gate if table == "gate" else self.spec.exclude
        made = [gate((table, i), some, self.reading) for i, some in enumerate(specs)]
        for i, some in enumerate(self.spec.gate if table == "gate" else ()):
            if some.stages is not None:
                self.findings.add((table, i, "stages"), "LS609", "which stages a gate blocks is said in stages.toml")
        return tuple(some for some in made if some is not None)

    def _grading(self, group: str, steps: Mapping[str, int]) -> Grading | None:
        if not self.findings.known(("grade", group), group, self.spec.group, "group"):
            return None
        if any(higher <= lower for higher, lower in pairwise(steps.values())):
            self.findings.add(("grade", group), "LS606", "a grade's thresholds fall from the best to the last")
        rest = chr(ord(list(steps)[-1][-1]) + 1) if steps else "-"
        return Grading(group, tuple(steps.items()), rest)
