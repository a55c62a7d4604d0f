"""Bad records among good ones: the good ones go through, the bad ones are kept with their reason, at a known price."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime
from math import ceil, log2

from tests.engine import Stage

from leadsync.cli.commands import outcome
from leadsync.cli.exits import Exit
from leadsync.connector import Write
from proofs.folder import scratch
from proofs.report import Report
from proofs.town import arrive, town

CI_RECORDS = 2_000
LONG_RECORDS = 100_000
SHARE = 100
"""One record in so many is bad."""

BATCH = 100
"""HubSpot's."""


class Poisoned:
    """Some records are refused, and with each the whole batch that holds it, without a word which it was."""

    def __init__(self, ids: frozenset[str]) -> None:
        self.ids = ids

    def __call__(self, write: Write) -> str:
        return "a rule of the account forbids it" if write.id in self.ids else ""


def _whole(_kind: str, _writes: Sequence[Write]) -> str:
    return "whole"


def prove(*, long: bool = False, seed: int = 0, records: int | None = None) -> Report:
    """A first run over many records, one in a hundred of which the CRM refuses."""
    report = Report("poison records stand aside")
    count = records if records is not None else LONG_RECORDS if long else CI_RECORDS
    with scratch() as folder:
        stage = town(folder, batch_size=BATCH, page=1_000)
        refs = [arrive(stage, number, "hubspot") for number in range(count)]
        bad = frozenset(ref.id for ref in random.Random(seed).sample(refs, count // SHARE))  # noqa: S311
        stage.hubspot.refuse, stage.hubspot.trouble = Poisoned(bad), _whole
        code = outcome(stage.run())
        report.figures["exit code"] = int(code)
        report.require(code is Exit.REJECTS, f"it ended with {code}, as if nothing had been refused")
        _judge(stage, count, bad, report)
        before = stage.writes()
        stage.run()
        report.figures["write calls of the next run"] = stage.writes() - before
        report.require(stage.writes() == before, "what was refused was sent again though nothing about it had changed")
    return report


def _judge(stage: Stage, count: int, bad: frozenset[str], report: Report) -> None:
    held = {ref.id for ref, record in stage.hubspot.records.items() if record.fields.get("leadsync_id") is not None}
    kept = {reject.ref.id: reject.reason for reject in stage.rejects()}
    least = -(-count // BATCH)
    price = ceil(log2(BATCH)) + 1
    extra = stage.hubspot.usage.writes - least
    report.figures["records"] = count
    report.figures["synced"] = len(held)
    report.figures["kept with a reason"] = len(kept)
    report.figures["write calls"] = {"without bad records": least, "in all": stage.hubspot.usage.writes}
    report.figures["extra calls for each bad record (gate)"] = f"{extra / len(bad):.2f} ({price})"
    report.require(held == {r.id for r in stage.hubspot.records} - bad, "other records were synced than the good ones")
    report.require(set(kept) == bad and all(kept.values()), "other records were kept than the bad ones")
    report.require(extra <= price * len(bad), f"{extra} extra calls for {len(bad)} bad records")
    arrived = max(versions[0].at for versions in stage.hubspot.versions.values())
    cursor = datetime.fromisoformat(json.loads(stage.cursor("hubspot", "contacts")))
    report.require(cursor >= arrived, "the cursor did not move")
