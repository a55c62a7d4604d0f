"""A backtest, for people and machines: tables, JSON, and a page with charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadsync.cli.common import console
from leadsync.cli.history import History, table
from leadsync.reports.bars import bars, per_cent, spans
from leadsync.reports.page import Page
from leadsync.reports.svg import columns
from leadsync.score.backtest import CHANCE, Backtest


@dataclass(frozen=True, slots=True)
class Tested:
    """The figures, and what they are of."""

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

    def bands(self) -> list[list[str]]:
        """The rows by ten points of score."""
        return [
            [f"{b.lowest} to {b.lowest + 9}", f"{b.leads:,}", f"{b.share:.1%}", f"{b.low:.1%} to {b.high:.1%}"]
            for b in self.found.bands
        ]

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
            "bands": [{"lowest": a.lowest, "leads": a.leads, "share": a.share, "interval_95": [a.low, a.high]}
                      for a in b.bands],
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
        out.print(table("What scores came to", BANDS, self.bands()))
        out.print(table("Rules", RULES, self.rules()))

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("Backtest of scores", f"As of {self.past.as_of:%Y-%m-%d}.")
        for line in self.sentences():
            page.say(line)
        tenths = self.found.deciles
        page.heading("Lift by tenth of the leads")
        lifts = [(f"tenth {i}", d.lift) for i, d in enumerate(tenths, start=1)]
        page.chart(bars("Conversions of each tenth, to the average", lifts, "{:.2f}".format))
        page.table(TENTHS, self.tenths(), right=range(6))
        page.heading("What the scores came to")
        page.say("The share that converted, by ten points of score. It should rise from left to right.", note=True)
        bands = self.found.bands
        labels, shares = [f"{b.lowest} to {b.lowest + 9}" for b in bands], [b.share for b in bands]
        page.chart(columns("Share that converted, by score", labels, [("converted", shares)], per_cent))
        page.table(BANDS, self.bands(), right=(1, 2, 3))
        page.heading("Rules")
        page.say("How well the points of each rule alone rank leads (AUC), with the 95 % interval. On the line at 0.5 "
                 "they say nothing; left of it they say the opposite of what came.", note=True)  # fmt: skip
        ranked = [s for s in sorted(self.found.signals, key=lambda s: -s.auc) if s.fired > 0]
        rows = [(s.rule, s.low, s.auc, s.high) for s in ranked]
        page.chart(spans("How well each rule's points rank leads (AUC)", rows, CHANCE))
        return page.table(RULES, self.rules(), right=(1, 2, 3, 4))


BANDS = ("score", "leads", "converted", "95 % interval")
TENTHS = ("tenth", "from score", "leads", "converted", "share", "lift")
RULES = ("rule", "fired", "points", "converted with", "without", "AUC of its points (95 %)", "the data say")


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
