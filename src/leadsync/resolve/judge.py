"""Decide which candidate a company is, how sure that is, and when it is better to say nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadsync.records import CompanyQuery, LegalEntity, Match
from leadsync.resolve.decisions import NOTHING, Decision
from leadsync.resolve.evidence import evidence, lacking
from leadsync.resolve.features import FORM_SAME, Asked, Counts, Seen, compare, crowd, rarity, row, take_apart
from leadsync.resolve.model import Trees, model

CONSIDERED = 12
"""Candidates of each query that are looked at, as many as the model was trained with."""
JUDGED = 6
"""Candidates of each query that the model weighs, the likeliest by a rough order first; and those by initials."""
INITIALS_FIT = 0.7
"""What a candidate whose initials were asked for counts in that order, where all information shared is 1."""
SHOWN = 5
"""Candidates a match keeps for a person to look at."""
RIVAL = 5.0
"""Odds by which the best candidate must be ahead of the second; with less a choice between them is a guess."""
WORTH_A_LOOK = 0.25
"""Likelihood from which a close rivalry is shown to a person as ambiguous rather than as nothing found."""
LEAST_INFORMATION = 6.0
"""Information a name must have to be looked for at all: "Holding GmbH" or "Group" has less."""
BARE_INFORMATION = 16.0
"""Without a country and a legal form, a name with less information than about two telling words may be anyone's."""
BARE_MOST = 0.5
"""The most a bare name can be worth."""
CITY_WORTH = {1: 1.2, 0: 0.0, -1: -0.3}
"""Log odds a city adds. Registered offices and headquarters differ often, so another city says little against."""
DOMAIN_WORTH = ((0.9, 1.5), (0.5, 0.7), (0.0, -0.2))
"""Log odds a web domain adds, by the least fit of its label with the name: it tells namesakes apart, no more."""
CLOSE = 0.8
"""Shared information, of either name, from which city and domain may speak for a candidate and not only against it."""
UNLIKE_MOST = 0.3
"""The most a candidate is worth that lacks more of the asked name's information than it has."""
INITIALS_WORTH = 0.4
"""What a candidate is worth at least whose initials the asked word is, divided by how many candidates have them. Of the
names to tune on 7 in 11 meant the only entity of the country with those initials, 3 in 9 one of two to four; the rules
of what counts as initials were chosen on these few, so it is worth less than that."""
INITIALS_MOST = 0.5
"""The most it is worth by that: letters fit by accident, so that initials alone are shown to a person, not answered."""
OTHER_NAME_WORTH = -0.3
"""Log odds for a match by a former, trading or transliterated name instead of the legal one."""
INACTIVE_WORTH = -1.0
"""Log odds for an entity that has ceased to exist and has no successor."""

GONE = frozenset({"ANNULLED"})
REPLACED = frozenset({"MERGED", "DUPLICATE", "RETIRED"})


@dataclass(frozen=True, slots=True)
class ResolveSettings:
    """`threshold`: a match less certain than this is none. At the default 95 of 100 matches are right, and 3 of 100
    names that have no entity get one: by cross-validation on the tuning half of the labelled names, whose own labels
    are wrong in about 4 of 100 (tools/train_resolve.py --check; connectors/gleif/README.md)."""

    threshold: float = 0.82


Count = Callable[[Sequence[str], Sequence[str]], Sequence[Counts] | None]
"""Counts in how many of the register's names each word of a name stands (names, countries); None where it cannot."""


@dataclass(frozen=True, slots=True)
class Means:
    """What is judged with: `trees`, None for those that ship; `count`, None where nobody can count words."""

    trees: Trees | None = None
    count: Count | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    seen: Seen
    answer: LegalEntity
    confidence: float


def resolve(
    query: CompanyQuery,
    candidates: Sequence[LegalEntity],
    settings: ResolveSettings,
    decision: Decision = NOTHING,
    means: Means | None = None,
) -> Match:
    """Which of the candidates the company is. "matched" above the threshold; "ambiguous" where two cannot be told
    apart; else "none". A person's decision comes before all judgement."""
    return resolve_all([query], [candidates], settings, [decision], means)[0]


def resolve_all(
    queries: Sequence[CompanyQuery],
    candidates: Sequence[Sequence[LegalEntity]],
    settings: ResolveSettings,
    decisions: Sequence[Decision] | None = None,
    means: Means | None = None,
) -> list[Match]:
    """`resolve` for many queries at once, which is several times faster; in the queries' order."""
    verdicts = [NOTHING] * len(queries) if decisions is None else decisions
    given = Means() if means is None else means
    prepared = prepare(queries, candidates, verdicts, given.count)
    odds = iter(weigh(prepared, given.trees))
    return [
        _confirmed(one, verdict) or decide(one, weighed(one, [next(odds) for _ in one.rows]), settings.threshold)
        for one, verdict in zip(prepared, verdicts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Prepared:
    asked: Asked
    seen: tuple[Seen, ...]
    answers: tuple[LegalEntity, ...]
    rows: tuple[tuple[float, ...], ...]
    everyone: Sequence[LegalEntity]


def prepare(
    queries: Sequence[CompanyQuery],
    candidates: Sequence[Sequence[LegalEntity]],
    decisions: Sequence[Decision],
    count: Count | None,
) -> list[Prepared]:
    """Each query with its candidates held against it."""
    asked = [take_apart(query) for query in queries]
    counts = count([" ".join(a.core) for a in asked], [a.query.country for a in asked]) if count is not None else None
    known = [None] * len(asked) if counts is None else counts
    return [_prepare(*given) for given in zip(asked, candidates, decisions, known, strict=True)]


def _prepare(asked: Asked, candidates: Sequence[LegalEntity], decision: Decision, counts: Counts | None) -> Prepared:
    if asked.information < LEAST_INFORMATION:
        return Prepared(asked, (), (), (), candidates)
    known = {entity.lei: entity for entity in candidates}
    seen: list[Seen] = []
    answers: list[LegalEntity] = []
    for entity in candidates[:CONSIDERED]:
        answer = _successor(entity, known)
        if answer is not None and answer.lei not in decision.rejected:
            seen.append(compare(asked, entity))
            answers.append(answer)
    seen = _without_initials(seen)
    keep = _one_for_each_answer(seen, answers)
    seen, answers = [seen[i] for i in keep], [answers[i] for i in keep]
    rare = rarity(counts)
    judged = seen[: JUDGED + sum([one.initials for one in seen])]
    rows = [row(asked, one) + others + rare for one, others in zip(judged, crowd(asked, seen), strict=False)]
    return Prepared(asked, tuple(seen), tuple(answers), tuple(rows), candidates)


def _without_initials(seen: list[Seen]) -> list[Seen]:
    """Initials say nothing where an entity of the country has them as its name."""
    if any(one.initials for one in seen) and any(one.names.equal and one.country_fit == 2 for one in seen):
        return [one._replace(initials=False) for one in seen]
    return seen


def _successor(entity: LegalEntity, known: dict[str, LegalEntity]) -> LegalEntity | None:
    """The record that counts now: the entity's own, or the one it passed into; None when it was never valid."""
    met = {entity.lei}
    while entity.registration in REPLACED and len(entity.successors) == 1 and entity.successors[0] in known:
        entity = known[entity.successors[0]]
        if entity.lei in met:
            return None
        met.add(entity.lei)
    if entity.registration in GONE or (entity.registration == "DUPLICATE"):
        return None
    return entity


def _one_for_each_answer(seen: Sequence[Seen], answers: Sequence[LegalEntity]) -> list[int]:
    """Positions, one for each answer: its best fitting record, in the order of fit."""
    order = sorted(range(len(seen)), key=lambda i: (-_fit(seen[i]), i))
    first: dict[str, int] = {}
    for at in order:
        first.setdefault(answers[at].lei, at)
    return list(first.values())


def _fit(one: Seen) -> float:
    names = one.names
    form = 0.05 * (one.form_fit == FORM_SAME)
    shared = max(names.coverage * names.precision, INITIALS_FIT if one.initials else 0.0)
    return (1.5 if names.equal else shared) + 0.15 * one.country_fit + form


def weigh(prepared: Sequence[Prepared], trees: Trees | None) -> list[float]:
    """The log odds of all candidates, query by query."""
    rows = [features for one in prepared for features in one.rows]
    odds: list[float] = (model() if trees is None else trees).log_odds(rows).tolist()
    return odds


def weighed(one: Prepared, odds: Sequence[float]) -> list[Weighed]:
    """A query's candidates with their confidence, the likeliest first."""
    sharing = max(1, sum([seen.initials for seen in one.seen]))
    found = [
        Weighed(seen, answer, _likelihood(one.asked, seen, answer, value, sharing))
        for seen, answer, value in zip(one.seen, one.answers, odds, strict=False)
    ]
    return sorted(found, key=lambda w: (-w.confidence, w.answer.lei))


def _likelihood(asked: Asked, seen: Seen, answer: LegalEntity, odds: float, sharing: int) -> float:
    """The model's log odds, and what the register it was trained on does not tell: city, other names, state. `sharing`:
    how many candidates have the asked initials."""
    if seen.initials:
        odds = max(odds, math.log(INITIALS_WORTH / (sharing - INITIALS_WORTH)))
    place = CITY_WORTH[seen.city_fit] + _domain_worth(seen)
    close = seen.names.equal or seen.initials or min(seen.names.coverage, seen.names.precision) >= CLOSE
    odds += place if close else min(place, 0.0)
    if seen.kind:
        odds += OTHER_NAME_WORTH
    if answer.status != "ACTIVE":
        odds += INACTIVE_WORTH
    likely = 1 / (1 + math.exp(-odds))
    bare = not asked.query.country and not asked.form and seen.city_fit < 1 and asked.information < BARE_INFORMATION
    unlike = INITIALS_MOST if seen.initials else UNLIKE_MOST
    most = BARE_MOST if bare else unlike if seen.names.coverage < 0.5 else 1.0
    return min(likely, most)


def _domain_worth(seen: Seen) -> float:
    if seen.domain_fit < 0:
        return 0.0
    return next(worth for least, worth in DOMAIN_WORTH if seen.domain_fit >= least)


def decide(one: Prepared, some: Sequence[Weighed], threshold: float) -> Match:
    """What is answered, of what was weighed."""
    shown = tuple((w.answer.lei, w.answer.name, w.answer.country, round(w.confidence, 4)) for w in some[:SHOWN])
    if not some:
        why = "no entity of a similar name" if one.asked.core else "no name to go by"
        if one.asked.core and one.asked.information < LEAST_INFORMATION:
            why = "the name says too little to look for"
        return Match("none", evidence=(why,))
    best = some[0]
    said = evidence(one.asked, best.seen, [w.seen for w in some], best.answer)
    rivals = [w for w in some[1:] if _rivals(best, w)]
    if rivals and best.confidence >= WORTH_A_LOOK:
        names = ", ".join(f"{w.answer.name} ({w.answer.country})" for w in rivals[:3])
        lacks = lacking(one.asked, [w.seen for w in (best, *rivals)])
        said = (f"cannot be told apart from {names}", *lacks, *said)
        return Match("ambiguous", "", "", "", best.confidence, "", said, shown)
    if best.confidence < threshold:
        who = f"{best.answer.name} ({best.answer.country})"
        head = f"best candidate {who}: {best.confidence:.2f}, {threshold:.2f} needed"
        said = (head, *lacking(one.asked, one.seen), *said)
        return Match("none", "", "", "", best.confidence, "", said, shown)
    answer = best.answer
    return Match("matched", answer.lei, answer.name, answer.country, best.confidence, _method(best.seen), said, shown)


def _rivals(best: Weighed, other: Weighed) -> bool:
    """Whether choosing between the two would be a guess: nearly as likely, or of one name and place. A record of an
    entity that has ceased is no rival of its living twin."""
    a, b = best.seen, other.seen
    alike = a.names.equal and b.names.equal and a.core == b.core and a.form == b.form and a.same_words == b.same_words
    if alike and a.entity.country == b.entity.country and a.city_fit == b.city_fit:
        return best.answer.status != "ACTIVE" or other.answer.status == "ACTIVE"
    return other.confidence >= WORTH_A_LOOK and _odds(other) * RIVAL >= _odds(best)


def _odds(one: Weighed) -> float:
    return one.confidence / max(1e-9, 1 - one.confidence)


def _method(seen: Seen) -> str:
    if not seen.names.equal:
        return "initials" if seen.initials else "similar name"
    if seen.kind:
        return "other name"
    return "name" if seen.same_words else "name without legal form"


def _confirmed(one: Prepared, decision: Decision) -> Match | None:
    """What a person said, in place of a judgement."""
    if decision.confirmed is None:
        return None
    found = next((e for e in one.everyone if e.lei == decision.confirmed), None)
    name, country = (found.name, found.country) if found is not None else ("", "")
    shown = ((decision.confirmed, name, country, 1.0),)
    return Match("matched", decision.confirmed, name, country, 1.0, "confirmed", ("confirmed by a person",), shown)
