"""A chart that a terminal can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
STEPS: Final = len(BLOCKS) - 1


def chart(values: Sequence[float], first: str, last: str, *, height: int = 6, top: float | None = None) -> list[str]:
    """Columns for `values`, all at least 0, above an axis from `first` to `last`; `top` is the highest the axis shows,
    the greatest value by default. The lines are as wide as there are values, and a scale in front of them."""
    most = max([*values, 0.0]) if top is None else top
    scale = most if most > 0 else 1.0
    filled = [round(max(0.0, min(value, scale)) / scale * height * STEPS) for value in values]
    width = max(len(_number(scale)), 1)
    lines = []
    for row in range(height, 0, -1):
        label = _number(scale) if row == height else ""
        cells = "".join(BLOCKS[max(0, min(STEPS, some - (row - 1) * STEPS))] for some in filled)
        lines.append(f"{label:>{width}} ┤{cells}".rstrip())
    lines.append(f"{'0':>{width}} ┼{'─' * max(len(values), 1)}")
    gap = max(1, len(values) - len(first) - len(last))
    lines.append(f"{'':>{width}}  {first}{' ' * gap}{last}")
    return lines


def bar(share: float, width: int = 20) -> str:
    """A share from 0 to 1 as a bar of eighths."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _number(amount: float) -> str:
    return f"{amount:g}"
