"""Look at everything in parts that memory can hold: records that cannot bear on each other need not be there together.

First every part says what the others have to know of it (`_tell`): the accounts, what tells a lead's company, who is
engaged. From that follow, on disk, the leads' companies and their legal entities and families (`_settle`). Then every
part is judged and planned with what concerns it (`_around`). What comes out is what `look` gives, whatever the size of
the parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from leadsync import picture
from leadsync.accounts import ASKED, Accounts, Belonging, account_of, is_engaged, sought
from leadsync.closures import Closures, tie_hash
from leadsync.enrich import Resolved
from leadsync.identify import Known, address_tie, company_ties, merged_ties, own_tie, person_ties, record_ties
from leadsync.look import Around, Found, Part, Said, conclude, find, kinds_of, look, note_decisions, resolve, wanted
from leadsync.mapping.model import ObjectMap
from leadsync.memory import memory
from leadsync.normalize import person
from leadsync.picture import Activity, Party
from leadsync.plan import Accounted, Held, Kept, Plan, Step, plan
from leadsync.records import Fields, Record, Ref, Role
from leadsync.store import Pairs, Scratch, Shelf, Survey, Told
from leadsync.streams import Streamed
from leadsync.unify import read
from leadsync.world import Judged, View, World


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known and planned of some records. `uids`, `refs`: whom and what that concerns; None: all."""

    view: View
    plan: Plan
    uids: frozenset[str] | None = None
    refs: frozenset[Ref] | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything known and planned, and the same in pieces. `survey`: where it stands on disk, None: in memory."""

    view: View
    plan: Plan
    pieces: Iterable[Piece]
    survey: Survey | None = None


def see(world: World) -> Sight:
    """Look at everything and plan: at once, or in parts where there is too much for that."""
    known, _ = world.store.pulled.size()
    if known <= world.at_once:
        view = look(world)
        made = plan(view.subjects, memory(world.store), view.as_of)
        return Sight(view, made, [Piece(view, made)])
    return _in_parts(world, world.clock())


def _in_parts(world: World, as_of: datetime) -> Sight:
    rules, said = world.rules, Said.of(world.store)
    fixed = (rules.lead, rules.company, *rules.models, rules.stages, rules.touches, rules.attribution, rules.nurture)
    survey = Survey(Scratch(world.store.path, fixed))
    books = _Books(world, survey, as_of)
    _deal_out(world, survey, said)
    for found in _parts(world, survey, said, as_of):
        _tell(world, survey, found, as_of)
    if not world.stop():
        _settle(world, survey)
        world.progress.step("score and qualify", survey.leads())
        for found in _parts(world, survey, said, as_of):
            view = conclude(world, found, _around(world, survey, found, as_of), as_of)
            refs = found.refs | {*_to_make(rules.lead, found.people), *_to_make(rules.company, found.companies)}
            books.add(found, view, plan(view.subjects, memory(world.store, refs), as_of))
    return books.sight()


def _to_make(mapping: ObjectMap, parties: Sequence[Party]) -> Iterator[Ref]:
    """Under what the records stand that a plan may make."""
    return (Ref(rule.side, rule.kind, f"new:{party.uid}") for rule in mapping.creates for party in parties)


def _parts(world: World, survey: Survey, said: Said, as_of: datetime) -> Iterator[Found]:
    """Who is who in each part, one after the other; ends early where the run is to stop."""
    for number in range(survey.parts()):
        if world.stop():
            return
        yield find(world, as_of, said, Part(*survey.part(number)))


# ---- which records belong together


TELLING = (
    *("leadsync_id", "email", "other_emails", "first_name", "last_name"),
    *("name", "company_name", "country", "domain", "website"),
)
"""The fields by which records are joined and named."""


def _deal_out(world: World, survey: Survey, said: Said) -> None:
    """Make parts of all records; a touch known by an address goes where that address is."""
    known, last = world.store.pulled.size()
    world.progress.step("find what belongs together", known)
    survey.save_ties(_record_ties(world, said))
    survey.save_addressed(enumerate(map(str, world.store.pulled.addressed()), last + 1))
    survey.save_ties(_touch_ties(survey))
    groups = Closures(survey.last(last))
    groups.tied(survey.ties())
    survey.save_parts(groups.parts(world.part))


def _record_ties(world: World, said: Said) -> Iterator[tuple[int, int]]:
    kinds = {place: role for role in Role for place in kinds_of(world.sides, role)}
    telling = {role: _telling(mapping) for role, mapping in world.rules.mappings.items()}
    one: dict[Ref, list[Ref]] = defaultdict(list)
    for a, b in said.overrides.same:
        one[a].append(b)
    for row, record, uid in world.store.pulled.numbered():
        world.progress.advance()
        role = kinds.get((record.ref.side, record.ref.kind))
        ties = set(record_ties(record) if role is None else _ties(role, Known(record, read(telling[role], record))))
        ties.update(map(own_tie, one.get(record.ref, ())))
        yield from ((tie_hash(tie), row) for tie in (*ties, *([uid] if uid is not None else [])))


def _telling(mapping: ObjectMap) -> ObjectMap:
    return replace(mapping, fields={name: mapped for name, mapped in mapping.fields.items() if name in TELLING})


def _ties(role: Role, known: Known) -> Iterator[str]:
    if known.record.deleted:
        return merged_ties(known.record, known.facts) if role is Role.PERSON else record_ties(known.record)
    match role:
        case Role.PERSON:
            return person_ties(known)
        case Role.COMPANY:
            return company_ties(known)


def _touch_ties(survey: Survey) -> Iterator[tuple[int, int]]:
    for number, name in survey.addressed():
        yield tie_hash(own_tie(name)), number
        if address := person.email(Ref.parse(name).id):
            yield tie_hash(address_tie(address)), number


# ---- what all have to know of each


def _tell(world: World, survey: Survey, found: Found, as_of: datetime) -> None:
    survey.save_accounts(
        (account_of(c.identity, c.facts), picture.telling(world.rules.company, c)) for c in found.companies
    )
    since = as_of - world.rules.nurture.memory
    survey.save_leads(_told(party, found.active.get(party.uid, Activity()), as_of, since) for party in found.people)


def _told(party: Party, done: Activity, as_of: datetime, since: datetime) -> Told:
    newest = done.touchpoints[-1].at if done.touchpoints else None
    facts = {name: party.facts[name] for name in ASKED if name in party.facts}
    return Told(
        uid=party.uid,
        asked=(tuple(_bare(member) for member in party.identity.members), facts),
        engaged=is_engaged(newest, as_of),
        customer=picture.is_customer(party),
        contacts=tuple(contact for contact in done.contacts if contact.at >= since),
    )


def _bare(member: Known) -> Known:
    """What of a record tells its company: its links."""
    return Known(Record(member.record.ref, {}, member.record.modified, member.record.links), {}, member.preferred)


def _settle(world: World, survey: Survey) -> None:
    """The leads' companies, in the order of the leads' ids; then the companies' legal entities and families."""
    for leads in survey.asked():
        accounts = Accounts(survey.candidates([sought(*asked) for _, asked in leads]))
        before = frozenset(accounts.by_uid)
        homes: dict[str, Belonging | None] = {uid: accounts.belonging(*asked) for uid, asked in leads}
        survey.save_accounts((account, None) for uid, account in accounts.by_uid.items() if uid not in before)
        survey.save_belongings(homes)
    for told in survey.accounts():
        note_decisions(world, [account for account, _ in told], {account.uid: facts for account, facts in told})
    for told in survey.accounts():
        found = resolve(world, [account for account, _ in told])
        survey.save_resolved({uid: (entity.family, entity) for uid, entity in found.items()})
    survey.count_families()


def _around(world: World, survey: Survey, found: Found, as_of: datetime) -> Around:
    homes = {uid: (home, family) for uid, home, family in survey.homes([party.uid for party in found.people])}
    accounts = {home.account.uid: home for home, _ in homes.values()}
    about = list(survey.companies({*accounts, *(company.uid for company in found.companies)}))
    contacts = {uid: (account, told) for account, uid, told in survey.contacts(accounts)}
    others = {uid: accounts[account] for uid, (account, _) in contacts.items()}
    there = dict(sorted({**others, **{uid: home for uid, (home, _) in homes.items()}}.items()))
    active = {uid: Activity((), told) for uid, (_, told) in contacts.items()}
    return Around(
        belongings={uid: home for uid, (home, _) in homes.items()},
        resolved={uid: entity for uid, _, entity in about if entity is not None},
        company_facts={uid: facts for uid, facts, _ in about if facts is not None},
        families={uid: family for uid, (_, family) in homes.items()},
        colleagues=picture.colleagues(there, active, as_of - world.rules.nurture.memory),
    )


# ---- what follows, kept until it is decided that it may


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a piece holds besides its leads, companies, writes and what is kept."""

    resolved: Mapping[str, Resolved]
    closed: Mapping[str, frozenset[str]]
    shadows: Mapping[Ref, Fields]
    after: Mapping[str, Accounted]
    uids: frozenset[str]
    refs: frozenset[Ref]


class _Books:
    """The pieces on disk, a chunk of each shelf for each piece, and together as one view and one plan."""

    def __init__(self, world: World, survey: Survey, as_of: datetime) -> None:
        self._world, self._survey, self._as_of = world, survey, as_of
        self._leads: Shelf[Judged] = survey.scratch.shelf()
        self._companies: Shelf[Party] = survey.scratch.shelf()
        self._steps: Shelf[Step] = survey.scratch.shelf()
        self._kept: Shelf[Kept] = survey.scratch.shelf()
        self._held: Shelf[Held] = survey.scratch.shelf()
        self._rest: Shelf[_Rest] = survey.scratch.shelf()

    def add(self, found: Found, view: View, made: Plan) -> None:
        """Keep what is known and planned of a part."""
        self._leads.add(view.leads)
        self._companies.add(view.companies)
        self._steps.add(made.steps)
        self._kept.add(made.kept)
        self._held.add(made.held)
        named = (*found.known_as.values(), *(p.uid for p in (*found.people, *found.companies)))
        rest = _Rest(view.resolved, found.closed, made.shadows, made.after, frozenset(named), found.refs)
        self._rest.add([rest])

    def sight(self) -> Sight:
        """All of it."""
        rules, rest = self._world.rules, self._rest
        resolved = Pairs(Streamed(self._survey.resolved))
        subjects = Streamed(lambda: (subject for piece in self._pieces() for subject in piece.view.subjects))
        view = View(self._as_of, self._leads, self._companies, resolved, subjects, rules.attribution)
        shadows = Pairs(Streamed(lambda: (pair for one in rest for pair in one.shadows.items())))
        after = Pairs(Streamed(lambda: (pair for one in rest for pair in one.after.items())))
        made = Plan(self._steps, self._kept, shadows, after, self._held)
        return Sight(view, made, Streamed(self._pieces), self._survey)

    def _pieces(self) -> Iterator[Piece]:
        shelves = (self._leads, self._companies, self._steps, self._kept, self._held, self._rest)
        for leads, companies, steps, kept, held, (rest,) in zip(*(s.chunks() for s in shelves), strict=True):
            subjects = Streamed(partial(wanted, self._world.rules, leads, companies, rest.resolved, rest.closed))
            view = View(self._as_of, leads, companies, rest.resolved, subjects, self._world.rules.attribution)
            yield Piece(view, Plan(steps, kept, rest.shadows, rest.after, held), rest.uids, rest.refs)
