"""A match or a refusal in words a person can check."""

from __future__ import annotations

from collections.abc import Sequence

from leadsync.records import LegalEntity
from leadsync.resolve.features import (
    FORM_NONE,
    FORM_NOT_ASKED,
    FORM_NOT_FOUND,
    FORM_OTHER,
    FORM_RELATED,
    FORM_SAME,
    PREVIOUS,
    Asked,
    Seen,
)

_FORMS = {
    FORM_NOT_ASKED: "the register adds the legal form",
    FORM_NOT_FOUND: "the register has no legal form in the name",
    FORM_RELATED: "legal forms are counterparts",
    FORM_OTHER: "another legal form",
}


def evidence(asked: Asked, seen: Seen, others: Sequence[Seen], answer: LegalEntity) -> tuple[str, ...]:
    """What speaks for (and against) the candidate, the weightiest first."""
    name = _initials(asked, seen, others) if seen.initials else [_name(seen)]
    said = [*name, *_form(seen), _country(asked, seen), *_city(asked, seen), *_domain(asked, seen)]
    said += _namesakes(seen, others)
    if answer.lei != seen.entity.lei:
        said.append(f"{seen.entity.name} ({seen.entity.lei}) passed into {answer.name}")
    if answer.registration != "ISSUED":
        said.append(f"LEI registration {answer.registration.lower().replace('_', ' ')}")
    if answer.status != "ACTIVE":
        said.append(f"entity {answer.status.lower()}")
    return tuple(said)


def lacking(asked: Asked, seen: Sequence[Seen]) -> tuple[str, ...]:
    """What a refused query lacks that could settle it: without a country a name may be any namesake's. Nothing where
    all it could be are in one country anyway."""
    if asked.query.country or (len(seen) > 1 and len({one.entity.country for one in seen}) == 1):
        return ()
    countries = list(dict.fromkeys(one.entity.country for one in seen if one.names.equal and one.entity.country))
    if len(countries) > 1:
        some = ", ".join(countries[:4]) + (", …" if len(countries) > 4 else "")
        whose = f"entities of several countries have that name ({some})"
    elif not asked.form:
        whose = "a name alone, without country and legal form, may be anyone's"
    else:
        whose = "without a country nothing but the name speaks for it"
    return (f"{whose}: add the country{'' if asked.form else ', or at least the legal form'}",)


def _name(seen: Seen) -> str:
    which = {"": "name", PREVIOUS: "previous name"}.get(seen.kind, "other name")
    names = seen.names
    if seen.same_words:
        return f"{which} equal"
    if names.equal:
        spelled = seen.form_fit in {FORM_SAME, FORM_NONE}
        return f"{which} equal but for {'spelling' if spelled else 'the legal form'}"
    lacks = f"only in the query: {' '.join(names.asked_only)}" if names.asked_only else ""
    adds = f"only in the register: {' '.join(names.found_only)}" if names.found_only else ""
    mended = f"{names.mended} word{'s' if names.mended > 1 else ''} mended" if names.mended else ""
    return f"{which} alike ({'; '.join(part for part in (lacks, adds, mended) if part) or 'order of words'})"


def _initials(asked: Asked, seen: Seen, others: Sequence[Seen]) -> list[str]:
    """Whose initials the asked name is, and how many other candidates have them."""
    sharing = sum([one.initials and one.entity.lei != seen.entity.lei for one in others])
    share = f"{sharing} other{'s' if sharing > 1 else ''}" if sharing else "the only one"
    return [f"{asked.core[0].upper()}: the initials of {seen.name}", f"{share} of them in {asked.query.country}"]


def _form(seen: Seen) -> list[str]:
    return [_FORMS[seen.form_fit]] if seen.form_fit in _FORMS else []


def _country(asked: Asked, seen: Seen) -> str:
    country = asked.query.country
    match seen.country_fit:
        case 2:
            return f"country equal ({country})"
        case 1:
            return f"headquarters in {country}, registered in {seen.entity.country}"
        case 0:
            return f"country not known to the CRM, registered in {seen.entity.country or 'an unknown country'}"
        case _:
            return f"another country: {country} asked, {seen.entity.country or 'none'} registered"


def _city(asked: Asked, seen: Seen) -> list[str]:
    match seen.city_fit:
        case 1:
            return [f"city equal ({asked.query.city})"]
        case -1:
            return [
                f"another city: {asked.query.city} asked, {seen.entity.headquarters.city or seen.entity.legal.city}"
            ]
        case _:
            return []


def _domain(asked: Asked, seen: Seen) -> list[str]:
    if seen.domain_fit < 0:
        return []
    fits = seen.domain_fit >= 0.5
    return [f"web domain {asked.query.domain} {'fits the name' if fits else 'does not tell the name'}"]


def _namesakes(seen: Seen, others: Sequence[Seen]) -> list[str]:
    """How many others have the name: in the same country, and elsewhere."""
    if not seen.names.equal:
        return []
    country = seen.entity.country
    equal = [o for o in others if o.names.equal and o.entity.lei != seen.entity.lei]
    here = sum(o.entity.country == country for o in equal)
    if here:
        return [f"{here} other{'s' if here > 1 else ''} of that name in {country}"]
    return [f"only entity of that name in {country}"] if country else []
