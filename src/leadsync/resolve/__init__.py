"""Which legal entity a company of a CRM is: candidates in, a match with evidence and calibrated confidence out."""

from leadsync.resolve.decisions import NOTHING, Decision, Decisions, Verdict
from leadsync.resolve.judge import ResolveSettings, resolve, resolve_all

__all__ = ["NOTHING", "Decision", "Decisions", "ResolveSettings", "Verdict", "resolve", "resolve_all"]
