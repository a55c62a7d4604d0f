"""What the pages show, and what a vendor's sandbox must be able to tell for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

PAGE_SIZE = 50
"""Records on one page of a list."""


class NoSuch(Exception):
    """There is no such object, record or field; the text says which."""


class Refusal(Exception):
    """An edit that the CRM refuses, with its own reason as a person may read it."""


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One kind of record: its name in addresses, its label, and how many there are."""

    name: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One record in a list: what it is called, and its cells in the order of the list's columns."""

    id: str
    title: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of records, and how many there are on all pages."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    total: int


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a record; `options` are offered beside free text.

    `value` None is empty; "" was cleared, in a CRM that tells the two apart.
    """

    name: str
    label: str
    value: str | None
    editable: bool
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Another record that this one is tied to, and how."""

    how: str
    kind: str
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record with all its fields; `state` says what a person should know of it ("deleted", "converted")."""

    id: str
    title: str
    fields: tuple[FieldView, ...]
    links: tuple[Link, ...] = ()
    state: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that a field has had: when it came, from where, and by whom; the newest comes first."""

    at: str
    value: str
    source: str
    user: str


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may edit records by hand."""

    id: str
    name: str


class Browsable(Protocol):
    """What a sandbox tells of its records. All but `title` and `users` raise NoSuch for names there are not."""

    title: str

    def objects(self) -> Sequence[ObjectView]:
        """The kinds of records."""

    def users(self) -> Sequence[User]:
        """Who may edit; nobody where all is read-only."""

    def records(self, kind: str, query: str, page: int) -> Listing:
        """Page `page` (from 1) of the records in which any field holds the words, in any case."""

    def record(self, kind: str, ident: str) -> RecordView:
        """One record with all fields."""

    def edit(self, kind: str, ident: str, field: str, value: str, user: str) -> None:
        """Set a field by a person's hand, "" to clear it; raises Refusal with the CRM's reason."""

    def history(self, kind: str, ident: str, field: str) -> Sequence[Entry]:
        """The values a field has had, the newest first."""


def cut(lines: Sequence[Line], page: int) -> tuple[Line, ...]:
    """The lines of one page, of all that there are."""
    return tuple(lines[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
