"""`leadsync audit incentives`: whether money can steer a score, and what sources are paid beside what they score."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from leadsync.cli.common import Exit, config_option, console, output_option, progress, read_config, say_json
from leadsync.cli.history import table
from leadsync.cli.known import known
from leadsync.cli.plans import audit
from leadsync.cli.tables import columns_of
from leadsync.errors import Misconfigured
from leadsync.learn.paid import Paid, along, paid
from leadsync.qualify import StageState, qualify
from leadsync.records import Fields, Value, is_blank, value_text
from leadsync.rulefiles.governance import COMPENSATION, Policy, objection
from leadsync.rulefiles.numbers import number
from leadsync.rules import Rulebook
from leadsync.score import Score, score
from leadsync.score.audit import steered
from leadsync.score.rules import SOURCE_FIELDS
from leadsync.sync import Judged, World, look

DEALS: Final = 5
"""How often the values of commercial fields are dealt out anew."""
FEE: Final = "fee"
"""What the file of --fees says of a source."""
UNKNOWN: Final = "(unknown)"


@audit.command()
@config_option
@output_option
@click.option("--field", "more", multiple=True, metavar="FACT", help="Further facts that say what a source pays.")
@click.option("--fees", type=click.Path(dir_okay=False, path_type=Path),
              help="CSV with the columns source and fee: what each source is paid, where no CRM says it.")  # fmt: skip
def incentives(config_path: Path, output: str, more: tuple[str, ...], fees: Path | None) -> int:
    """Prove that what a source pays or costs steers no score and no stage: the values of commercial fields, and the
    costs in attribution.toml, are dealt out anew among all leads, and every score and stage must be the same to the
    last bit. Also tells which rules look at where a lead came from, and what each source is paid or costs beside the
    mean score of its leads.

    Exit code 1 when a lead is steered.
    """
    given = read_fees(fees) if fees is not None else {}
    with progress(show=True) as bar, known(read_config(config_path, offline=True), bar=bar) as world:
        found = Incentives.of(world, more, given)
    if output == "json":
        say_json(found.json())
    else:
        found.text()
    return Exit.ERROR if found.moved else Exit.DONE


def read_fees(path: Path) -> dict[str, float]:
    """Source → fee of a CSV file. Raises Misconfigured where it cannot be read, with the line."""
    found: dict[str, float] = {}
    for line, (source, text) in columns_of(path, "source", "fee"):
        fee = number(text)
        if fee is None:
            raise Misconfigured(f'{path}:{line}: column fee: "{text[:40]}" is no amount.')
        found[source.strip().casefold()] = float(fee)
    return found


@dataclass(frozen=True, slots=True)
class Incentives:
    """What was found. `moved`: leads that are steered; `fields`: whose values were dealt out anew."""

    leads: int
    fields: tuple[str, ...]
    moved: tuple[str, ...]
    source_rules: tuple[Mapping[str, str], ...]
    sources: tuple[Paid, ...]

    @classmethod
    def of(cls, world: World, more: Sequence[str], fees: Mapping[str, float]) -> Incentives:
        """Deal out anew, and compare."""
        view = look(world)
        fields = commercial_fields(view.leads, world.rules, more)
        world.progress.step("deal out anew what sources pay", DEALS)
        moved = steering(view.leads, world.rules, fields, world)
        costs = look(replace(world, rules=_other_costs(world.rules)))
        after = {j.lead.uid: (j.score, j.stage.stage) for j in costs.leads}
        moved |= {j.lead.uid for j in view.leads if after[j.lead.uid] != (j.score, j.stage.stage)}
        scored = [(source_of(j), float(j.score.total), j) for j in view.leads if j.score.total is not None]
        rows = paid(
            ((source, points, _with_fee(j.lead.facts, fees.get(source.casefold()))) for source, points, j in scored),
            [*fields, *([FEE] if fees else [])], world.rules.attribution.costs,
        )  # fmt: skip
        return cls(len(view.leads), fields, tuple(sorted(moved)), tuple(source_rules(world.rules)), tuple(rows))

    @property
    def paid_by(self) -> list[str]:
        """The ways of being paid that something is known of."""
        return list(dict.fromkeys(name for row in self.sources for name in row.fees))

    def json(self) -> dict[str, Any]:
        """For machines."""
        rows = [
            {"source": row.source, "leads": row.leads, "mean_score": round(row.score, 2),
             "paid": {name: round(fee, 2) for name, fee in row.fees.items()}, "cost": row.cost}
            for row in self.sources
        ]  # fmt: skip
        return {
            "schema": 1, "leads": self.leads, "fields": list(self.fields), "moved": list(self.moved),
            "source_rules": [dict(rule) for rule in self.source_rules], "by_source": rows,
            "goes_along": {name: {"rank_correlation": round(value, 3), "sources": count}
                           for name, (value, count) in along(self.sources).items()},
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """What the table does not say."""
        if self.moved:
            told = [f"{len(self.moved):,} of {self.leads:,} leads are steered: {', '.join(self.moved[:10])}"]
        else:
            told = [
                f"{self.leads:,} leads, {DEALS} times dealt anew: every score and stage stayed as it was, bit for bit. "
                f"Commercial fields: {', '.join(self.fields)}; and the costs of channels."
            ]
        told += [f"looks at the source: {r['rule']} ({r['model']}): {r['why']}" for r in self.source_rules]
        return told

    def text(self) -> None:
        """For people."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        names = self.paid_by
        costed = any(row.cost is not None for row in self.sources)
        head = ["source", "leads", "mean score", *names, *(["cost"] if costed else [])]
        rows = [
            [row.source, f"{row.leads:,}", f"{row.score:.1f}", *(_money(row.fees.get(name)) for name in names),
             *([_money(row.cost)] if costed else [])] for row in self.sources
        ]  # fmt: skip
        out.print(table("By source", head, rows))
        for line in self.beside():
            out.print(line, markup=False, soft_wrap=True)

    def beside(self) -> list[str]:
        """How being paid goes along with scoring, or what is missing to see it."""
        if not self.paid_by and all(row.cost is None for row in self.sources):
            return ["What sources are paid is not known: give --fees FILE, or name the fact that says it with --field."]
        return [
            f"Order of sources by {name} and by mean score: rank correlation {value:+.2f} over {count} sources. "
            "The scores do not look at it; this is what the leads of these sources are like."
            for name, (value, count) in along(self.sources).items() if not self.moved
        ]  # fmt: skip


def source_of(judged: Judged) -> str:
    """Where a lead came from, in words."""
    source = judged.lead.facts.get("lead_source")
    return UNKNOWN if is_blank(source) else value_text(source)


def _with_fee(facts: Fields, fee: float | None) -> Fields:
    return facts if fee is None else {**facts, FEE: fee}


def _money(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def commercial_fields(leads: Sequence[Judged], rules: Rulebook, more: Sequence[str]) -> tuple[str, ...]:
    """The fields that say what a source pays: declared in a model, named on the command line, or named so."""
    declared = {name for model in rules.models for name in model.commercial}
    present = {name for judged in leads for name in judged.lead.facts}
    named = {name for name in present if "is commercial" in (objection(name, Policy()) or "")}
    return tuple(sorted({*declared, *more, *named, *COMPENSATION}))


def steering(
    leads: Sequence[Judged], rules: Rulebook, fields: Sequence[str], world: World | None = None, seed: int = 0
) -> set[str]:
    """The leads whose score or stage moves when commercial values are dealt out anew. A field that nobody has a value
    for is given one first, so that the proof is not empty."""
    chance = random.Random(seed)  # noqa: S311 - a permutation, not a secret
    by_uid = {judged.lead.uid: judged for judged in leads}
    made_up: dict[str, dict[str, Value]] = {
        uid: {**{name: chance.randint(0, 10_000) for name in fields}, **judged.lead.facts}
        for uid, judged in by_uid.items()
    }

    def judged_as(uid: str, facts: Fields) -> tuple[Score, str]:
        lead = by_uid[uid]
        found = score(facts, lead.lead.touchpoints, rules.scoring(facts), lead.score.as_of)
        return found, _stage(found, facts, rules, lead).stage

    moved: set[str] = set()
    for deal in range(DEALS):
        moved |= set(steered(made_up, fields, judged_as, seed + deal))
        if world is not None:
            world.progress.advance()
    return moved


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


ALL: tuple[click.Command, ...] = ()
"""The command hangs on `audit`."""
