"""All leads by score, for people and machines: a table, JSON, and a page with charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any, Final

from leadsync.cli.common import console, say_json
from leadsync.cli.history import table
from leadsync.cli.known import name_of
from leadsync.records import value_text
from leadsync.reports.page import Page
from leadsync.reports.svg import columns
from leadsync.sync import Judged

HEAD: Final = ("lead", "score", "grade", "stage", "journey", "reasons")
BAND: Final = 10
"""Points that one column of the chart holds."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The leads, the best first."""

    leads: Sequence[Judged]
    as_of: datetime
    limit: int

    @classmethod
    def of(cls, leads: Sequence[Judged], as_of: datetime, limit: int) -> Ranked:
        """Put them in order; those that may not be scored come last."""

        def place(judged: Judged) -> tuple[bool, int, str]:
            return judged.score.total is None, -judged.score.centi, name_of(judged)

        return cls(sorted(leads, key=place), as_of, limit)

    def show(self, output: str, row: Callable[[Judged], dict[str, Any]]) -> None:
        """On standard output; `row`: a lead for machines."""
        if output == "json":
            say_json({"schema": 1, "as_of": self.as_of, "leads": [row(judged) for judged in self.leads]})
            return
        out = console()
        out.print(table(f"Scores as of {self.as_of:%Y-%m-%d}", HEAD, self.rows(), right=(1,)))
        if len(self.leads) > self.limit:
            more = len(self.leads) - self.limit
            out.print(f"… and {more:,} more (--limit N shows more, --output json shows all)")

    def rows(self) -> list[list[str]]:
        """The best as rows."""
        return [
            [name_of(j), value_text(j.score.total) or "-", j.score.grade, j.stage.stage, _phase(j), j.score.text()]
            for j in self.leads[: self.limit]
        ]

    def page(self) -> Page:
        """As a page with charts."""
        scored = [judged for judged in self.leads if judged.score.total is not None]
        page = Page("Scores of all leads", f"As of {self.as_of:%Y-%m-%d %H:%M} UTC.")
        page.say(f"{len(scored):,} leads are scored, {len(self.leads) - len(scored):,} may not be.")
        bands = Counter(floor(float(judged.score.total or 0) / BAND) * BAND for judged in scored)
        every = range(min(bands), max(bands) + 1, BAND) if bands else ()
        labels = [f"{low} to {low + BAND - 1}" for low in every]
        page.chart(columns("How many leads have such a score", labels, [("leads", [bands[low] for low in every])]))
        grades = Counter(judged.score.grade or "none" for judged in scored)
        counts = [("leads", [grades[grade] for grade in sorted(grades)])]
        page.chart(columns("How many leads have such a grade", sorted(grades), counts))
        return page.heading(f"The best {min(self.limit, len(self.leads)):,}").table(HEAD, self.rows(), right=(1,))


def _phase(judged: Judged) -> str:
    course = judged.nurtured.course
    return course.now.phase.value if course is not None else ""
