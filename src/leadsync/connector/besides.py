"""What a CRM can be asked to do besides keeping people and companies: lists and campaigns, deals, tasks, influence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from leadsync.connector import Check
from leadsync.errors import SkipRecord
from leadsync.records import Fields, Ref


@runtime_checkable
class Groups(Protocol):
    """What a `Crm` can do besides, where it has groups of people: static lists, campaigns. Each call is safe to repeat.

    Raises Misconfigured for a group that is not there or that only the CRM itself may fill; a refused person is in the
    answer, and the others are done. Raises TryAgain where some could not be done now, and nothing is wrong with them.
    """

    def members(self, group: str) -> Collection[Ref]:
        """Who is in a group now."""

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Put people into a group (those that are in it stay); gives those that were refused."""

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Take people out of a group; gives those that were refused."""

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        """How many API calls `members` (of a group with so many), `join` and `leave` will spend."""

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        """Whether these groups are there and may be read, filled and emptied. Nothing is changed, and what goes wrong
        is a check that fails."""


@runtime_checkable
class Ties(Protocol):
    """What a `Crm` can do besides, where making a record and tying it to others are two calls."""

    def tie(self, kind: str, links: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        """Associate records (id → vendor object → ids of others); doing it twice changes nothing. What is refused, or
        gets no answer, is left as it is. Raises TryAgain where nothing can be done now."""


@dataclass(frozen=True, slots=True)
class Deal:
    """An open opportunity. `people`: the records of those who have a part in it, as the CRM says."""

    ref: Ref
    opened: datetime
    account: Ref | None = None
    people: tuple[Ref, ...] = ()


@runtime_checkable
class Deals(Protocol):
    """What a `Crm` can do besides, where it has deals."""

    def deals(self) -> Iterator[Deal]:
        """All deals that are open now."""


class EntryKind(StrEnum):
    """What an entry is. A TASK says `subject`, `text`, `due` (a date) and `priority`, and is about a "person".
    An INFLUENCE says `share` in per cent, and is about a "deal", a "campaign" and, where one is known, a "person"."""

    TASK = "task"
    INFLUENCE = "influence"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that leadsync keeps in a CRM, and nobody else. `key`: ours, never two of one key; `about`: the records
    it ties together; `id`: the CRM's, once it is made; `whole`: entries of one whole add up, and stand or fall
    together; `why`: for whoever asks leadsync, and never sent."""

    key: str
    about: Mapping[str, Ref]
    values: Fields
    id: str | None = None
    whole: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as it stands in the CRM. `untouched`: as far as the CRM tells, nobody else has changed it; `open`: it is
    still to be done; `values`: those that it still says, where they can be compared."""

    key: str
    id: str
    whole: str = ""
    untouched: bool = True
    open: bool = True
    values: Fields = field(default_factory=dict)


@runtime_checkable
class Entries(Protocol):
    """What a `Crm` can do besides, where it takes entries. `place`: where they are kept, as the vendor calls it.

    Raises Misconfigured for a kind it does not know, or a place that is not there or not ours to fill.
    """

    def entries(self, kind: EntryKind, place: str, asked: Sequence[Entry]) -> Sequence[Standing]:
        """What stands there now: of the asked, by id or by key, and what else is open in the same wholes."""

    def put(self, kind: EntryKind, place: str, entries: Sequence[Entry]) -> Mapping[str, str | SkipRecord]:
        """Make those without an id, change the others; by key the id, or why it was refused. Raises Ambiguous where
        nobody knows what became of them."""

    def take_away(self, kind: EntryKind, place: str, entries: Sequence[Entry]) -> Mapping[str, SkipRecord]:
        """Remove entries by id (those that are gone are gone); by key those that were refused."""

    def entry_calls(self, kind: EntryKind, made: int, changed: int, taken: int) -> int:
        """How many API calls it will spend at most to look at so many, to make, change and take them away."""

    def check_entries(self, kind: EntryKind, place: str) -> Sequence[Check]:
        """Whether entries may be kept there. Nothing is changed, and what goes wrong is a check that fails."""
