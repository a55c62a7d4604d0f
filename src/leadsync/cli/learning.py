"""`leadsync backtest` and `leadsync learn`: how well scores told the outcome, and which points the history suggests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from leadsync.cli.common import Exit, F, config_option, console, output_option, read_config, say_json
from leadsync.cli.known import NothingKnown, known
from leadsync.cli.scoring import html_option
from leadsync.config import Config
from leadsync.errors import Misconfigured
from leadsync.files import model_files
from leadsync.learn import Cohort, Proposal, cohort, lacking, outcome_of, propose
from leadsync.learn.drift import Drift, drift
from leadsync.learn.enough import lacking_to_compare
from leadsync.learn.measure import Quality
from leadsync.learn.proposal import Source
from leadsync.reports.page import Page
from leadsync.reports.svg import Line, bars, lines
from leadsync.rulefiles.governance import Policy
from leadsync.rules import Rulebook
from leadsync.score import ScoringModel, Vocabulary, load_model, score
from leadsync.score.backtest import CHANCE, Backtest, backtest
from leadsync.sync import look


def history_options(command: F) -> F:
    """--horizon, --outcome, --model."""
    horizon = click.option(
        "--horizon", default=90, show_default=True, metavar="DAYS", help="Converted within so many days counts."
    )
    outcome = click.option(
        "--outcome", default="", metavar="STAGE", help="The stage of sales that counts; by default the lowest."
    )
    model = click.option("--model", "model_id", default="", help="One of several scoring models, by id.")
    return horizon(outcome(model(command)))


@dataclass(frozen=True, slots=True)
class History:
    """The examples of one model's leads."""

    cohort: Cohort
    model: ScoringModel
    stage: str
    outcome_facts: frozenset[str]
    file: str
    """The model's file, as a path in the mappings folder."""
    vocabulary: Vocabulary


def history_of(config: Config, horizon: int, outcome: str, model_id: str) -> History:
    """Gather it from the state. Leads that may not be scored are left out, also those who objected only later."""
    with known(config) as world:
        rules, view = world.rules, look(world)
        stage, reached, telling = outcome_of(rules.stages, outcome)
        model = _model(rules, model_id)
        touches = {judged.lead.uid: judged.lead.touchpoints for judged in view.leads}
        objected = {judged.lead.uid for judged in view.leads if judged.score.excluded}
        rows = (row for row in world.store.snapshots.all() if row[0] in touches and row[0] not in objected)
        some = cohort(rows, touches, reached, timedelta(days=horizon), view.as_of.date())
    own = tuple(e for e in some.examples if rules.scoring(e.facts).id == model.id)
    file = _file(config, model, rules.vocabulary)
    return History(replace(some, examples=own), model, stage, telling, file, rules.vocabulary)


def _model(rules: Rulebook, name: str) -> ScoringModel:
    found = next((model for model in rules.models if model.id == name), None)
    if name == "":
        return rules.models[-1]
    if found is None:
        known_models = ", ".join(model.id for model in rules.models)
        raise Misconfigured(f'there is no scoring model "{name}". There are: {known_models}.')
    return found


def _file(config: Config, model: ScoringModel, vocabulary: Vocabulary) -> str:
    """The file that a model stands in."""
    texts = ((name, (config.mappings / name).read_text(encoding="utf-8")) for name in model_files(config.mappings))
    return next(name for name, text in texts if load_model(text, name, vocabulary).id == model.id)


# ---- backtest


@click.command(name="backtest")
@config_option
@output_option
@history_options
@html_option
def backtest_command(config_path: Path, output: str, html: Path | None, **given: Any) -> int:
    """How well the scores told who would convert: lift by tenth, what each tenth came to, and which rules say nothing.

    Each lead is scored as it was known on a day (facts are kept by day, from the first run on), and compared with
    whether a person then set a CRM value that means a stage of sales, within the horizon. Nothing of after the day is
    looked at.
    """
    past = history_of(read_config(config_path), **given)
    some = past.cohort
    scores = [score(e.facts, e.touches, past.model, e.moment) for e in some.examples]
    found = backtest(scores, [e.won for e in some.examples], past.model)
    if found is None:
        raise NothingKnown(f"nothing to compare yet: no lead converted in time, or every lead did. {so_far(past)}")
    told = Tested(past, found)
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text()
    return Exit.DONE


def so_far(past: History) -> str:
    """What there is to look at, and what would make it more."""
    some, days = past.cohort, past.cohort.horizon.days
    told = [
        f"So far: {len({e.lead for e in some.examples}):,} leads have been known for {days} days or longer; "
        f"{some.won:,} of them reached {past.stage} in time."
    ]
    if some.fresh:
        told.append(f"{len(some.fresh):,} leads have not been known for so long: a shorter --horizon needs less time.")
    if some.before:
        told.append(f"{some.before:,} had converted before they were first seen, of which nothing can be learned.")
    told.append("Facts are kept by day from the first run on; that cannot be made up for, only waited for.")
    return " ".join(told)


@dataclass(frozen=True, slots=True)
class Tested:
    """A backtest, for people and machines."""

    past: History
    found: Backtest

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        b, days = self.found, self.past.cohort.horizon.days
        told = [
            f"{b.leads:,} examples, {b.converted:,} converted (reached {self.past.stage} within {days} days): "
            f"AUC {b.auc:.3f} (0.5 is chance), model {self.past.model.id}."
        ]
        if b.too_good:
            told.append("That is better than honest facts have ever been: something knows the outcome beforehand.")
        silent = [s.rule for s in b.signals if s.fired > 0 and not s.speaks]
        never = [s.rule for s in b.signals if s.fired == 0]
        against = [s.rule for s in b.signals if s.speaks and not s.agrees]
        for what, names in (
            ("Rules of which the data say nothing", silent),
            ("Rules that fired for nobody", never),
            ("Rules of which the data say the opposite", against),
        ):
            told += [f"{what}: {', '.join(names)}."] if names else []
        return told

    def tenths(self) -> list[list[str]]:
        """The rows by tenth of the leads."""
        return [
            [str(i), f"{d.lowest:g}", f"{d.leads:,}", f"{d.converted:,.1f}", f"{d.converted / d.leads:.1%}",
             f"{d.lift:.2f}"] for i, d in enumerate(self.found.deciles, start=1)
        ]  # fmt: skip

    def rules(self) -> list[list[str]]:
        """The rows by rule, those that say most first."""
        ranked = sorted(self.found.signals, key=lambda s: (not s.speaks, -abs(s.auc - CHANCE), s.rule))
        says = {(True, True): "agrees", (True, False): "the opposite", (False, False): "nothing"}
        return [
            [s.rule, f"{s.fired:,}", f"{s.points:+.1f}", _share(s.with_it), _share(s.without),
             f"{s.auc:.3f} ({s.low:.3f} to {s.high:.3f})", says[s.speaks, s.agrees]]
            for s in ranked if s.fired > 0
        ]  # fmt: skip

    def json(self) -> dict[str, Any]:
        """For machines."""
        b = self.found
        return {
            "schema": 1, "model": self.past.model.id, "outcome": self.past.stage,
            "horizon_days": self.past.cohort.horizon.days, "examples": b.leads, "converted": b.converted, "auc": b.auc,
            "too_good": b.too_good, "unripe": len(self.past.cohort.fresh), "converted_before": self.past.cohort.before,
            "tenths": [{"lowest": d.lowest, "leads": d.leads, "converted": round(d.converted, 3), "lift": d.lift}
                       for d in b.deciles],
            "rules": [{"rule": s.rule, "fired": s.fired, "points": s.points, "converted_with": s.with_it,
                       "converted_without": s.without, "auc": s.auc, "interval_95": [s.low, s.high],
                       "speaks": s.speaks, "agrees": s.agrees} for s in b.signals],
        }  # fmt: skip

    def text(self) -> None:
        """For people."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        out.print(table("Leads by tenth, the highest scores first", TENTHS, self.tenths()))
        out.print(table("Rules", RULES, self.rules()))

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("Backtest of scores")
        for line in self.sentences():
            page.say(line)
        tenths = self.found.deciles
        page.heading("Lift by tenth of the leads")
        page.svg(bars("Conversions to the average", [(f"tenth {i}", d.lift) for i, d in enumerate(tenths, start=1)]))
        page.table(TENTHS, self.tenths(), right=range(6))
        page.heading("What the scores came to")
        page.say("The share that converted, by the lowest score of a tenth.", note=True)
        points = sorted((d.lowest, d.converted / d.leads) for d in tenths)
        page.svg(lines("Share that converted by score", [Line("came", tuple(points))]))
        return page.heading("Rules").table(RULES, self.rules(), right=(1, 2, 3, 4))


TENTHS = ("tenth", "from score", "leads", "converted", "share", "lift")
RULES = ("rule", "fired", "points", "converted with", "without", "AUC of its points (95 %)", "the data say")


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


# ---- learn


@click.command()
@config_option
@output_option
@history_options
@html_option
@click.option("-o", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the proposed file here.")
@click.option("--monitor", is_flag=True, help="Tell instead whether the model has aged: other leads, other chances.")
def learn(config_path: Path, output: str, html: Path | None, file: Path | None, *, monitor: bool, **given: Any) -> int:
    """Propose points: a diff to the scoring file that the history of your own leads suggests, and what it is worth.

    A logistic model of the file's own rules, and of facts that no rule looks at, is learned from the older leads and
    measured on the newer ones. It refuses where there is too little, reports facts that know the outcome, changes only
    points that the data contradict, and never writes a score or the file in use: look at the effect of a proposal with
    `leadsync plan --config FOLDER`, and take over what convinces you.
    """
    config = read_config(config_path)
    past = history_of(config, **given)
    lacks = lacking_to_compare(past.cohort) if monitor else lacking(past.cohort)
    if lacks:
        text = "\n".join(["there is too little to learn from:", *(f"  {lack.words}" for lack in lacks)])
        raise NothingKnown(f"{text}\n{so_far(past)}")
    if monitor:
        return _monitor(drift(*past.cohort.firsts(), past.cohort.fresh, past.model), output)
    old, new = past.cohort.split()
    told = Suggested(past, propose(old, new, _source(config, past)), (len(old), len(new)))
    if file is not None and told.found.text:
        file.write_text(told.found.text, encoding="utf-8")
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text()
    return Exit.PENDING if told.found.text else Exit.DONE


def _source(config: Config, past: History) -> Source:
    policy = Policy(tuple(past.model.never_score), tuple(past.model.commercial), aliases=past.vocabulary.aliases)
    text = (config.mappings / past.file).read_text(encoding="utf-8")
    return Source(text, past.file, past.model, policy, past.outcome_facts, past.vocabulary)


def _monitor(found: Drift, output: str) -> int:
    warnings = found.warnings
    if output == "json":
        say_json({
            "schema": 1, "stability": found.shift, "rules": dict(found.rules), "told": found.told, "came": found.came,
            "auc_before": found.before, "auc_now": found.after, "warnings": warnings,
        })  # fmt: skip
    else:
        out = console()
        out.print(f"stability index of scores {found.shift:.3f} (0.1 look, 0.25 act)", markup=False)
        out.print(f"conversions told {found.told:.1%}, came {found.came:.1%}", markup=False)
        for what, (at, low, high) in (("before", found.before), ("now", found.after)):
            out.print(f"AUC {what} {at:.3f} ({low:.3f} to {high:.3f})", markup=False)
        for line in warnings or ["the model has not aged"]:
            out.print(f"warning: {line}" if warnings else line, markup=False, soft_wrap=True)
    return Exit.PENDING if warnings else Exit.DONE


@dataclass(frozen=True, slots=True)
class Suggested:
    """A proposal, for people and machines."""

    past: History
    found: Proposal
    counts: tuple[int, int]

    @property
    def qualities(self) -> list[tuple[str, Quality]]:
        """The file of today, the proposed one, and all that was learned, on the newer leads."""
        some = (
            ("today", self.found.now), ("proposed", self.found.proposed), ("all that was learned", self.found.learned),
        )  # fmt: skip
        return [(name, quality) for name, quality in some if quality is not None]

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "schema": 1, "model": self.past.model.id, "file": self.past.file, "outcome": self.past.stage,
            "older": self.counts[0], "newer": self.counts[1], "verdict": self.found.verdict,
            "leaks": [{"field": leak.field, "reason": leak.reason} for leak in self.found.leaks],
            "changes": [{"rule": c.rule, "label": c.label, "leads": c.leads, "now": c.now, "proposed": c.proposed,
                         "interval_95": [c.low, c.high], "new": c.fresh} for c in self.found.changes],
            "quality": {name: {"auc": q.auc, "interval_95": [q.low, q.high], "lift": q.lift, "off": q.off,
                               "skill": q.skill} for name, q in self.qualities},
            "gain": self.found.gain, "diff": self.found.diff, "by_hand": list(self.found.by_hand),
        }  # fmt: skip

    def rows(self) -> list[list[str]]:
        """How good each is, as rows."""
        return [
            [name, f"{q.auc:.3f} ({q.low:.3f} to {q.high:.3f})", f"{q.lift:.2f}", f"{q.off:.3f}", f"{q.skill:+.1%}"]
            for name, q in self.qualities
        ]

    def changes(self) -> list[list[str]]:
        """The changes as rows."""
        return [
            [f"{c.label}{' (new)' if c.fresh else ''}", f"{c.leads:,}", f"{c.now:g}", f"{c.proposed:g}",
             f"{c.low:g} to {c.high:g}"] for c in self.found.changes
        ]  # fmt: skip

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        told = [
            f"Learned from {self.counts[0]:,} older examples, measured on {self.counts[1]:,} newer ones "
            f"(reached {self.past.stage} within {self.past.cohort.horizon.days} days or not): {self.found.verdict}"
        ]
        told += [f"Leak: {leak.field}: {leak.reason}. It was not learned from." for leak in self.found.leaks]
        told += [f"To be done by hand: {text}" for text in self.found.by_hand]
        return told

    def text(self) -> None:
        """For people; the diff last, so that it can be cut out."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        out.print(table("On the newer leads", QUALITY, self.rows()))
        if self.found.changes:
            out.print(table("Points that the data contradict", CHANGES, self.changes()))
        if self.found.diff:
            out.print(f"\n{self.found.diff}", markup=False, soft_wrap=True)

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("What the history suggests")
        for line in self.sentences():
            page.say(line)
        page.heading("On the newer leads").table(QUALITY, self.rows())
        even = Line("as told", ((0.0, 0.0), (1.0, 1.0)), dashed=True)
        curves = [Line(name, tuple((b.told, b.came) for b in q.bins)) for name, q in self.qualities]
        page.heading("Calibration").say("Of leads told a chance, the share that converted.", note=True)
        page.svg(lines("Calibration", [even, *curves]))
        page.heading("Points that the data contradict").table(CHANGES, self.changes(), right=(1, 2, 3))
        return page


QUALITY = ("points", "AUC (95 % interval)", "lift, best tenth", "off", "skill")
CHANGES = ("rule", "leads", "now", "proposed", "95 % interval")


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for people."""
    made = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(head):
        made.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(escape, row))
    return made


ALL = (backtest_command, learn)
