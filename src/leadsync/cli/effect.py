"""What an edit of the mapping files would change, before it goes live: scores, stages, writes and their cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from leadsync.cli.common import Exit, F, console, progress, read_config, say_json
from leadsync.cli.known import known, name_of, rules_of
from leadsync.errors import Misconfigured
from leadsync.memory import memory
from leadsync.plan import Plan, plan
from leadsync.records import value_text
from leadsync.reports.page import Page
from leadsync.reports.svg import columns
from leadsync.rules import Rulebook
from leadsync.score import Score
from leadsync.score.compare import BAND, Comparison, compare
from leadsync.sync import Judged, View, World, api_calls, look

SCORE: Final = "score.total"


def plan_config_option(command: F) -> F:
    """--config FILE|FOLDER and --live FILE."""
    live = click.option(
        "--live", type=click.Path(dir_okay=False, path_type=Path), default=Path("config.toml"), show_default=True,
        help="With --config FOLDER: the installation to compare with.",
    )  # fmt: skip
    config = click.option(
        "--config", "config_path", type=click.Path(path_type=Path), default=Path("config.toml"), show_default=True,
        help="The configuration file; or a folder with edited mapping files, to see what the edit would change.",
    )  # fmt: skip
    return config(live(command))


def show_effect(folder: Path, live: Path, output: str, limit: int, html: Path | None) -> int:
    """Compare the rules of a folder with those of the installation, on what its last run read."""
    with progress(show=True) as bar, known(read_config(live, offline=True), bar=bar) as world:
        told = Effect.of(world, edited_rules(world, folder))
    if html is not None:
        told.page().save(html)
    if output == "json":
        say_json(told.json())
    else:
        told.text(limit)
    return Exit.PENDING if told.comparison.changes or told.moves or told.extra else Exit.DONE


def edited_rules(world: World, folder: Path) -> Rulebook:
    """The rules of a folder of mapping files, or of one that has them in mappings/ (a copy of the installation)."""
    place = folder if (folder / "scoring.toml").exists() else folder / "mappings"
    if not (place / "scoring.toml").exists():
        raise Misconfigured(
            f"{folder}: no mapping files there (scoring.toml ...). Copy the folder {world.config.mappings}, edit the "
            "copy, and name it here."
        )
    return rules_of(replace(world.config, mappings=place))


@dataclass(frozen=True, slots=True)
class Effect:
    """The same leads under the rules of today and under the edited ones."""

    comparison: Comparison
    names: Mapping[str, str]
    moves: tuple[tuple[str, str, str], ...]
    """(lead, stage before, stage after) of those whose stage would change."""
    advice: int
    """Leads for whom something else would be the next thing to do."""
    writes: tuple[int, int]
    """Records that a run would write, today and with the edit."""
    extra: int
    """Records that would be written, or written otherwise, because of the edit."""
    calls: tuple[Mapping[str, int], Mapping[str, int]]
    as_of: datetime

    @classmethod
    def of(cls, world: World, edited: Rulebook) -> Effect:
        """Judge and plan twice; nothing is asked or written."""
        views = look(world), look(replace(world, rules=edited))
        plans = [plan(view.subjects, memory(world.store), view.as_of) for view in views]
        before, after = ({j.lead.uid: j for j in view.leads} for view in views)
        moves = [(u, j.stage.stage, after[u].stage.stage) for u, j in before.items() if _stage_moves(j, after[u])]
        return cls(
            _compared(views, edited),
            {uid: name_of(judged) for uid, judged in after.items()},
            tuple(moves),
            sum(j.nurtured.advice.rule != after[u].nurtured.advice.rule for u, j in before.items()),
            (len(plans[0].steps), len(plans[1].steps)),
            _differing(*plans),
            (api_calls(plans[0], world.sides), api_calls(plans[1], world.sides)),
            views[0].as_of,
        )

    def json(self) -> dict[str, Any]:
        """For machines."""
        found = self.comparison
        return {
            "schema": 1,
            "leads": found.leads,
            "distribution": {"before": dict(found.before), "after": dict(found.after)},
            "grades": [{"before": a, "after": b, "leads": n} for (a, b), n in sorted(found.grades.items())],
            "changes": [
                {"lead": c.lead, "before": c.before.total, "after": c.after.total, "delta": c.delta,
                 "grade_before": c.before.grade, "grade_after": c.after.grade, "reasons": c.after.text()}
                for c in found.changes
            ],
            "stages": [{"lead": lead, "before": a, "after": b} for lead, a, b in self.moves],
            "next_actions": self.advice,
            "scores_to_write": found.writes,
            "writes": {"before": self.writes[0], "after": self.writes[1], "because_of_the_edit": self.extra},
            "api_calls": {"before": dict(self.calls[0]), "after": dict(self.calls[1])},
            "rules_that_never_fire": list(found.idle),
            "rules_always_capped": list(found.always_capped),
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """All but the tables."""
        found = self.comparison
        stages = Counter((a, b) for _lead, a, b in self.moves)
        told = [
            f"{len(found.changes):,} of {found.leads:,} leads would have another score; {found.writes:,} of the "
            "changes are large enough to be written.",
            f"{len(self.moves):,} would change their stage"
            + (": " + ", ".join(f"{a} → {b} {n:,}" for (a, b), n in stages.most_common()) if stages else "")
            + f"; for {self.advice:,} something else would be the next thing to do.",
            f"A run would write {self.writes[1]:,} records ({self.writes[0]:,} with today's files), {self.extra:,} of "
            f"them because of the edit; in API calls: {_calls(self.calls[1])} ({_calls(self.calls[0])} today).",
        ]
        if found.idle:
            told.append(f"Rules that fire for nobody: {', '.join(found.idle)}.")
        if found.always_capped:
            told.append(f"Rules that are always cut by their cap: {', '.join(found.always_capped)}.")
        return told

    def text(self, limit: int) -> None:
        """For people."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        out.print(_table("Leads by score", ("points", "today", "edited", ""), self._bands()))
        moved = [(a, b, f"{n:,}") for (a, b), n in sorted(self.comparison.grades.items()) if a != b]
        if moved:
            out.print(_table("Grades", ("today", "edited", "leads"), moved))
        if self.comparison.changes:
            out.print(_table("The greatest changes", HEAD, self._changes(limit)))
        more = len(self.comparison.changes) - limit
        if more > 0:
            out.print(f"… and {more:,} more (--limit N shows more, --output json shows all)")

    def _bands(self) -> list[tuple[str, ...]]:
        before, after = self.comparison.before, self.comparison.after
        bands = sorted({*before, *after}, key=lambda band: (not band.lstrip("-").isdecimal(), _whole(band)))
        counts = [(band, before.get(band, 0), after.get(band, 0)) for band in bands]
        return [(_band(band), f"{then:,}", f"{now:,}", _signed(now - then)) for band, then, now in counts]

    def _changes(self, limit: int) -> list[tuple[str, ...]]:
        stages = {lead: f"{a} → {b}" for lead, a, b in self.moves}
        return [
            (
                self.names[c.lead], value_text(c.before.total) or "-", value_text(c.after.total) or "-",
                "" if c.delta is None else f"{c.delta:+g}", _moved(c.before.grade or "-", c.after.grade or "-"),
                stages.get(c.lead, ""), c.after.text(),
            )
            for c in self.comparison.changes[:limit]
        ]  # fmt: skip

    def page(self) -> Page:
        """As a page with charts."""
        page = Page("What the edit would change", f"As of {self.as_of:%Y-%m-%d %H:%M} UTC.")
        for line in self.sentences():
            page.say(line)
        bands = self._bands()
        series = [("today", [_amount(b[1]) for b in bands]), ("edited", [_amount(b[2]) for b in bands])]
        page.heading("Leads by score").chart(columns("How many leads have such a score", [b[0] for b in bands], series))
        page.heading("The greatest changes").table(HEAD, self._changes(100), right=(1, 2, 3))
        return page


def _band(lowest: str) -> str:
    """Ten points of score; what is no number stands for itself."""
    return f"{lowest} to {int(lowest) + BAND - 1}" if lowest.lstrip("-").isdecimal() else lowest


def _moved(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


HEAD: Final = ("lead", "today", "edited", "change", "grade", "stage", "reasons (edited)")


def _compared(views: Sequence[View], edited: Rulebook) -> Comparison:
    """All leads together; which rules are idle or always capped is seen among each model's own leads."""
    before, after = ({j.lead.uid: j.score for j in view.leads} for view in views)
    fields = edited.lead.fields.values()
    least = max((field.min_change for field in fields if SCORE in field.sources), default=0.0)
    found = compare(before, after, edited.models[-1], least)
    parts = [_of_model(before, after, model.id, edited) for model in edited.models]
    idle = tuple(rule for part in parts for rule in part.idle)
    return replace(found, idle=idle, always_capped=tuple(rule for part in parts for rule in part.always_capped))


def _of_model(before: Mapping[str, Score], after: Mapping[str, Score], name: str, edited: Rulebook) -> Comparison:
    own = {uid: score for uid, score in after.items() if score.model == name}
    model = next(model for model in edited.models if model.id == name)
    return compare({uid: before[uid] for uid in own}, own, model)


def _stage_moves(before: Judged, after: Judged) -> bool:
    return before.stage.stage != after.stage.stage


def _differing(today: Plan, edited: Plan) -> int:
    """Records of the second plan that the first would leave alone, or write otherwise."""
    known_writes = {(s.ref, s.uid, s.turn): {(c.target, value_text(c.new)) for c in s.changes} for s in today.steps}
    return sum(
        known_writes.get((s.ref, s.uid, s.turn)) != {(c.target, value_text(c.new)) for c in s.changes}
        for s in edited.steps
    )


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for column in head:
        numeric = column in {"today", "edited", "change", "leads", ""}
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _calls(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{side} {count:,}" for side, count in calls.items()) or "none"


def _signed(amount: int) -> str:
    return f"{amount:+,}" if amount != 0 else ""


def _whole(band: str) -> int:
    return int(band) if band.lstrip("-").isdecimal() else 0


def _amount(text: str) -> float:
    return float(text.replace(",", ""))
