"""The proofs in their bounded form, as CI runs them; `python -m proofs --long` is the long one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proofs.report import Report

from proofs import crash, echo, lost_update

BOUNDED: list[tuple[str, Callable[[], Report]]] = [
    ("effectively once, wherever a run is killed once or twice", crash.prove),
    ("no update is lost", lost_update.prove),
    ("no echo", echo.prove),
]


@pytest.mark.parametrize("prove", [prove for _, prove in BOUNDED], ids=[name for name, _ in BOUNDED])
def test_the_promise_is_kept(prove: Callable[[], Report]) -> None:
    report = prove()
    print("\n".join(report.lines()))
    assert report.kept, "\n".join(report.lines())
