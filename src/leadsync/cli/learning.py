"""`leadsync backtest` and `leadsync learn`: how well scores told the outcome, and which points the history suggests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from leadsync.cli.common import Exit, config_option, console, output_option, progress, read_config, say_json
from leadsync.cli.history import History, history_of, history_options, so_far, table
from leadsync.cli.known import NothingKnown
from leadsync.cli.scoring import html_option
from leadsync.cli.tested import Tested
from leadsync.config import Config
from leadsync.config.read import text_of
from leadsync.learn import Proposal, lacking, propose
from leadsync.learn.drift import Drift, drift
from leadsync.learn.enough import Lack, lacking_to_compare
from leadsync.learn.measure import Quality
from leadsync.learn.proposal import Source
from leadsync.progress import Progress
from leadsync.reports.bars import per_cent
from leadsync.reports.page import Page
from leadsync.reports.svg import Line, lines
from leadsync.rulefiles.governance import Policy
from leadsync.score import Score, score
from leadsync.score.backtest import backtest

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
    with progress(show=True) as bar:
        past = history_of(read_config(config_path, offline=True), bar, **given)
        found = backtest(_scores(past, bar), [e.won for e in past.cohort.examples], past.model)
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


def _scores(past: History, bar: Progress) -> list[Score]:
    """Each example as the model scores it."""
    bar.step("score leads as they were known", len(past.cohort.examples))
    found = []
    for example in past.cohort.examples:
        found.append(score(example.facts, example.touches, past.model, example.moment))
        bar.advance()
    return found


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
    if monitor and (file is not None or html is not None):
        raise click.UsageError("--monitor proposes nothing: -o and --html are for a proposal.")
    config = read_config(config_path, offline=True)
    with progress(show=True) as bar:
        past = history_of(config, bar, **given)
        _refuse(past, lacking_to_compare(past.cohort) if monitor else lacking(past.cohort))
        found = _aged(past, bar) if monitor else _suggested(config, past, bar)
    if isinstance(found, Drift):
        return _monitor(found, output)
    return _show(found, output, html, file)


def _refuse(past: History, lacks: Sequence[Lack]) -> None:
    """Say how much is missing, where anything is."""
    if lacks:
        text = "\n".join(["there is too little to learn from:", *(f"  {lack.words}" for lack in lacks)])
        raise NothingKnown(f"{text}\n{so_far(past)}")


def _aged(past: History, bar: Progress) -> Drift:
    bar.step("compare older and newer leads")
    return drift(*past.cohort.firsts(), past.cohort.fresh, past.model)


def _suggested(config: Config, past: History, bar: Progress) -> Suggested:
    old, new = past.cohort.split()
    return Suggested(past, propose(old, new, _source(config, past), bar.step), (len(old), len(new)))


def _show(told: Suggested, output: str, html: Path | None, file: Path | None) -> int:
    if file is not None and told.found.text:
        file.write_text(told.found.text, encoding="utf-8")
        click.echo(f"leadsync: the proposed file is {file}", err=True)
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text()
    return Exit.PENDING if told.found.text else Exit.DONE


def _source(config: Config, past: History) -> Source:
    policy = Policy(tuple(past.model.never_score), tuple(past.model.commercial), aliases=past.vocabulary.aliases)
    text = text_of(config.mappings / past.file)
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
        out.print(NOTE, markup=False, soft_wrap=True)
        if self.found.changes:
            out.print(table("Points that the data contradict", CHANGES, self.changes()))
        if self.found.diff:
            out.print(f"\n{self.found.diff}", markup=False, soft_wrap=True)

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("What the history suggests", f"As of {self.past.as_of:%Y-%m-%d}.")
        for line in self.sentences():
            page.say(line)
        page.heading("On the newer leads").table(QUALITY, self.rows(), right=range(1, len(QUALITY))).say(
            NOTE, note=True
        )
        most = max((max(b.told, b.came) for _name, q in self.qualities for b in q.bins), default=1.0)
        even = Line("as told", ((0.0, 0.0), (most, most)), dashed=True)
        curves = [Line(name, tuple((b.told, b.came) for b in q.bins)) for name, q in self.qualities]
        page.heading("Calibration")
        page.chart(lines(CALIBRATION, [*curves, even], show=per_cent, show_x=per_cent))
        if self.found.changes:
            page.heading("Points that the data contradict").table(CHANGES, self.changes(), right=(1, 2, 3, 4))
        return page.heading("The diff").code(self.found.diff) if self.found.diff else page


QUALITY = ("points", "AUC (95 % interval)", "lift, best tenth", "off", "skill")
NOTE = (
    "AUC: how often one who converts ranks above one who does not (0.5 is chance). Off: how far the chance told is "
    "from what came, on the mean. Skill: the log loss saved against telling everybody the mean share."
)
CALIBRATION = "Share that converted (upwards) by the chance that was told (to the right)"
CHANGES = ("rule", "leads", "now", "proposed", "95 % interval")


ALL = (backtest_command, learn)
