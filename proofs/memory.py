"""Memory does not grow with the number of leads: the engine runs in a process of its own, and its peak is measured."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.engine import Stage

from leadsync.connector import Crm
from leadsync.gates import NAMES
from leadsync.store import Store
from leadsync.sync import cycle
from leadsync.world import PART
from proofs.crowd import Crowd, apart
from proofs.folder import scratch_on_disk
from proofs.fresh import fresh
from proofs.report import Report

CI_SIZES, CI_PART = (300, 1_500), 100
LONG_SIZES = (10_000, 100_000, 1_000_000)
MOST_MB = 250
SLOPE_MB = 1.0
"""Per 100,000 leads."""
CI_SLOPE_MB = 1_000.0
"""The same over few leads, where the caches that every process fills show, some 4 MB. Looked at all at once, each lead
takes 0.1 MB: 10,000 MB."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """One first run and the idle one after it: the most that the process held, and what it took."""

    megabytes: float
    seconds: float
    written: int
    again: int
    disk: float


def measure(leads: int, part: int = PART) -> Measured:
    """The peak of the engine's process over so many leads, who are served by another process."""
    gc.collect()
    gc.freeze()
    try:
        crowds = {side: Crowd(side, leads, BATCH) for side in ("hubspot", "salesforce")}
        found: Measured = apart(crowds, lambda sides: _runs(sides, part))
    finally:
        gc.unfreeze()
    return found


def _runs(sides: Mapping[str, Crm], part: int) -> Measured:
    with scratch_on_disk() as folder:
        stage = Stage(folder)
        stage.part = part
        began = time.process_time()
        written = []
        for _ in range(2):
            stage.runs += 1
            with Store(stage.path) as store:
                done = cycle(stage.world(store, sides), write=True, open_gates=frozenset(NAMES))
                assert done.pushed is not None
                written.append(len(done.pushed.written) + len(done.pushed.created))
            stage.pass_time(timedelta(hours=1))
        size = (folder / stage.path.name).stat().st_size / 1e6  # its other files come and go
        return Measured(peak_mb(), time.process_time() - began, written[0], written[1], size)


def peak_mb() -> float:
    """The most that this process ever held in memory, pages that it shares with others too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))


def prove(*, long: bool = False, seed: int = 0, run: Callable[[int, int], Measured] = measure) -> Report:  # noqa: ARG001
    """The peak at each size, and how it grows from the smallest to the largest."""
    report = Report("bounded memory")
    sizes, part, slope_mb = (LONG_SIZES, PART, SLOPE_MB) if long else (CI_SIZES, CI_PART, CI_SLOPE_MB)
    found = {size: fresh(run, size, part) for size in sizes}  # a fork begins with what the process before it held
    first, last = found[sizes[0]], found[sizes[-1]]
    slope = (last.megabytes - first.megabytes) / (sizes[-1] - sizes[0]) * 100_000
    report.figures["MB at so many leads"] = {f"{n:,}:": round(one.megabytes, 1) for n, one in found.items()}
    report.figures["MB for each 100,000 leads more"] = round(slope, 1)
    spent = {f"{size:,}:": round(one.seconds / size * 1e3, 2) for size, one in found.items()}
    report.figures["CPU ms for each lead, two runs"] = spent
    report.figures["records written by the first run"] = {f"{n:,}:": one.written for n, one in found.items()}
    report.require(slope <= slope_mb, f"{slope:.1f} MB for each 100,000 leads more; the gate is {slope_mb:g}")
    report.require(last.megabytes <= MOST_MB, f"{last.megabytes:.0f} MB at {sizes[-1]:,} leads; the gate is {MOST_MB}")
    for size, one in found.items():
        report.require(one.written >= size, f"of {size:,} leads only {one.written:,} records were written")
        report.require(one.again == 0, f"the second run over {size:,} leads wrote {one.again:,} records")
    return report
