"""How long work tells how far it is; the command line draws it, the daemon does without."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """`step` begins a part of the work; `advance` counts within it; both must be cheap."""

    def step(self, what: str, total: int | None = None) -> None:
        """A new part of the work begins; `total` if it is known how much there is."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


class Silent:
    """No display."""

    def step(self, what: str, total: int | None = None) -> None:
        """Nothing to show."""

    def advance(self, count: int = 1) -> None:
        """Nothing to show."""
