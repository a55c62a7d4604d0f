"""The proofs in their bounded form, as CI runs them, in slices that go side by side; `python -m proofs --long` is the
long form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from proofs.fresh import fresh
from proofs.report import Report

from proofs import crash, echo, lost_update, mutants, scenes, stories

SLICES = 4
"""As many as keep two cores busy to the end."""


def cases() -> list[Any]:
    """Each bounded proof; the slices of one proof reach its gate together."""
    steps, doubles = lost_update.CI_STEPS // SLICES, crash.CI_DOUBLES // len(scenes.NAMED)
    proofs: dict[str, Callable[[], Report]] = {
        f"effectively once, wherever a run among {name} is killed once or twice": partial(
            crash.prove, doubles=doubles, only=name
        )
        for name in scenes.NAMED
    }
    proofs |= {
        f"no update is lost, part {number + 1}": partial(lost_update.prove, seed=number * 1_000, steps=steps)
        for number in range(SLICES)
    }
    proofs["no echo"] = echo.prove
    proofs["what was lost once is not lost again"] = partial(stories.prove, moments=mutants.MOMENTS)
    proofs["the harness can fail"] = mutants.prove
    return [pytest.param(prove, id=name) for name, prove in proofs.items()]


@pytest.mark.parametrize("prove", cases())
def test_the_promise_is_kept(prove: Callable[[], Report]) -> None:
    report = fresh(prove)
    print("\n".join(report.lines()))
    assert report.kept, "\n".join(report.lines())
