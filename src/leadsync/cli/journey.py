"""`leadsync report`: where leads stand on their journey, for how long, where they go, and what advice was worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from leadsync.cli.common import Exit, config_option, console, now, output_option, read_config, say_json
from leadsync.cli.history import table as made
from leadsync.cli.known import name_of, rules_of, seen_by
from leadsync.cli.scoring import html_option
from leadsync.nurture import Effect, FunnelRow, Nurtured, effect, funnel, time_in
from leadsync.nurture.standing import unpack as unpack_nurtured
from leadsync.qualify import Answer, SpeedRow, StageRow, Stages, StageState, answers, climb, speed
from leadsync.qualify import unpack as unpack_stage
from leadsync.reports.bars import bars
from leadsync.reports.page import Page
from leadsync.store import Store
from leadsync.sync import converted_at

LADDER = ("stage", "ever or higher", "now", "went higher", "share", "days until (median)")
HEAD = ("phase", "ever", "now", "came back", "days (median)", "days (all leads)", "went to")


@click.group()
def report() -> None:
    """Reports on all leads together."""


@report.command()
@config_option
@output_option
@html_option
def journey(config_path: Path, output: str, html: Path | None) -> int:
    """The funnel of journeys: how many leads came through each phase, how long they stayed, where they went; and, with
    a group left alone (held_out in nurture.toml), whether advice made a difference."""
    config = read_config(config_path, offline=True)
    rules = rules_of(config)
    with Store(config.state, write=False) as store:
        kept = {uid: unpack_nurtured(body) for uid, body in store.courses.all().items()}
        stages = {uid: unpack_stage(body) for uid, body in store.results.stages().items()}
    won = {uid: converted_at(state, rules) for uid, state in stages.items()}
    told = Journeys.of(kept, won, stages.values(), rules.stages, now())
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text()
    return Exit.DONE


@dataclass(frozen=True, slots=True)
class Journeys:
    """All journeys together. `spent`: days that all leads together have been in each phase; `objected`: leads that may
    not be followed."""

    rows: tuple[FunnelRow, ...]
    spent: Mapping[str, float]
    stages: Mapping[str, int]
    ladder: tuple[StageRow, ...]
    objected: int
    effect: Effect | None
    as_of: datetime

    @classmethod
    def of(
        cls,
        kept: Mapping[str, Nurtured],
        won: Mapping[str, datetime | None],
        stages: Collection[StageState],
        rules: Stages,
        as_of: datetime,
    ) -> Journeys:
        """Put it together."""
        courses = [some.course for some in kept.values() if some.course is not None]
        spent: dict[str, float] = {}
        for course in courses:
            for phase, days in time_in(course, as_of).items():
                spent[phase.value] = spent.get(phase.value, 0.0) + days
        told = worth_of_advice(kept, won)
        rows, counts = tuple(funnel(courses)), _in_order(stages, rules)
        return cls(rows, spent, counts, tuple(climb(stages, rules)), _objected(kept.values()), told, as_of)

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "schema": 1,
            "as_of": self.as_of,
            "phases": [
                {"phase": r.phase.value, "ever": r.entered, "now": r.now, "came_back": r.again,
                 "median_days": r.median_days, "days": round(self.spent.get(r.phase.value, 0.0), 2),
                 "went_to": {phase.value: n for phase, n in r.next.items()}} for r in self.rows
            ],
            "stages": dict(self.stages),
            "ladder": [
                {"stage": r.stage, "ever_or_higher": r.ever, "now": r.now, "went_higher": r.higher,
                 "median_days": r.median_days} for r in self.ladder
            ],
            "not_followed": self.objected,
            "advice": None if self.effect is None else {
                "advised": self.effect.advised, "left_alone": self.effect.alone, "difference": self.effect.difference,
                "interval_95": [self.effect.low, self.effect.high],
                "leads_advised": self.effect.of_advised[1], "leads_left_alone": self.effect.of_alone[1],
            },
        }  # fmt: skip

    def cells(self) -> list[list[str]]:
        """The rows for people."""
        return [
            [
                row.phase.value, f"{row.entered:,}", f"{row.now:,}", f"{row.again:,}" if row.again > 0 else "",
                "" if row.median_days is None else f"{row.median_days:.0f}",
                f"{self.spent.get(row.phase.value, 0.0):,.0f}",
                ", ".join(f"{phase.value} {n:,}" for phase, n in sorted(row.next.items(), key=lambda x: -x[1])),
            ]
            for row in self.rows
        ]  # fmt: skip

    def steps(self) -> list[list[str]]:
        """The stages as rows for people, those beside the ladder last."""
        rows = [
            [r.stage, f"{r.ever:,}", f"{r.now:,}", f"{r.higher:,}", f"{r.higher / r.ever:.1%}" if r.ever > 0 else "",
             "" if r.median_days is None else f"{r.median_days:,.0f}"] for r in self.ladder
        ]  # fmt: skip
        ladder = {row.stage for row in self.ladder}
        return [*rows, *([name, "", f"{n:,}", "", "", ""] for name, n in self.stages.items() if name not in ladder)]

    def sentences(self) -> list[str]:
        """What is not in the table."""
        told = []
        if self.objected > 0:
            told.append(f"{self.objected:,} leads objected to being profiled, and are not followed.")
        if self.effect is None:
            told.append(
                "What advice is worth is not measured: of leads that had not converted before, none was advised on, or "
                "none was left alone (held_out in nurture.toml)."
            )
        else:
            e = self.effect
            (won, of), (also, others) = e.of_advised, e.of_alone
            told.append(
                f"Of {of:,} leads advised on, {won:,} converted afterwards ({e.advised:.1%}); of {others:,} left "
                f"alone, {also:,} ({e.alone:.1%}): a difference of {e.difference:+.1%} (95 % interval {e.low:+.1%} to "
                f"{e.high:+.1%})."
            )
        return told

    def text(self) -> None:
        """For people."""
        table = Table(title="Journeys by phase", title_justify="left", box=None, pad_edge=False)
        for number, column in enumerate(HEAD):
            table.add_column(column, justify="right" if 0 < number < len(HEAD) - 1 else "left", overflow="fold")
        for row in self.cells():
            table.add_row(*map(escape, row))
        out = console()
        out.print(table)
        out.print(made("Stages", LADDER, self.steps()))
        for line in self.sentences():
            out.print(line, soft_wrap=True)

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("Journeys", f"As of {self.as_of:%Y-%m-%d %H:%M} UTC.")
        for line in self.sentences():
            page.say(line)
        page.heading("How many leads came through each phase")
        page.chart(bars("Leads that ever were in a phase", [(r.phase.value, float(r.entered)) for r in self.rows]))
        page.table(HEAD, self.cells(), right=range(1, len(HEAD) - 1))
        stays = [(r.phase.value, r.median_days) for r in self.rows if r.median_days is not None]
        page.heading("Days in a phase")
        page.chart(bars("Half of the leads that left a phase had been in it for so many days", stays, "{:,.0f}".format))
        page.heading("Stages").chart(
            bars("Leads that came as far as a stage, or further", [(row.stage, float(row.ever)) for row in self.ladder])
        )
        return page.table(LADDER, self.steps(), right=range(1, len(LADDER)))


def _in_order(states: Iterable[StageState], stages: Stages) -> dict[str, int]:
    """How many leads are in each stage: those of the ladder from the bottom up, then what stands beside it."""
    counts = Counter(state.stage for state in states)
    ladder = {stage.id: counts.pop(stage.id, 0) for stage in stages.ladder}
    return {**ladder, **dict(sorted(counts.items()))}


def _objected(kept: Iterable[Nurtured]) -> int:
    return sum(some.course is None for some in kept)


def worth_of_advice(kept: Mapping[str, Nurtured], won: Mapping[str, datetime | None]) -> Effect | None:
    """Conversions after the first advice: of leads that had any, against those left alone. Leads that had converted
    by then (what a person had set when we first looked is as old as that look), that may not be followed, or that were
    in both groups in turn, are in neither."""
    advised: list[bool] = []
    alone: list[bool] = []
    for uid, some in kept.items():
        begun = min(some.given.values(), default=None)
        at = won.get(uid)
        if some.course is None or begun is None or (at is not None and at <= begun):
            continue
        left_alone = "held_out" in some.given
        if not left_alone or len(some.given) == 1:
            (alone if left_alone else advised).append(at is not None)
    return effect((sum(advised), len(advised)), (sum(alone), len(alone)))


SPEED_HEAD = ("stage", "agreed hours", "leads", "in time", "late", "waiting", "overdue", "gone", "hours (median)")


@report.command("speed")
@config_option
@output_option
@click.option("--days", type=click.IntRange(min=1), default=90, show_default=True, help="Leads that came so lately.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many overdue to list.")
def speed_command(config_path: Path, output: str, days: int, limit: int) -> int:
    """Speed to lead: how soon somebody answered after a lead had entered a stage with answer_hours (stages.toml), and
    who still waits. An answer is our first call, e-mail or meeting since, or sales taking the lead.

    What was found in the past, from before leadsync ran, counts from the end of its day.
    """
    view, rules = seen_by(read_config(config_path, offline=True))
    begin = view.as_of - timedelta(days=days)
    found = [
        (judged, answer)
        for judged in view.leads
        for answer in answers(judged.stage, rules.stages, (contact.at for contact in judged.lead.contacts))
        if answer.since >= begin
    ]
    rows = speed((answer for _judged, answer in found), rules.stages, view.as_of)
    overdue = [(j, a) for j, a in found if a.answered is None and a.there and a.late(view.as_of)]
    overdue.sort(key=lambda some: some[1].by)
    if output == "json":
        waiting = [{"lead": j.lead.uid, "name": name_of(j), "stage": a.stage, "since": a.since.isoformat(),
                    "answer_by": a.by.isoformat()} for j, a in overdue]  # fmt: skip
        say_json({"schema": 1, "days": days, "stages": [asdict(row) for row in rows], "overdue": waiting})
    else:
        _speed_text(rows, [(name_of(j), a) for j, a in overdue], view.as_of, limit)
    return Exit.DONE


def _speed_text(rows: Sequence[SpeedRow], overdue: Sequence[tuple[str, Answer]], now: datetime, limit: int) -> None:
    out = console()
    if not rows:
        out.print("No stage agrees a time to answer in: give one answer_hours in stages.toml.", soft_wrap=True)
        return
    table = Table(title="Speed to lead", title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(SPEED_HEAD):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        hours = "" if row.median_hours is None else f"{row.median_hours:,.1f}"
        counts = (row.leads, row.in_time, row.late, row.waiting, row.overdue, row.gone)
        table.add_row(escape(row.stage), f"{row.agreed_hours:g}", *(f"{count:,}" for count in counts), hours)
    out.print(table)
    for name, answer in overdue[:limit]:
        waited = f"waits for an answer since {answer.since:%Y-%m-%d %H:%M}Z, {answer.hours(now):,.0f} hours"
        out.print(f"  {name}  {answer.stage}: {waited}", soft_wrap=True, markup=False)
    if len(overdue) > limit:
        out.print(f"  … and {len(overdue) - limit:,} more (--limit)")


ALL = (report,)
