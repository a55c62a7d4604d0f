"""Failures, sorted by what to do next: stop the run, try again, or skip the record."""

from __future__ import annotations


class LeadsyncError(Exception):
    """Base of all that leadsync raises on purpose; the text says where, what, and what to do next."""


class StopRun(LeadsyncError):
    """The run cannot go on; a person must act."""


class Misconfigured(StopRun):
    """A setting, credential, permission or mapping is wrong. Exit code 4."""


class Unreadable(StopRun):
    """A server answered something that is not what its API promises, so nothing may be concluded from it."""


class QuotaExhausted(StopRun):
    """The day's API allowance is used up; the next run after `resets_in` seconds resumes by itself. Exit code 5."""

    def __init__(self, message: str, resets_in: float | None = None) -> None:
        super().__init__(message)
        self.resets_in = resets_in


class TryAgain(LeadsyncError):
    """A passing fault of which it is certain that nothing was applied; `retry.py` waits and repeats."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(TryAgain):
    """The server asked us to slow down (429 and its kin)."""


class Ambiguous(LeadsyncError):
    """A write was sent and its outcome is unknown: read the records again, never resend blindly."""


class SkipRecord(LeadsyncError):
    """One record (or one batch, until it is split) is refused; the others go on.

    `code` is the vendor's error code, `fields` the vendor's field names it complains about.
    """

    def __init__(self, message: str, *, code: str = "", fields: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields
        self.hint = hint


class Rejected(SkipRecord):
    """The CRM refused what we sent."""


class BadRecord(SkipRecord):
    """A record that was read cannot be understood."""
