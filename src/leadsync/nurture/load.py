"""Reading the nurture file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field

from leadsync.mapping.toml import parse, validate
from leadsync.nurture.advice import CONTACTING, NAMES
from leadsync.nurture.model import Advise, Cap, Do, NurtureRules, Pace, Phase, Quiet, TaskRule, Track
from leadsync.nurture.tasks import ASKED
from leadsync.qualify.load import results_of
from leadsync.qualify.model import Stages
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.gates import Reading, condition, keys
from leadsync.rulefiles.governance import Policy
from leadsync.rulefiles.tables import Name, OneOrMore, Table
from leadsync.score.load import Vocabulary
from leadsync.score.model import ScoringModel

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CANNOT_STALL = frozenset((Phase.NEW, Phase.STALLED, Phase.DORMANT, Phase.LOST, Phase.CUSTOMER))
Days = Annotated[int, Field(gt=0)]


class PaceSpec(Table):
    """[pace]"""

    engaged: Days = 60
    dormant: Days = 180
    stalled: dict[Phase, Days] = Field(default_factory=dict)


class CapSpec(Table):
    """[[cap]]"""

    channel: str
    most: Annotated[int, Field(gt=0)]
    days: Days
    account: bool = False


class QuietSpec(Table):
    """[quiet]; from and to are times of day, as TOML writes them."""

    from_: Annotated[time | None, Field(alias="from")] = None
    to: time | None = None
    weekdays: list[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]] = Field(
        default_factory=list
    )
    dates: list[date] = Field(default_factory=list)
    utc_offset: Annotated[float, Field(ge=-12, le=14)] = 0.0


class AdviseSpec(Table):
    """[[advise]]"""

    id: Name
    do: Do
    reason: str
    when: str
    channel: str = ""
    track: str = ""
    cool_down_days: Annotated[int, Field(ge=0)] = 0


class TaskSpec(Table):
    """[[task]]: on which side, for what advice, such as on = "salesforce", do = ["call"]."""

    on: str
    do: Annotated[list[Do], Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1, max_length=200)] = "{action}: {reason}"
    due_days: Annotated[int, Field(ge=0, le=365)] = 1
    priority: str = "Normal"


class TrackSpec(Table):
    """[[track]]: where those advised it are put, such as on = { hubspot = "12", salesforce = "701…" }."""

    name: str
    on: Annotated[dict[str, str], Field(min_length=1)]


class NurtureSpec(Table):
    """A nurture file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    qualified: str = "mql"
    customer: OneOrMore = Field(default_factory=lambda: ["customer"])
    lost: dict[str, OneOrMore] = Field(default_factory=dict)
    basis_needed: list[str] = Field(default_factory=list)
    held_out: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    salt: str = ""
    pace: PaceSpec = PaceSpec()
    cap: list[CapSpec] = Field(default_factory=list)
    quiet: QuietSpec = QuietSpec()
    advise: list[AdviseSpec] = Field(default_factory=list)
    track: list[TrackSpec] = Field(default_factory=list)
    task: list[TaskSpec] = Field(default_factory=list)


def load_nurture(
    text: str,
    file: str,
    stages: Stages,
    models: Sequence[ScoringModel] = (),
    vocabulary: Vocabulary | None = None,
    sides: Collection[str] | None = None,
) -> NurtureRules:
    """Read a nurture file; raises Problems that name everything wrong with it, each with file and line.

    `sides`: the names of the configured CRMs, where they are known.
    """
    vocabulary = vocabulary or Vocabulary()
    document = parse(text, file)
    spec = validate(NurtureSpec, document)
    findings = Findings(document)
    findings.unique("advise", [some.id for some in spec.advise])
    results = {*results_of(models), *NAMES}
    reading = Reading(findings, vocabulary.fields, Policy(aliases=vocabulary.aliases), results)
    _stages(spec, findings, [stage.id for stage in stages.ladder])
    for name in spec.lost:
        reading.allowed(("lost", name), name)
    advice = [_advise(index, some, reading) for index, some in enumerate(spec.advise)]
    quiet = _quiet(spec.quiet, findings)
    _tracks(spec, findings, sides)
    _tasks(spec, findings, sides)
    findings.settle()
    return NurtureRules(
        Pace(spec.pace.engaged, spec.pace.stalled, spec.pace.dormant),
        tuple(rule for rule in advice if rule is not None),
        spec.qualified,
        frozenset(spec.customer),
        {name: keys(list(values)) for name, values in spec.lost.items()},
        tuple(Cap(some.channel, some.most, some.days, some.account) for some in spec.cap),
        quiet,
        frozenset(spec.basis_needed),
        spec.held_out,
        spec.salt,
        tuple(Track(some.name, dict(some.on)) for some in spec.track),
        tuple(TaskRule(t.on, frozenset(t.do), t.subject, t.due_days, t.priority) for t in spec.task),
    )


def _tasks(spec: NurtureSpec, findings: Findings, sides: Collection[str] | None) -> None:
    taken: set[tuple[str, Do]] = set()
    for index, some in enumerate(spec.task):
        if sides is not None:
            findings.known(("task", index, "on"), some.on, sides, "side")
        for number, do in enumerate(some.do):
            if do not in ASKED:
                text = f'nobody can be asked to "{do.value}": {", ".join(asked.value for asked in ASKED)}'
                findings.add(("task", index, "do", number), "LS609", text)
            if (some.on, do) in taken:
                findings.add(("task", index, "do", number), "LS601", f"{some.on} has a task for {do.value} already")
            taken.add((some.on, do))


def _tracks(spec: NurtureSpec, findings: Findings, sides: Collection[str] | None) -> None:
    advised = {rule.track for rule in spec.advise if rule.track}
    taken: set[tuple[str, str]] = set()
    for index, some in enumerate(spec.track):
        findings.known(("track", index, "name"), some.name, advised, "track that a rule advises")
        for side, group in some.on.items():
            if sides is not None:
                findings.known(("track", index, "on", side), side, sides, "side")
            if (side, group) in taken:
                findings.add(("track", index, "on", side), "LS601", f"{side} {group} is another track's already")
            taken.add((side, group))


def _stages(spec: NurtureSpec, findings: Findings, names: Collection[str]) -> None:
    findings.known(("qualified",), spec.qualified, names, "stage")
    for stage in spec.customer:
        findings.known(("customer",), stage, names, "stage")
    for phase, days in spec.pace.stalled.items():
        if phase in CANNOT_STALL:
            findings.add(("pace", "stalled", phase.value), "LS605", f"a lead that is {phase.value} cannot stall")
        if days >= spec.pace.dormant:
            findings.add(("pace", "stalled", phase.value), "LS606", "a lead stalls before it is dormant, not after")


def _advise(index: int, spec: AdviseSpec, reading: Reading) -> Advise | None:
    path = ("advise", index)
    made = condition((*path, "when"), spec.when, reading)
    if spec.do in CONTACTING and not spec.channel:
        message = f'"{spec.id}" contacts people and needs a channel, for caps and quiet times'
        reading.findings.add(path, "LS609", message)
    if made is None:
        return None
    return Advise(spec.id, spec.do, spec.reason, made, spec.channel, spec.track, spec.cool_down_days)


def _quiet(spec: QuietSpec, findings: Findings) -> Quiet:
    if (spec.from_ is None) != (spec.to is None):
        findings.add(("quiet",), "LS609", "quiet hours need both from and to")
    if len(set(spec.weekdays)) == len(WEEKDAYS):
        findings.add(("quiet", "weekdays"), "LS605", "with every weekday quiet nobody would ever be contacted")
    weekdays = frozenset(WEEKDAYS.index(day) for day in spec.weekdays)
    return Quiet(spec.from_, spec.to, weekdays, frozenset(spec.dates), spec.utc_offset)
