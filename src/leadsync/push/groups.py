"""Groups of people in the CRMs: put those in who are wanted, take those out whom we put in, and nobody else.

What we did is noted before it is sent. A run that is cut short leaves it noted whom it was sending; the next one looks
who of them is in and goes on from there. Whom a person has put in stays in; whom a person has taken out is not put in
again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadsync.connector import Crm
from leadsync.connector.besides import Groups
from leadsync.errors import LeadsyncError, Misconfigured, QuotaExhausted
from leadsync.records import Ref
from leadsync.store import GROUP_NOTE, Store

Refs = frozenset[Ref]
NAMES = ("ours", "theirs", "refused", "sending")


@dataclass(frozen=True, slots=True)
class Group:
    """A static list, a campaign: `id` is the vendor's. `what`: who belongs in it, "track" or "touched"; `name`: of what
    track, or touched by what campaign or channel."""

    side: str
    id: str
    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what} {self.name} ({self.side} {self.id})"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a group: whom we put in, who was in it before us, whom the CRM refused; `sending`: of whom
    we put in, those who were sent without an answer."""

    ours: Refs = frozenset()
    theirs: Refs = frozenset()
    refused: Refs = frozenset()
    sending: Refs = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """Who is to join and to leave a group, by what is remembered. `wanted`: all that belong in it."""

    group: Group
    wanted: Refs
    join: Refs
    leave: Refs
    kept: Kept

    @property
    def side(self) -> str:
        """The CRM."""
        return self.group.side

    @property
    def changes(self) -> int:
        """How many people join or leave."""
        return len(self.join) + len(self.leave)

    def calls(self, crm: Crm) -> int:
        """API calls that it will take."""
        there = len(self.kept.ours | self.kept.theirs)
        return crm.group_calls(there, len(self.join), len(self.leave)) if isinstance(crm, Groups) else 0

    @property
    def words(self) -> str:
        """As a plan tells it."""
        return f"{self.group}: {len(self.join):,} to join, {len(self.leave):,} to leave"


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a change. `problem`: why it was not carried out to the end; the next run goes on with it."""

    group: Group
    joined: int = 0
    left: int = 0
    refused: Mapping[Ref, LeadsyncError] = field(default_factory=dict)
    problem: str = ""

    @property
    def words(self) -> str:
        """As a run tells it."""
        told = f"{self.group}: {self.joined:,} joined, {self.left:,} left"
        told += "".join(f"; refused {ref}: {error}" for ref, error in sorted(self.refused.items()))
        return f"{told}; not done: {self.problem}" if self.problem else told


def changes(wanted: Mapping[Group, Refs], store: Store) -> list[Change]:
    """What is to be changed, without asking any CRM; a group where nothing is, and nothing is open, is left out."""
    made = [_change(group, people, remembered(store, group)) for group, people in wanted.items()]
    return [change for change in made if change.join or change.leave or change.kept.sending]


def _change(group: Group, wanted: Refs, kept: Kept) -> Change:
    return Change(group, wanted, wanted - kept.ours - kept.theirs - kept.refused, kept.ours - wanted, kept)


def carry(planned: Iterable[Change], sides: Mapping[str, Crm], store: Store) -> list[Changed]:
    """Carry changes out, group by group: what fails in one is told, and the others go on."""
    done = []
    for change in planned:
        try:
            done.append(_carry(change, sides, store))
        except QuotaExhausted:
            raise
        except LeadsyncError as problem:
            done.append(Changed(change.group, problem=str(problem)))
    return done


def _carry(change: Change, sides: Mapping[str, Crm], store: Store) -> Changed:
    crm, kept, group = sides.get(change.group.side), change.kept, change.group
    if not isinstance(crm, Groups):
        raise Misconfigured(f"nurture.toml: {group.side!r} is no configured CRM that has lists or campaigns")
    there = frozenset(crm.members(group.id))
    send = sorted((change.join | (kept.sending & change.wanted)) - there)
    theirs = (kept.theirs | (change.join & there)) & change.wanted
    _note(store, group, Kept(kept.ours | frozenset(send), theirs, kept.refused & change.wanted, frozenset(send)))
    refused = dict(crm.join(group.id, send)) if send else {}
    out = sorted(change.leave & there)
    stayed = dict(crm.leave(group.id, out)) if out else {}
    ours = (kept.ours | frozenset(send)) - refused.keys() - change.leave
    no_more = (kept.refused & change.wanted) | refused.keys()
    _note(store, group, Kept(ours, theirs, no_more))
    return Changed(group, len(send) - len(refused), len(out) - len(stayed), {**refused, **stayed})


def remembered(store: Store, group: Group) -> Kept:
    """What is remembered of a group; who was merged or converted since is known by the record that took its place."""
    text = store.noted(_key(group))
    if text is None:
        return Kept()
    data = json.loads(text)
    if "sending" not in data:  # noted by an earlier leadsync, which kept no names of them
        data["sending"] = [] if data["settled"] else data["ours"]
    ours, theirs, refused, sending = (
        frozenset(store.pulled.now(Ref(group.side, kind, ident)) for kind, ident in data[name]) for name in NAMES
    )
    return Kept(ours - theirs, theirs, refused, sending - theirs)


def put_in(store: Store, group: Group) -> Refs:
    """Whom we have put into a group."""
    return remembered(store, group).ours


def _note(store: Store, group: Group, kept: Kept) -> None:
    data = {name: sorted((ref.kind, ref.id) for ref in getattr(kept, name)) for name in NAMES}
    with store.transaction():
        store.note(_key(group), json.dumps(data))


def _key(group: Group) -> str:
    return f"{GROUP_NOTE} {group.side} {group.id}"
