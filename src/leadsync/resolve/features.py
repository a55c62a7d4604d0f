"""What is seen when a company as a CRM describes it is held against a legal entity: what a match is judged by."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.fuzz import token_sort_ratio

from leadsync.normalize.aliases import first_name, two_names
from leadsync.normalize.company import BRANCH_WORDS, GROUP_WORDS, head_office, parse_name, plain_words, related
from leadsync.normalize.countries import country_names
from leadsync.normalize.domains import domain_label
from leadsync.normalize.initials import NO_INITIALS, Short, short_name
from leadsync.normalize.scripts import is_foreign
from leadsync.normalize.security import without_security
from leadsync.records import CompanyQuery, LegalEntity
from leadsync.resolve.information import information, total
from leadsync.resolve.names import Overlap, overlap

FUND_WORDS = frozenset(
    "fund funds trust etf etfs fonds fondo fond fondi fonden sicav ucits portfolio pension pensions scheme settlement "
    "superannuation superfund plan clo fi fcp fonu fon fundo raif sif reit settlements estate will deceased fip "
    "stiftung stichting fondation foundation fundacion fundacao fondazione saatio pensionskasse versorgungswerk "
    "unterstutzungskasse vorsorge vorsorgestiftung lifeyrissjodur mitarbeiterbeteiligung esop".split()
)
"""Words of funds, trusts, pension schemes and foundations."""
PARENT_WORDS = GROUP_WORDS | frozenset("international global industries enterprises companies corporation".split())
PREVIOUS = "PREVIOUS_LEGAL_NAME"

ENGLISH_FORMS = frozenset("ltd corp inc plc co llc".split())
"""Forms with which companies everywhere translate their own."""
LISTED_FORMS = frozenset(
    "ag plc sa spa nv oyj asa ab se inc corp as kk pjsc jsc tbk kgaa sab sadecv bhd ad dd nyrt zrt ltd".split()
)
"""Forms that companies known by a bare name mostly have."""
SMALL_FORMS = frozenset(
    "lp llp gp sci gbr ev ek snc scs ss sasit kb hb ks ky vof maatschap isdk ans aie cvnl spk spj sco ohg kg".split()
)
"""Forms of partnerships, associations and merchants."""

FORM_SAME, FORM_NONE, FORM_NOT_ASKED, FORM_NOT_FOUND, FORM_RELATED, FORM_OTHER = range(6)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query taken apart once for all its candidates."""

    query: CompanyQuery
    core: tuple[str, ...]
    form: str
    plain: str
    """All its words, the legal form too."""
    places: frozenset[str]
    """Words that name its country, city or region."""
    label: str
    """What the company chose of its web domain, without hyphens; "" when unknown or shared."""
    office: tuple[tuple[str, ...], str] = ((), "")
    """Core words and form of the company whose branch the name says it is; no words when it says no such thing."""
    information: float = 0.0
    """What its core words tell together."""
    branch: bool = False
    """Whether the name says it is a branch's."""
    fund: bool = False
    """Whether the name says it is a fund's, a trust's or a pension scheme's."""
    short: Short = NO_INITIALS
    """What it may be the initials of."""


class Seen(NamedTuple):  # a tuple, since it is made of every candidate of every query
    """One candidate held against the query. Names and places are compared for the best of the entity's names."""

    entity: LegalEntity
    name: str
    kind: str
    """The type of the name that fits best; "" for the legal name."""
    core: tuple[str, ...]
    form: str
    names: Overlap
    form_fit: int
    same_words: bool
    """The names are equal, legal form and all."""
    foreign: bool
    """The name stands in another script, so that it was compared as transliterated."""
    country_fit: int
    """2 the legal address is in the query's country, 1 the headquarters is, 0 the query names none, -1 neither."""
    city_fit: int
    """1 equal, 0 not known of one, -1 different."""
    domain_fit: float
    """Similarity of the domain's label with the name without spaces, 0..1; -1 unknown."""
    plain: str
    """All words of the name."""
    initials: bool = False
    """Whether the asked name is the initials of this one, whose entity is in the asked country."""


_COMMON = 8.0
"""Information up to which a word is too common to be initials: about 1,000 legal names have it."""


def take_apart(query: CompanyQuery) -> Asked:
    """What of a query is compared."""
    name = without_initials(first_name(without_security(query.name)))
    places = country_names(query.country) | set(plain_words(query.city)) | set(plain_words(query.region))
    parsed = parse_name(name, query.country)
    before, comma, after = name.rpartition(",")
    if comma and not parsed.form and places.issuperset(plain_words(after)):
        name, parsed = before, parse_name(before, query.country)
    label = domain_label(query.domain).replace("-", "") if query.domain else ""
    plain = plain_words(name, query.country)
    core, form = head_office(plain, places) or ((), "")
    return Asked(
        query,
        parsed.core,
        parsed.form,
        " ".join(plain),
        frozenset(places),
        label,
        (tuple(core), form),
        total(parsed.core),
        not BRANCH_WORDS.isdisjoint(parsed.core),
        not FUND_WORDS.isdisjoint(parsed.core),
        _short(parsed.core, frozenset(places)),
    )


def _short(core: tuple[str, ...], places: frozenset[str]) -> Short:
    """What the name may be the initials of: nothing where its first word is in many names ("Air France", "Inc.")."""
    return short_name(core, GROUP_WORDS | places) if core and information(core[0]) > _COMMON else NO_INITIALS


def without_initials(name: str) -> str:
    """The name without its own initials in brackets: "International Post Corporation (IPC)"; other brackets stay."""
    before, bracket, after = name.rpartition("(")
    inside, closed, rest = after.partition(")")
    letters = inside.replace(".", "").strip().lower()
    initials = "".join(word[0] for word in plain_words(before))
    if not (bracket and closed and len(letters) > 1 and letters in {initials, initials[: len(letters)]}):
        return name
    return f"{before.strip()} {rest.strip()}".strip()


def compare(asked: Asked, entity: LegalEntity) -> Seen:
    """Hold an entity against a query, by the name of it that fits best."""
    legal, *others = _names(entity)
    best = _by_name(asked, entity, *legal)
    for name, kind in others:
        if best.names.equal:
            break
        other = _by_name(asked, entity, name, kind)
        if _closeness(other) > _closeness(best):
            best = other
    return best


def _names(entity: LegalEntity) -> tuple[tuple[str, str], ...]:
    """The entity's names and their types; a legal name that holds two, as both."""
    both = two_names(entity.name)
    legal = ((entity.name, ""),) if both is None else ((both[0], ""), (both[1], ""))
    return (*legal, *entity.other_names)


def _closeness(one: Seen) -> tuple[bool, float, bool, float]:
    names = one.names
    return names.equal, names.coverage + names.precision, one.initials, names.similarity


def _by_name(asked: Asked, entity: LegalEntity, name: str, kind: str) -> Seen:
    parsed = parse_name(name, entity.country)
    foreign = is_foreign(name)
    names, form = overlap(asked.core, parsed.core, foreign=foreign), asked.form
    if asked.office[0] and not names.equal:
        office = overlap(asked.office[0], parsed.core, foreign=foreign)
        if office.equal:
            names, form = office, asked.office[1]
    plain, country_fit = parsed.plain, _country_fit(asked.query.country, entity)
    return Seen(
        entity,
        name,
        kind,
        parsed.core,
        parsed.form,
        names,
        _form_fit(form, parsed.form),
        plain == asked.plain,
        foreign,
        country_fit,
        _city_fit(asked.query.city, entity),
        _domain_fit(asked.label, parsed.core) if asked.label else -1.0,
        plain,
        country_fit > 0 and not names.equal and asked.short.stands_for(parsed.core),
    )


def _form_fit(asked: str, found: str) -> int:
    if asked == found:
        return FORM_SAME if asked else FORM_NONE
    if not asked:
        return FORM_NOT_ASKED
    if not found:
        return FORM_NOT_FOUND
    return FORM_RELATED if related(asked, found) else FORM_OTHER


def _country_fit(country: str, entity: LegalEntity) -> int:
    if not country:
        return 0
    if entity.country == country:
        return 2
    return 1 if entity.headquarters.country == country else -1


def _city_fit(city: str, entity: LegalEntity) -> int:
    known = [words for words in (entity.legal.city, entity.headquarters.city) if words]
    if not city or not known:
        return 0
    asked = " ".join(plain_words(city))
    return 1 if any(" ".join(plain_words(words)) == asked for words in known) else -1


def _domain_fit(label: str, core: tuple[str, ...]) -> float:
    name = "".join(core)
    if label == name or label in core:
        return 1.0
    if len(label) >= 5 and (name.startswith(label) or label.startswith(name)):
        return 0.9
    return 0.5 if len(label) >= 5 and label in name else 0.0


FEATURES = (
    "coverage", "precision", "asked_only", "found_only", "asked_only_most", "found_only_most", "asked_only_words",
    "found_only_words", "similarity", "sorted_similarity", "equal", "same_words", "form_fit", "country_fit", "city_fit",
    "category", "is_branch", "asks_branch", "is_fund", "asks_fund", "information", "words", "first_word",
    "mended", "asked_places", "found_places", "found_generic", "asked_generic", "other_name", "group_only",
    "foreign", "leading", "translated_form", "form_size",
    "rivals_equal", "rivals_equal_here", "rank", "ahead", "near", "holds_all", "holds_all_here", "twins",
    "group_rivals", "family", "family_here", "longer_here", "crowd",
    "rarest", "rarest_here", "next_rarest", "next_rarest_here", "commonest", "counted",
)  # fmt: skip
"""The names of the columns of `table`."""

UNKNOWN = -1.0
"""In place of a rarity: nobody counted."""
NO_OTHER = 15.0
"""In place of a second word's rarity: a name of one word."""
Counts = Sequence[tuple[int, int]]
"""Of each word of a name how many of the register's names have it: everywhere, and in the query's country."""
_REGISTER = 3.2e6
"""Names in the register of October 2025."""

_CATEGORY = {"GENERAL": 0, "FUND": 1, "BRANCH": 2, "SOLE_PROPRIETOR": 3}
_GENERIC = 8.5
"""Information up to which a word is generic ("services", "international")."""


def row(asked: Asked, seen: Seen) -> tuple[float, ...]:
    """The features that need no other candidate."""
    names = seen.names
    left, right = names.asked_only, names.found_only
    return (
        names.coverage,
        names.precision,
        names.asked,
        names.found,
        _most(left),
        _most(right),
        len(left),
        len(right),
        names.similarity,
        token_sort_ratio(asked.plain, seen.plain) / 100,
        names.equal,
        seen.same_words,
        seen.form_fit,
        seen.country_fit,
        seen.city_fit,
        _CATEGORY.get(seen.entity.category, 4),
        seen.entity.category == "BRANCH" or not BRANCH_WORDS.isdisjoint(seen.core),
        asked.branch,
        seen.entity.category == "FUND" or not FUND_WORDS.isdisjoint(seen.core),
        asked.fund,
        asked.information,
        len(asked.core),
        asked.core[:1] == seen.core[:1],
        names.mended,
        sum([word in asked.places for word in left]),
        sum([word in asked.places for word in right]),
        _most(right) <= _GENERIC if right else 0.5,
        _most(left) <= _GENERIC if left else 0.5,
        0 if not seen.kind else 2 if seen.kind == PREVIOUS else 1,
        (not left or GROUP_WORDS.issuperset(left)) and (not right or GROUP_WORDS.issuperset(right)),
        seen.foreign,
        _leading(asked.core, seen.core),
        asked.form in ENGLISH_FORMS and seen.form != "" and seen.form not in ENGLISH_FORMS,
        (seen.form in LISTED_FORMS) - (seen.form in SMALL_FORMS),
    )


def _most(words: Sequence[str]) -> float:
    return max(map(information, words)) if words else 0.0


def _leading(asked: tuple[str, ...], found: tuple[str, ...]) -> float:
    """The share of the shorter name's words with which both names begin."""
    same = 0
    for a, b in zip(asked, found, strict=False):
        if a != b:
            break
        same += 1
    return same / max(1, min(len(asked), len(found)))


def crowd(asked: Asked, seen: Sequence[Seen]) -> list[tuple[float, ...]]:
    """For each candidate the features that come of the others: namesakes, and how far it is ahead."""
    if len(seen) == 1:
        return [_alone(asked, seen[0])]
    standing = [_standing(one) for one in seen]
    order = sorted(standing)
    equal = [one.names.equal for one in seen]
    here = [one.country_fit == 2 for one in seen]
    holds = [one.names.coverage >= 0.999 for one in seen]
    same = [(one.same_words, one.entity.country, one.form) for one in seen]
    counts = (sum(equal), sum(e and h for e, h in zip(equal, here, strict=True)))
    holding = (sum(holds), sum(a and h for a, h in zip(holds, here, strict=True)))
    grouped = [one.names.coverage >= 0.999 and _is_group_of(one) and h for one, h in zip(seen, here, strict=True)]
    family = [one.core[:1] == asked.core[:1] for one in seen]
    family_here = sum(f and h for f, h in zip(family, here, strict=True))
    longer_here = sum(a and h and bool(one.names.found_only) for a, h, one in zip(holds, here, seen, strict=True))
    rows: list[tuple[float, ...]] = []
    twins = Counter(key for key, is_equal in zip(same, equal, strict=True) if is_equal)
    for at, score in enumerate(standing):
        best_other = order[-2] if score == order[-1] and len(order) > 1 else order[-1]
        rows.append(
            (
                counts[0] - equal[at],
                counts[1] - (equal[at] and here[at]),
                len(order) - bisect_right(order, score),
                score - (best_other if len(order) > 1 else -1.0),
                bisect_left(order, score + 0.1) - bisect_right(order, score - 0.1) - 1,
                holding[0],
                holding[1],
                (twins[same[at]] if equal[at] else 0) - 1,
                sum(grouped) - grouped[at],
                sum(family),
                family_here,
                longer_here,
                len(seen),
            )
        )
    return rows


def _alone(asked: Asked, one: Seen) -> tuple[float, ...]:
    """What `crowd` makes of a candidate without others."""
    holds, here = one.names.coverage >= 0.999, one.country_fit == 2
    family = one.core[:1] == asked.core[:1]
    longer = holds and here and bool(one.names.found_only)
    ahead, twins = _standing(one) + 1.0, (1 if one.names.equal else 0) - 1
    return 0, 0, 0, ahead, 0, holds, holds and here, twins, 0, family, family and here, longer, 1


def _is_group_of(one: Seen) -> bool:
    """Whether the entity has the asked name and besides only words of a group's head: "holding", "international"."""
    return one.names.found_only != () and PARENT_WORDS.issuperset(one.names.found_only)


def rarity(counts: Counts | None) -> tuple[float, ...]:
    """How rare the asked name's words are among the register's names, as the logarithms of how many have them: the
    rarest word and the second rarest, each everywhere and in the query's country, and the commonest; and what all words
    tell together, so counted. A name of words that nobody else has is its owner's; one of common words, in a family of
    many, may be any of theirs."""
    if not counts:
        return (UNKNOWN,) * 6
    everywhere, here = sorted(count for count, _ in counts), sorted(count for _, count in counts)
    second = [math.log1p(some[1]) if len(some) > 1 else NO_OTHER for some in (everywhere, here)]
    told = sum(math.log(_REGISTER / max(1, count)) for count in everywhere)
    return math.log1p(everywhere[0]), math.log1p(here[0]), *second, math.log1p(everywhere[-1]), told


_FORM_WORTH = {
    FORM_SAME: 0.2, FORM_NONE: 0.15, FORM_NOT_ASKED: 0.1, FORM_NOT_FOUND: 0.1, FORM_RELATED: 0.0, FORM_OTHER: -0.2,
}  # fmt: skip


def _standing(one: Seen) -> float:
    """A rough order of candidates, for telling how far one is ahead of the others."""
    names = one.names
    base = 1.5 if names.equal else names.coverage * names.precision
    return base + 0.15 * one.country_fit + _FORM_WORTH[one.form_fit] + 0.1 * max(0.0, one.domain_fit)
