"""What people decided about matches: kept for ever, shared by all spellings of one company, above all judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadsync.normalize.company import core_name, legal_form
from leadsync.records import CompanyQuery

CONFIRM, REJECT = "confirm", "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for one company: the LEI a person confirmed, and those a person rejected."""

    confirmed: str | None = None
    rejected: frozenset[str] = frozenset()


NOTHING = Decision()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing a person said: this company is (or is not) that entity. Later ones override earlier ones."""

    query: CompanyQuery
    lei: str
    verdict: str
    """"confirm" or "reject"."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """All verdicts, found by company. Spellings that differ only in case, accents or writing of the form are one."""

    _by_key: Mapping[tuple[str, str, str], Decision] = field(default_factory=dict)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Decisions:
        """Take verdicts in the order they were given; raises ValueError for a verdict that is neither."""
        found: dict[tuple[str, str, str], Decision] = {}
        for one in verdicts:
            key = company_key(one.query)
            before = found.get(key, NOTHING)
            match one.verdict:
                case "confirm":
                    found[key] = Decision(one.lei, before.rejected - {one.lei})
                case "reject":
                    kept = before.confirmed if before.confirmed != one.lei else None
                    found[key] = Decision(kept, before.rejected | {one.lei})
                case other:
                    raise ValueError(f"a verdict is {CONFIRM!r} or {REJECT!r}, not {other!r}")
        return cls(found)

    def about(self, query: CompanyQuery) -> Decision:
        """What holds for this company."""
        return self._by_key.get(company_key(query), NOTHING)


def company_key(query: CompanyQuery) -> tuple[str, str, str]:
    """(name without form, form, country): what makes two descriptions the same company for a decision."""
    return core_name(query.name, query.country), legal_form(query.name, query.country), query.country
