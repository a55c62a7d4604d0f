"""The other proofs in their bounded form, each a test of its own so that workers can share them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from proofs.fresh import fresh
from proofs.report import Report

from proofs import disk, faults, garbled, kills, memory, poison

BOUNDED: dict[str, Callable[[], Report]] = {
    "effectively once, with real kills of the command": kills.prove,
    "no silent truncation": garbled.prove,
    "faults on the way lose and double nothing": faults.prove,
    "poison records stand aside": partial(poison.prove, records=500),
    "a full disk and a damaged state lose nothing": disk.prove,
    "memory does not grow with the leads": memory.prove,
}


@pytest.mark.parametrize("prove", BOUNDED.values(), ids=BOUNDED)
def test_the_promise_is_kept(prove: Callable[[], Report]) -> None:
    report = prove() if prove is memory.prove else fresh(prove)  # memory takes processes of its own
    print("\n".join(report.lines()))
    assert report.kept, "\n".join(report.lines())
