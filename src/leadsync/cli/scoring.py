"""`leadsync score`: what leads are worth, why, how that came about over time, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape

from leadsync.cli.common import Exit, config_option, console, output_option, progress, read_config, say_json
from leadsync.cli.inspect import find_uid
from leadsync.cli.known import NothingKnown, as_of_option, known, name_of
from leadsync.cli.ranked import Ranked
from leadsync.qualify import StageState, qualify
from leadsync.qualify.way import way_up
from leadsync.records import Fields, value_text
from leadsync.reports.page import Page
from leadsync.reports.svg import Line, lines
from leadsync.reports.text import chart
from leadsync.rules import Rulebook
from leadsync.score import Score, score, signed
from leadsync.score.gains import gains
from leadsync.store import Store
from leadsync.store.snapshots import as_known
from leadsync.sync import Judged, World, look

COLUMNS: Final = 60
"""A history is shown in at most so many points."""
GAINS: Final = 5
TICKS: Final = 2
"""Spans between the dates below a chart: as many as a phone has room for."""

html_option = click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a page with charts to this file too."
)


@dataclass(frozen=True, slots=True)
class Past:
    """One point of a lead's history: its score and stage on a day, by the rules of today."""

    day: date
    score: Score
    stage: str


@click.command(name="score")
@config_option
@output_option
@click.argument("lead", metavar="[LEAD]", required=False)
@as_of_option
@click.option("--days", type=click.IntRange(min=1), default=180, show_default=True, help="How far back a history goes.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many leads to show.")
@html_option
def score_command(  # noqa: PLR0913  one for each option
    config_path: Path, output: str, lead: str | None, as_of: datetime | None, *, days: int, limit: int,
    html: Path | None,
) -> int:  # fmt: skip
    """Tell what a lead is worth and why, with its history and what would change it; without LEAD, the best leads.

    Works on what the last run read, and asks nobody. With --as-of, as it was then: touches up to then, facts as far as
    they were kept (by day, since the first run), the rules as they are now.
    """
    with progress(show=True) as bar, known(read_config(config_path, offline=True), as_of, bar) as world:
        uid = None if lead is None else find_uid(world.store, lead)
        view = look(world)
        judged = next((j for j in view.leads if j.lead.uid == uid), None)
        told = None if judged is None else Told.of(world, judged, view.as_of, days)
    if lead is None:
        ranked = Ranked.of(view.leads, view.as_of, limit)
        if html is not None:
            ranked.page().save(html)
        ranked.show(output, _row_json)
        return Exit.DONE
    if told is None:
        raise NothingKnown(f"{lead} is a company, or is no more: only people are scored.")
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text()
    return Exit.DONE


def _row_json(judged: Judged) -> dict[str, Any]:
    return {
        "lead": judged.lead.uid,
        "records": [str(source.record.ref) for source in judged.lead.party.sources],
        **score_json(judged.score),
        "stage": judged.stage.stage,
    }


def score_json(found: Score) -> dict[str, Any]:
    """A score for machines; the reasons' points add up to it."""
    return {
        "score": found.total,
        "grade": found.grade,
        "model": found.model,
        "groups": {name: found.group(name) for name in found.groups},
        "excluded": found.excluded or None,
        "reasons": [{"id": r.id, "group": r.group, "points": r.points, "words": r.words} for r in found.ranked()],
    }


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of one lead."""

    judged: Judged
    as_of: datetime
    kept_since: date | None
    past: tuple[Past, ...]
    decided: tuple[tuple[datetime, int | None], ...]
    help: tuple[str, ...]
    asked: tuple[tuple[str, float], ...]
    """The points that each stage asks for."""

    @classmethod
    def of(cls, world: World, judged: Judged, as_of: datetime, days: int) -> Told:
        """Put it together. Of who may not be scored there is no past either: that would be scoring them."""
        if judged.score.excluded:
            return cls(judged, as_of, world.store.snapshots.first_day(), (), (), (), ())
        since = as_of - timedelta(days=days)
        decided = tuple(row for row in world.store.results.score_history(judged.lead.uid) if since <= row[0] <= as_of)
        past = tuple(history(world.store, world.rules, judged, as_of, days))
        asked = tuple((s.id, s.enter / 100) for s in world.rules.stages.ladder if s.enter is not None and s.enter > 0)
        kept = world.store.snapshots.first_day()
        return cls(judged, as_of, kept, past, decided, tuple(_help(world.rules, judged)), asked)

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "schema": 1,
            "as_of": self.as_of,
            **_row_json(self.judged),
            "facts_kept_since": self.kept_since,
            "history": [{"day": p.day, "score": p.score.total, "stage": p.stage} for p in self.past],
            "decided": [{"as_of": at, "score": None if c is None else c / 100} for at, c in self.decided],
            "what_would_help": list(self.help),
        }

    def text(self) -> None:
        """For people."""
        found, out = self.judged.score, console()
        out.print(f"[bold]{escape(name_of(self.judged))}[/]  {escape(self.headline)}", soft_wrap=True)
        for reason in found.ranked():
            group = escape(f"[{reason.group}]")
            out.print(f"{reason.points:>+8g}  {escape(reason.words)}  [dim]{group}[/]", soft_wrap=True)
        if len(self.past) > 1:
            values = [float(p.score.total or 0) for p in self.past]
            out.print(f"\nBy the rules of today, from {self.past[0].day} on{self.caution}:")
            for line in chart(values, f"{self.past[0].day}", f"{self.past[-1].day}"):
                out.print(line, markup=False)
        if self.help:
            out.print("\nWhat would change it:")
        for line in self.help:
            out.print(f"  {line}", markup=False, soft_wrap=True)

    @property
    def headline(self) -> str:
        """The score in a line."""
        found = self.judged.score
        if found.excluded:
            return f"not scored: {found.excluded}"
        worth = f"{value_text(found.total)} points, grade {found.grade or '-'}, stage {self.judged.stage.stage}"
        return f"{worth}, model {found.model}, as of {self.as_of:%Y-%m-%d}"

    @property
    def caution(self) -> str:
        """What the history cannot know."""
        if self.kept_since is None or (self.past and self.past[0].day >= self.kept_since):
            return ""
        return f" (facts were kept from {self.kept_since} on; before that, with the first ones known)"

    def page(self) -> Page:
        """The same as a page."""
        page = Page(f"Score of {name_of(self.judged)}").say(self.headline)
        rows = [[signed(r.centi), r.words, r.group] for r in self.judged.score.ranked()]
        page.heading("Why").table(["points", "reason", "group"], rows, right=[0])
        if len(self.past) > 1:
            days = [(float(p.day.toordinal()), float(p.score.total or 0)) for p in self.past]
            places = sorted({round(part * (len(self.past) - 1) / TICKS) for part in range(TICKS + 1)})
            ticks = [(days[place][0], f"{self.past[place].day}") for place in places]
            page.heading("History").say(f"By the rules of today{self.caution}.", note=True)
            ends = (days[0][0], days[-1][0])
            levels = [Line(f"{stage} from {least:g}", tuple((x, least) for x in ends), dashed=True)
                      for stage, least in self.asked]  # fmt: skip
            page.chart(lines("Score over time", [Line("score", tuple(days)), *levels], ticks=ticks))
        if self.help:
            page.heading("What would change it").listed(self.help)
        return page


def history(store: Store, rules: Rulebook, judged: Judged, as_of: datetime, days: int) -> list[Past]:
    """A lead's score and stage over time: the rules of today on the touches up to each day and the facts kept then,
    from its first touch on, at most `days` back."""
    kept = store.snapshots.of(judged.lead.uid)
    begin = min((t.at for t in judged.lead.touchpoints), default=as_of).date()
    begin = max(min([begin, *(day for day, _facts in kept)]), as_of.date() - timedelta(days=days))
    span = (as_of.date() - begin).days
    step = max(1, -(-span // COLUMNS))
    past: list[Past] = []
    state: StageState | None = None
    for back in range(span // step * step, 0, -step):
        moment = datetime.combine(as_of.date() - timedelta(days=back), time(23, 59, 59), UTC)
        facts = _facts_on(judged.lead.facts, kept, moment.date())
        touches = [touch for touch in judged.lead.touchpoints if touch.at <= moment]
        found = score(facts, touches, rules.scoring(facts), moment)
        state = qualify(found, facts, rules.stages, state, moment)
        past.append(Past(moment.date(), found, state.stage))
    return [*past, Past(as_of.date(), judged.score, judged.stage.stage)]


def _facts_on(facts: Fields, kept: Sequence[tuple[date, Fields]], day: date) -> Fields:
    """The facts of a day; before the first that were kept, those; where none were kept, those of today."""
    known_then = [some for at, some in kept if at <= day] or [some for _at, some in kept[:1]]
    return as_known(facts, known_then[-1]) if known_then else facts


def _help(rules: Rulebook, judged: Judged) -> list[str]:
    lead, as_of = judged.lead, judged.score.as_of
    words = [gain.words for gain in gains(lead.facts, lead.touchpoints, judged.model, as_of)[:GAINS]]
    way = way_up(lead.facts, lead.touchpoints, judged.model, rules.stages, judged.stage, as_of)
    return words if way is None else [*words, way.words]


ALL = (score_command,)
