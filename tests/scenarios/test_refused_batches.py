"""A CRM that refuses a batch as a whole, without naming the culprit: the others go through, at a known price."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2
from pathlib import Path

import pytest
from proofs.town import arrive, town

from leadsync.connector import Write

RECORDS = 16


def whole(_kind: str, _writes: Sequence[Write]) -> str:
    return "whole"


@pytest.mark.parametrize("bad", [{0}, {7}, {15}, {3, 4}, {0, 15}, set(range(16))], ids=str)
def test_the_culprits_alone_are_kept_and_the_others_are_written_once(tmp_path: Path, bad: set[int]) -> None:
    stage = town(tmp_path, batch_size=RECORDS)
    refs = [arrive(stage, number, "hubspot") for number in range(RECORDS)]
    refused = {refs[number].id for number in bad}
    stage.hubspot.refuse = lambda write: "no" if write.id in refused else ""
    stage.hubspot.trouble = whole
    stage.run()
    written = [ident for _, ident, _ in stage.hubspot.log]
    assert sorted(map(str, written)) == sorted(ref.id for ref in refs if ref.id not in refused)
    assert {reject.ref.id for reject in stage.rejects()} == refused
    assert stage.hubspot.usage.writes <= 1 + len(bad) * (ceil(log2(RECORDS)) + 1)
