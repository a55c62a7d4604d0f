"""What a proof says when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SHOWN = 5
"""Violations that are printed; the number of all is always among the figures."""


@dataclass(slots=True)
class Report:
    """A proof's figures by name, and every violation in words."""

    promise: str
    figures: dict[str, object] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not self.violations

    def require(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001  a condition is what it takes
        """Note a violation unless `holds`."""
        if not holds:
            self.violations.append(otherwise)

    def reach(self, name: str, figure: int, gate: int) -> None:
        """Note a figure, and a violation when it is below its gate."""
        self.figures[name] = figure
        self.require(figure >= gate, f"{name}: {figure:,} is below the gate of {gate:,}")

    def lines(self) -> list[str]:
        """The report as text."""
        mark = "kept" if self.kept else "BROKEN"
        shown = [f"  {name:<44} {_text(figure)}" for name, figure in self.figures.items()]
        broken = [f"  ! {text}" for text in self.violations[:SHOWN]]
        more = len(self.violations) - SHOWN
        return [f"{mark}: {self.promise}", *shown, *broken, *([f"  ! and {more:,} more"] if more > 0 else [])]


def _text(figure: object) -> str:
    if isinstance(figure, bool) or not isinstance(figure, (int, float, Mapping)):
        return str(figure)
    if isinstance(figure, Mapping):
        return ", ".join(f"{name} {_text(value)}" for name, value in figure.items())
    return f"{figure:,}"
