"""Decide, then do: from what is known and wanted to writes that have not happened yet."""

from leadsync.plan.judge import goes_back
from leadsync.plan.making import explain, plan, plan_subject, together, turns
from leadsync.plan.model import (
    Accounted,
    Change,
    Held,
    Kept,
    LastWrite,
    Lease,
    Member,
    Memory,
    Plan,
    Refusal,
    Step,
    Subject,
)

__all__ = [
    "Accounted",
    "Change",
    "Held",
    "Kept",
    "LastWrite",
    "Lease",
    "Member",
    "Memory",
    "Plan",
    "Refusal",
    "Step",
    "Subject",
    "explain",
    "goes_back",
    "plan",
    "plan_subject",
    "together",
    "turns",
]
