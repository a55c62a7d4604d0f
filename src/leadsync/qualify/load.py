"""Reading a stages file: its form by pydantic, then everything that only the whole, or the scoring model, can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leadsync.mapping.toml import parse, validate
from leadsync.qualify.model import DISQUALIFIED, SUPPRESSED, Action, Checklist, Owner, Stage, StageGate, Stages
from leadsync.qualify.screening import ListScreener, Screening, read_list
from leadsync.qualify.spec import ChecklistSpec, StageSpec, StagesSpec
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.gates import Reading, condition, gate, keys
from leadsync.rulefiles.governance import Policy
from leadsync.score.load import Vocabulary
from leadsync.score.model import ScoringModel, in_points


def load_stages(
    text: str,
    file: str,
    models: Sequence[ScoringModel] = (),
    vocabulary: Vocabulary | None = None,
    lists: Callable[[str], str] | None = None,
) -> Stages:
    """Read a stages file; raises Problems that name everything wrong with it, each with file and line.

    With the scoring models given, their groups and rules are checked too, and that each threshold can be reached.
    `lists`: gives the text of a file named by a [[screening]]; raises OSError or ValueError where it cannot.
    """
    vocabulary = vocabulary or Vocabulary()
    document = parse(text, file)
    spec = validate(StagesSpec, document)
    findings = Findings(document)
    rules = spec.governance
    policy = Policy(tuple(rules.never_score), tuple(rules.commercial), rules.about_company, vocabulary.aliases)
    reading = Reading(findings, vocabulary.fields, policy, results_of(models) if models else None)
    made = _Builder(spec, findings, reading, tuple(models), lists or _no_list).stages()
    findings.settle()
    return made


def _no_list(name: str) -> str:
    raise ValueError(f"{name}: lists are read only where a folder of mappings is")


def results_of(models: Sequence[ScoringModel]) -> frozenset[str]:
    """The names of results that conditions on a score may use."""
    groups = {f"score.{group.id}" for model in models for group in model.groups}
    rules = {f"rule.{rule.id}" for model in models for rule in model.rules}
    return frozenset({"score.total", "score.grade"} | groups | rules)


@dataclass(frozen=True, slots=True)
class _Builder:
    spec: StagesSpec
    findings: Findings
    reading: Reading
    models: tuple[ScoringModel, ...]
    lists: Callable[[str], str]

    def stages(self) -> Stages:
        self.findings.unique("gate", [some.id for some in self.spec.gate])
        self.findings.unique("screening", [some.id for some in self.spec.screening])
        ladder = tuple(self._stage(name, some) for name, some in self.spec.stage.items())
        self._order(ladder)
        checklists = {name: self._checklist(name, some) for name, some in self.spec.checklist.items()}
        return Stages(ladder, self._gates(), checklists, self._screenings())

    def _stage(self, name: str, spec: StageSpec) -> Stage:
        path = ("stage", name)
        if name in {DISQUALIFIED, SUPPRESSED}:
            self.findings.add(path, "LS601", f'"{name}" is a side state that always exists: choose another name')
        leave = spec.enter if spec.leave is None else spec.leave
        if spec.enter is not None and leave is not None and leave > spec.enter:
            self.findings.add((*path, "leave"), "LS606", "leave is above enter: the lead would go in and out every day")
        self._groups(name, spec)
        self._checklists(name, spec)
        self._owned(name, spec)
        when = None if spec.when is None else condition((*path, "when"), spec.when, self.reading)
        for field in spec.set_by:
            self.reading.allowed((*path, "set_by", field), field)
        return Stage(
            name, spec.label, spec.owner, spec.enter, leave, spec.min_days, spec.require, spec.keep, spec.checklist,
            when, {field: keys(list(values)) for field, values in spec.set_by.items()}, spec.recycle_below,
            spec.answer_hours,
        )  # fmt: skip

    def _owned(self, name: str, spec: StageSpec) -> None:
        if spec.owner is Owner.SALES and not spec.set_by:
            self.findings.add(("stage", name), "LS609", "a stage of sales needs set_by: the CRM values that mean it")
        if spec.owner is Owner.LEADSYNC and (spec.set_by or spec.recycle_below is not None):
            self.findings.add(("stage", name), "LS609", 'set_by and recycle_below are for stages with owner = "sales"')

    def _groups(self, name: str, spec: StageSpec) -> None:
        """The groups a stage asks for, and whether any lead can have so much. Of several models one must have them."""
        everywhere = {group.id for model in self.models for group in model.groups}
        for key in ("require", "keep") if self.models else ():
            for group in getattr(spec, key):
                self.findings.known(("stage", name, key, group), group, everywhere, "group")
        for model in self.models:
            highest = {group.id: group.high for group in model.groups}
            best = min(model.high, sum(highest.values()))
            if spec.enter is not None and spec.enter > best:
                self._unreachable(("stage", name, "enter"), f"{model.id} gives at most {in_points(best)} points")
            for key in ("require", "keep"):
                for group, least in getattr(spec, key).items():
                    path = ("stage", name, key, group)
                    if least > highest.get(group, least):
                        self._unreachable(path, f"{model.id} limits {group} to {in_points(highest[group])}")

    def _unreachable(self, path: tuple[str, ...], reason: str) -> None:
        self.findings.add(path, "LS607", f"no lead can reach this: {reason}")

    def _checklists(self, name: str, spec: StageSpec) -> None:
        for checklist, least in spec.checklist.items():
            path = ("stage", name, "checklist", checklist)
            known = self.findings.known(path, checklist, self.spec.checklist, "checklist")
            if known and least > len(self.spec.checklist[checklist].known):
                self._unreachable(path, f"the checklist has {len(self.spec.checklist[checklist].known)} elements")

    def _checklist(self, name: str, spec: ChecklistSpec) -> Checklist:
        made = {
            element: condition(("checklist", name, "known", element), text, self.reading)
            for element, text in spec.known.items()
        }
        return Checklist(name, spec.label, {element: known for element, known in made.items() if known is not None})

    def _gates(self) -> tuple[StageGate, ...]:
        gates = []
        for index, spec in enumerate(self.spec.gate):
            for stage in spec.stages or ():
                self.findings.known(("gate", index, "stages"), stage, self.spec.stage, "stage")
            if spec.stages is not None and Action(spec.action) is not Action.HOLD:
                self.findings.add(("gate", index, "stages"), "LS609", 'stages are for gates with action = "hold"')
            made = gate(("gate", index), spec, self.reading)
            if made is not None:
                gates.append(StageGate(made, frozenset(spec.stages or ())))
        return tuple(gates)

    def _screenings(self) -> tuple[Screening, ...]:
        made = []
        for index, spec in enumerate(self.spec.screening):
            for stage in spec.stages or ():
                self.findings.known(("screening", index, "stages"), stage, self.spec.stage, "stage")
            if spec.stages is not None and Action.HOLD not in {spec.action, spec.unsure}:
                self.findings.add(("screening", index, "stages"), "LS609", "stages are for what holds leads back")
            try:
                entries = read_list(self.lists(spec.file), spec.file)
            except (OSError, ValueError) as problem:
                why = (problem.strerror or type(problem).__name__) if isinstance(problem, OSError) else str(problem)
                hint = "a CSV with a header (name, country, lei, domain, note), or JSON, beside this file"
                self.findings.add(("screening", index, "file"), "LS613", f"cannot read the list: {why}", hint)
                continue
            screener = ListScreener(entries, spec.cleared)
            blocks = frozenset(spec.stages or ())
            made.append(Screening(spec.id, spec.reason, screener, spec.action, spec.unsure, blocks))
        return tuple(made)

    def _order(self, ladder: tuple[Stage, ...]) -> None:
        if ladder[0].enter is not None or ladder[0].require or ladder[0].when is not None or ladder[0].checklists:
            self.findings.add(("stage", ladder[0].id), "LS606", "the lowest stage is where leads begin: no conditions")
        for lower, upper in pairwise(ladder):
            if lower.owner is Owner.SALES and upper.owner is Owner.LEADSYNC:
                self.findings.add(("stage", upper.id), "LS606", "the stages of sales come after all of leadsync's")
            if lower.enter is not None and upper.enter is not None and upper.enter < lower.enter:
                self.findings.add(("stage", upper.id, "enter"), "LS606", f"lower than that of {lower.id} before it")
