"""The nouns: what the CRMs hold and what the register knows, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias

Value: TypeAlias = str | int | float | bool | None
"""A field's value as JSON has it. None is "asked for and blank there"."""

Fields: TypeAlias = Mapping[str, Value]
"""Field name to value. A name that is missing was not readable or not asked for: leave it alone."""


class Absent:
    """The type of `ABSENT`: the field was not asked for or may not be read."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def is_blank(value: Value | Absent) -> bool:
    """Whether the field holds nothing: never set (null), cleared ("", as HubSpot says it) or absent."""
    return value is None or value is ABSENT or value == ""


def value_text(value: Value) -> str:
    """A value as a person reads it in a plan: blank as "", numbers without a trailing ".0"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Where a record lives: the side ("hubspot"), the vendor's object ("contacts") and the vendor's id."""

    side: str
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.side}/{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read "side/kind/id" back; raises ValueError when it is not three parts."""
        side, kind, ident = text.split("/", 2)
        return cls(side, kind, ident)


class Role(StrEnum):
    """What an object of a CRM stands for."""

    PERSON = "person"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Record:
    """One CRM record as it was read. `fields` and `links` use the vendor's own names.

    `links`: other records by vendor object, e.g. {"companies": ("12",)}, the primary one first.
    `aliases`: ids of the same kind that were merged into this one.
    `successor`: the record that took this one's place (a converted lead's contact, a merge's survivor).
    `modified_by`: the vendor's id of who changed it last, "" where the CRM does not say; `by_us`: whether that was the
    user leadsync connects as, None where nobody can tell.
    """

    ref: Ref
    fields: Fields
    modified: datetime
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    deleted: bool = False
    read_only: bool = False
    successor: Ref | None = None
    modified_by: str = ""
    by_us: bool | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """One thing a person did or received, as its CRM recorded it, not yet classified.

    `type`: the connector's word: "form_submission", "email", "meeting", "call", "campaign_member" ...
    `source`: what the CRM says of its kind, e.g. a campaign's type ("Webinar") or an e-mail's direction.
    `name`: the campaign's, form's or subject's name; `status`: e.g. a campaign member's status.
    """

    ref: Ref
    person: Ref
    at: datetime
    type: str
    source: str = ""
    name: str = ""
    status: str = ""
    campaign: Ref | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A place as the register or a CRM writes it; `country` is ISO 3166-1 alpha-2."""

    country: str = ""
    region: str = ""
    city: str = ""
    postcode: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """A level 1 record of the Global LEI System.

    `status` is the entity's (ACTIVE, INACTIVE), `registration` the LEI registration's (ISSUED, LAPSED, RETIRED,
    MERGED, DUPLICATE, ANNULLED ...). `other_names` holds (name, type) pairs, types as GLEIF spells them.
    """

    lei: str
    name: str
    country: str
    category: str = "GENERAL"
    subcategory: str = ""
    legal_form: str = ""
    jurisdiction: str = ""
    status: str = "ACTIVE"
    registration: str = "ISSUED"
    legal: Address = Address()
    headquarters: Address = Address()
    other_names: tuple[tuple[str, str], ...] = ()
    successors: tuple[str, ...] = ()
    created: date | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """One end of an ownership relation. `lei` is empty when the register gives a reason instead of a parent.

    `how`: "reported" (the register says so), "climbed" (top of the chain of direct parents) or "exception".
    """

    lei: str = ""
    name: str = ""
    country: str = ""
    how: str = "reported"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who consolidates an entity. `path` is the chain of LEIs from the entity to its ultimate parent, both included."""

    lei: str
    direct: Parent | None = None
    ultimate: Parent | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kin:
    """The other end of a relationship record. `tie`: "direct" or "ultimate" (consolidated), "branch" or "fund"
    (managed, sub-fund, feeder: no family). `since` and `until` bound the relationship; None is open or unknown."""

    lei: str
    name: str = ""
    country: str = ""
    tie: str = "direct"
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """What a CRM knows of a company: all that a resolver may ask with. Blank means unknown."""

    name: str
    country: str = ""
    city: str = ""
    region: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A resolver's answer for one query.

    `status`: "matched" (`lei` is set), "ambiguous" (several could be meant: see `candidates`) or "none".
    `confidence`: calibrated probability in 0..1 that `lei` is right; for "none" and "ambiguous", that of the best one.
    `candidates`: (lei, legal name, country, confidence), best first.
    """

    status: str
    lei: str = ""
    legal_name: str = ""
    country: str = ""
    confidence: float = 0.0
    method: str = ""
    evidence: tuple[str, ...] = ()
    candidates: tuple[tuple[str, str, str, float], ...] = ()
