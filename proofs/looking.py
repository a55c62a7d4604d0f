"""What leadsync knew when it planned: the checker accounts for that, and for no more."""

from __future__ import annotations

from tests.engine import Stage

from leadsync.progress import Silent
from leadsync.records import Fields, Ref


class Look(Silent):
    """Notes what leadsync knew of each record when it began to plan, and up to which change: what it accounts for is
    as of then. (What it reads right before writing, or is answered, it does not plan with.)"""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.known: dict[Ref, tuple[int, Fields]] = {}
        self.gone: set[Ref] = set()

    def step(self, what: str, total: int | None = None) -> None:  # noqa: ARG002
        if what.startswith("identify"):
            shown = self._stage.diary.shown
            with self._stage.state() as store:
                records = [s.record for s in store.pulled.records()]
            self.known = {r.ref: (shown.get(r.ref, 0), r.fields) for r in records if not r.deleted}
            self.gone = {r.ref for r in records if r.deleted and r.successor is None}
