"""Worker processes that send requests through real connectors as fast as they are let."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from leadsync.connector import Allowance, Crm, connector
from leadsync.errors import QuotaExhausted, TryAgain
from leadsync.quota import Governor, Lane, Shares


@dataclass(frozen=True)
class Job:
    """What one worker does: rounds of the same requests, until the rounds or the day's share are used up."""

    vendor: str
    settings: dict[str, object]
    file: Path
    allowances: Sequence[Allowance]
    shares: Shares
    rounds: int


def now() -> datetime:
    return datetime.now(UTC)


def impatient(_seconds: float) -> None:
    """A retry that does not wait: nothing but the governor slows it down."""


def hammer(job: Job) -> tuple[int, str]:
    """Do the job: (requests counted, how it ended)."""
    made = connector(job.vendor)
    crm: Crm = made.open(made.settings.model_validate(job.settings), now, job.vendor, impatient)
    governor = Governor(job.file, job.vendor, job.allowances, now, job.shares, Lane.INTERACTIVE)
    crm.usage.meter = governor
    ended = "done"
    try:
        for _ in range(job.rounds):
            one_round(crm, job.vendor)
    except QuotaExhausted:
        ended = "exhausted"
    finally:
        crm.close()
        governor.close()
    return crm.usage.reads + crm.usage.writes, ended


def one_round(crm: Crm, vendor: str) -> None:
    """A search and some plain requests."""
    cursor = ""
    kind = "contacts" if vendor == "hubspot" else "Lead"
    field = "email" if vendor == "hubspot" else "Email"
    try:
        for page in crm.pull(kind, cursor, [field]):
            cursor = page.cursor
        for _page in crm.pull(kind, cursor, [field]):
            pass
    except TryAgain:
        return  # the storm outlasted the retries
