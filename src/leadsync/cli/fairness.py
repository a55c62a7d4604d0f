"""`leadsync audit fairness` and `leadsync audit incentives`: who is selected, and whether money can steer a score."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import click

from leadsync.cli.common import Exit, config_option, console, output_option, read_config, say_json
from leadsync.cli.history import table
from leadsync.cli.inspect import NotFound
from leadsync.cli.known import NothingKnown, known
from leadsync.cli.plans import audit
from leadsync.cli.scoring import html_option
from leadsync.errors import Misconfigured
from leadsync.learn.proxies import STRONG, Proxies, proxies
from leadsync.normalize import person
from leadsync.qualify import Owner, StageState, qualify
from leadsync.records import Fields, Value, is_blank, value_text
from leadsync.reports.page import Page
from leadsync.reports.svg import bars
from leadsync.rulefiles.governance import COMPENSATION, Policy, objection
from leadsync.rules import Rulebook
from leadsync.score import Score, in_points, score
from leadsync.score.audit import FOUR_FIFTHS, GroupRate, selection, steered
from leadsync.score.rules import SOURCE_FIELDS
from leadsync.sync import Judged, look

DEALS: Final = 5
"""How often the values of commercial fields are dealt out anew."""


# ---- fairness


@audit.command()
@config_option
@output_option
@html_option
@click.option("--groups", type=click.Path(dir_okay=False, path_type=Path), help="CSV with the columns lead and group.")
@click.option("--by", default="", metavar="FACT", help="Instead: a fact of the leads, such as country.")
@click.option("--stage", default="", help="Who reached this stage is selected; by default the stage that converts.")
@click.option("--top", type=click.FloatRange(0, 100, min_open=True), help="Instead: the best so many per cent.")
def fairness(config_path: Path, output: str, html: Path | None, groups: Path | None, by: str, **how: Any) -> int:
    """Measure who is selected: the rate of each group against the most selected one (below four fifths is a sign of
    adverse impact), the same among those who converted, and how well the facts that score tell the group (leaving an
    attribute out does not make a model blind to it).

    The groups come from a file (lead as e-mail or id), which is read and not kept: a protected attribute is never among
    the facts. Nothing is changed: this reports.
    """
    if (groups is None) == (by == ""):
        raise click.UsageError("give either --groups FILE or --by FACT")
    with known(read_config(config_path, offline=True)) as world:
        view = look(world)
        told_groups = {j.lead.uid: value_text(j.lead.facts.get(by)) for j in view.leads}
        if groups is not None:
            find = _lead_named(view.leads)
            told_groups = {find(lead): group for lead, group in read_groups(groups)}
        found = Fairness.of(view.leads, told_groups, world.rules, **how)
    if html is not None:
        found.page().save(html)
    if output == "json":
        say_json(found.json())
    else:
        found.text()
    return Exit.PENDING if any(rate.below for rate in found.rates) else Exit.DONE


def read_groups(path: Path) -> Iterator[tuple[str, str]]:
    """(lead, group) of a CSV file. Raises Misconfigured where it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames is None or not {"lead", "group"} <= set(reader.fieldnames):
                raise Misconfigured(f"{path}:1: needs the columns lead and group.")
            yield from ((row["lead"], row["group"]) for row in reader)
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot read it: {problem.strerror}.") from None


def _lead_named(leads: Sequence[Judged]) -> Callable[[str], str]:
    """Finds the lead that an e-mail, a record ("hubspot/contacts/51") or a leadsync id means."""
    known_as: dict[str, str] = {}
    for judged in leads:
        refs = (str(source.record.ref) for source in judged.lead.party.sources)
        for name in (judged.lead.uid, *refs, person.email(value_text(judged.lead.facts.get("email")))):
            known_as[name] = judged.lead.uid

    def find(text: str) -> str:
        uid = known_as.get(text) or known_as.get(person.email(text))
        if not text or uid is None:
            raise NotFound(f"{text}: no lead is known by this e-mail, record or id.")
        return uid

    return find


@dataclass(frozen=True, slots=True)
class Fairness:
    """What was measured. `unknown`: scored leads without a group."""

    rates: tuple[GroupRate, ...]
    proxies: tuple[Proxies, ...]
    selected: str
    unknown: int

    @classmethod
    def of(
        cls, leads: Sequence[Judged], groups: Mapping[str, str], rules: Rulebook, stage: str, top: float | None
    ) -> Fairness:
        """Measure. Leads that may not be scored are left out, for nobody selects among them."""
        scored = [judged for judged in leads if not judged.score.excluded]
        some = [judged for judged in scored if groups.get(judged.lead.uid)]
        if not some:
            raise NothingKnown("no scored lead has a group: there is nothing to measure.")
        names = [groups[judged.lead.uid] for judged in some]
        chosen, words = _selected(some, rules, stage, top)
        if not any(chosen):
            raise NothingKnown(
                f"nobody is selected ({words}): --stage names another stage, --top the best so many per cent."
            )
        sales = {s.id for s in rules.stages.ladder if s.owner is Owner.SALES}
        won = [any(name in sales for name, _at in judged.stage.reached) for judged in some]
        facts = [judged.lead.facts for judged in some]
        fields = frozenset().union(*(model.fields() for model in rules.models))
        told = (proxies(group, names, facts, fields) for group in sorted(set(names)))
        return cls(tuple(selection(names, chosen, won)), tuple(p for p in told if p), words, len(scored) - len(some))

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "schema": 1, "selected": self.selected, "without_group": self.unknown,
            "groups": [{"group": r.group, "leads": r.leads, "rate": r.rate, "ratio": r.ratio,
                        "rate_of_converters": r.rate_of_converters, "judged": r.judged, "below_four_fifths": r.below}
                       for r in self.rates],
            "proxies": [{"group": p.group, "auc": p.together, "fields": dict(p.alone)} for p in self.proxies],
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        told = [f"Selected: {self.selected}. {self.unknown:,} scored leads have no known group."]
        below = [rate.group for rate in self.rates if rate.below]
        told.append(
            f"Selected at less than {FOUR_FIFTHS:.0%} of the highest rate: {', '.join(below)}."
            if below else "No group that is large enough to be judged is selected at less than four fifths of another."
        )  # fmt: skip
        for some in self.proxies:
            strong = [name for name, value in some.alone if value >= STRONG]
            if some.together >= STRONG:
                told.append(
                    f"What is scored tells who is {some.group} (AUC {some.together:.2f})"
                    + (f", above all {', '.join(strong[:3])}." if strong else ".")
                )
        return told

    def rows(self) -> list[list[str]]:
        """The groups as rows."""
        return [
            [r.group, f"{r.leads:,}", f"{r.rate:.1%}", f"{r.ratio:.2f}",
             "" if r.rate_of_converters is None else f"{r.rate_of_converters:.1%}",
             "too few to judge" if not r.judged else "below four fifths" if r.below else ""] for r in self.rates
        ]  # fmt: skip

    def stand_ins(self) -> list[list[str]]:
        """How well what is scored tells each group, as rows."""
        return [
            [p.group, f"{p.together:.2f}", ", ".join(f"{name} {value:.2f}" for name, value in p.alone[:3])]
            for p in self.proxies
        ]

    def text(self) -> None:
        """For people."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        out.print(table("Groups", GROUPS, self.rows()))
        if self.proxies:
            out.print(table(STAND_INS, PROXIES, self.stand_ins()))

    def page(self) -> Page:
        """As a page."""
        page = Page("Fairness of the scores")
        for line in self.sentences():
            page.say(line)
        page.svg(bars("Share selected, by group", [(r.group, r.rate * 100) for r in self.rates]))
        page.table(GROUPS, self.rows(), right=(1, 2, 3, 4))
        if self.proxies:
            page.heading(STAND_INS).table(PROXIES, self.stand_ins(), right=(1,))
        return page


STAND_INS = "How well what is scored tells the group (AUC: 0.5 not at all, 1 always)"
PROXIES = ("group", "together", "best alone")
GROUPS = ("group", "leads", "selected", "to the highest", "of converters", "")


def _selected(leads: Sequence[Judged], rules: Rulebook, stage: str, top: float | None) -> tuple[list[bool], str]:
    if top is not None:
        ranked = sorted((judged.score.centi for judged in leads), reverse=True)
        least = ranked[max(0, round(len(ranked) * top / 100) - 1)]
        chosen = [judged.score.centi >= least for judged in leads]
        with_ties = f"{in_points(least):g} points or more, {fmean(chosen):.0%} of the leads"
        return chosen, f"the best {top:g} % of scores ({with_ties})"
    wanted = stage or rules.attribution.conversion_stage
    if rules.stages.rank(wanted) < 0:
        raise Misconfigured(f'there is no stage "{wanted}": {", ".join(s.id for s in rules.stages.ladder)}')
    return [rules.stages.at_least(judged.stage.stage, wanted) for judged in leads], f"stage {wanted} or above"


# ---- incentives


@audit.command()
@config_option
@output_option
@click.option("--field", "more", multiple=True, metavar="FACT", help="Further facts that say what a source pays.")
def incentives(config_path: Path, output: str, more: tuple[str, ...]) -> int:
    """Prove that what a source pays or costs steers no score and no stage: the values of commercial fields, and the
    costs in attribution.toml, are dealt out anew among all leads, and every score and stage must be the same to the
    last bit. Also tells which rules look at where a lead came from, and the mean score of each source.
    """
    with known(read_config(config_path, offline=True)) as world:
        view = look(world)
        fields = commercial_fields(view.leads, world.rules, more)
        moved = steering(view.leads, world.rules, fields)
        costs = look(replace(world, rules=_other_costs(world.rules)))
    after = {j.lead.uid: (j.score, j.stage.stage) for j in costs.leads}
    moved |= {j.lead.uid for j in view.leads if after[j.lead.uid] != (j.score, j.stage.stage)}
    told = {
        "schema": 1, "leads": len(view.leads), "fields": list(fields), "moved": sorted(moved),
        "source_rules": source_rules(world.rules), "by_source": by_source(view.leads),
    }  # fmt: skip
    if output == "json":
        say_json(told)
    else:
        _tell(told)
    return Exit.ERROR if moved else Exit.DONE


def commercial_fields(leads: Sequence[Judged], rules: Rulebook, more: Sequence[str]) -> tuple[str, ...]:
    """The fields that say what a source pays: declared in a model, named on the command line, or named so."""
    declared = {name for model in rules.models for name in model.commercial}
    present = {name for judged in leads for name in judged.lead.facts}
    named = {name for name in present if "is commercial" in (objection(name, Policy()) or "")}
    return tuple(sorted({*declared, *more, *named, *COMPENSATION}))


def steering(leads: Sequence[Judged], rules: Rulebook, fields: Sequence[str], seed: int = 0) -> set[str]:
    """The leads whose score or stage moves when commercial values are dealt out anew. A field that nobody has a value
    for is given one first, so that the proof is not empty."""
    chance = random.Random(seed)  # noqa: S311 - a permutation, not a secret
    by_uid = {judged.lead.uid: judged for judged in leads}
    paid: dict[str, dict[str, Value]] = {
        uid: {**{name: chance.randint(0, 10_000) for name in fields}, **judged.lead.facts}
        for uid, judged in by_uid.items()
    }

    def judged_as(uid: str, facts: Fields) -> tuple[Score, str]:
        lead = by_uid[uid]
        found = score(facts, lead.lead.touchpoints, rules.scoring(facts), lead.score.as_of)
        return found, _stage(found, facts, rules, lead).stage

    return {uid for deal in range(DEALS) for uid in steered(paid, fields, judged_as, seed + deal)}


def _stage(found: Score, facts: Fields, rules: Rulebook, judged: Judged) -> StageState:
    return qualify(found, facts, rules.stages, judged.stage, judged.score.as_of)


def _other_costs(rules: Rulebook) -> Rulebook:
    """The same rules with the costs of channels dealt out anew."""
    made_up = {channel: 100.0 * i for i, channel in enumerate(sorted(rules.touches.channels()))}
    costs = rules.attribution.costs or made_up
    dealt = dict(zip(costs, [*list(costs.values())[1:], *list(costs.values())[:1]], strict=True))
    return replace(rules, attribution=replace(rules.attribution, costs=dealt))


def source_rules(rules: Rulebook) -> list[dict[str, str]]:
    """Rules on where a lead came from, with the reason the file gives."""
    return [
        {"model": model.id, "rule": rule.id, "why": rule.why}
        for model in rules.models for rule in model.rules
        if getattr(rule.test, "field", "") in SOURCE_FIELDS
        or (rule.when is not None and rule.when.names & set(SOURCE_FIELDS))
    ]  # fmt: skip


def by_source(leads: Sequence[Judged]) -> list[dict[str, Any]]:
    """The mean score by source, the highest first."""
    found: dict[str, list[float]] = defaultdict(list)
    for judged in leads:
        source = judged.lead.facts.get("lead_source")
        if judged.score.total is not None:
            found["(unknown)" if is_blank(source) else value_text(source)].append(float(judged.score.total))
    rows = ({"source": name, "leads": len(some), "mean_score": round(fmean(some), 2)} for name, some in found.items())
    return sorted(rows, key=lambda row: (-float(str(row["mean_score"])), str(row["source"])))


def _tell(told: Mapping[str, Any]) -> None:
    out = console()
    if told["moved"]:
        out.print(f"{len(told['moved']):,} of {told['leads']:,} leads are steered: {', '.join(told['moved'][:10])}")
    else:
        out.print(
            f"{told['leads']:,} leads, {DEALS} times dealt anew: every score and stage stayed as it was, bit for bit. "
            f"Commercial fields: {', '.join(told['fields'])}; and the costs of channels.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    for rule in told["source_rules"]:
        out.print(f"looks at the source: {rule['rule']} ({rule['model']}): {rule['why']}", markup=False, soft_wrap=True)
    rows = [[row["source"], f"{row['leads']:,}", f"{row['mean_score']:g}"] for row in told["by_source"]]
    out.print(table("Mean score by source", ("source", "leads", "mean score"), rows))


ALL: tuple[click.Command, ...] = ()
"""The commands hang on `audit`."""
