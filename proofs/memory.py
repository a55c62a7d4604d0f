"""How memory grows with the number of leads: the engine runs in a child, and its own pages are measured.

The gate is not reached yet: a run judges all leads before it plans and writes, and so holds each of them, at some 10 KB
on the mapping of the proofs. Pages, subjects, outbox rows and what earlier runs left are taken one after the other.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from proofs.folder import scratch
from proofs.forked import attempt
from proofs.report import Report
from proofs.town import arrive, town

CI_SIZES = (500, 2_000)
LONG_SIZES = (10_000, 100_000, 1_000_000)
MOST_MB = 250
SLOPE_MB = 1.0
"""Per 100,000 leads."""


def own_bytes() -> int:
    """What this process alone holds in memory: not the pages that it shares with the process it was forked from."""
    wanted = ("Private_Clean:", "Private_Dirty:")
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(wanted))


class Watch:
    """Looks at memory at hooks, and leaves the highest figure in a file."""

    def __init__(self, path: Path, every: int = 20) -> None:
        self.path, self.every, self.count, self.highest = path, every, 0, 0

    def __call__(self, _where: str) -> None:
        self.count += 1
        if self.count % self.every == 0:
            self.highest = max(self.highest, own_bytes())
            self.path.write_text(str(self.highest), encoding="ascii")


def peak(leads: int) -> int:
    """The most bytes that a first run over so many leads holds."""
    with scratch() as folder:
        stage = town(folder, batch_size=100, page=500)
        for number in range(leads):
            arrive(stage, number, "hubspot")
        gc.collect()
        gc.freeze()
        watch = Watch(folder / "peak", every=max(1, leads // 1_000))
        assert isinstance(attempt(stage, None, watch=watch), int)
        gc.unfreeze()
        return int((folder / "peak").read_text(encoding="ascii"))


def prove(*, long: bool = False, seed: int = 0, measure: Callable[[int], int] = peak) -> Report:  # noqa: ARG001
    """The peak at each size, and how it grows from the smallest to the largest."""
    report = Report("bounded memory")
    sizes = LONG_SIZES if long else CI_SIZES
    found = {size: measure(size) / 1e6 for size in sizes}
    slope = (found[sizes[-1]] - found[sizes[0]]) / (sizes[-1] - sizes[0]) * 100_000
    report.figures["MB at so many leads"] = {f"{size:,}:": round(mb, 1) for size, mb in found.items()}
    report.figures["MB for each 100,000 leads more"] = round(slope, 1)
    report.require(slope <= SLOPE_MB, f"{slope:.0f} MB for each 100,000 leads more; the gate is {SLOPE_MB:g}")
    report.require(
        found[sizes[-1]] <= MOST_MB, f"{found[sizes[-1]]:.0f} MB at {sizes[-1]:,} leads; the gate is {MOST_MB}"
    )
    return report
