"""The people of the seed, all invented: who they are, where they work, in which CRM they are, how keen they are."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tools.make_seed import spelling
from tools.make_seed.committed import FACTS
from tools.make_seed.companies import Company

BOTH, HUBSPOT_ONLY, SALESFORCE_ONLY = 125, 146, 155
HOT_BOTH, HOT_HUBSPOT, HOT_SALESFORCE = 18, 10, 6
BIG = 5000
FREE_MAIL = ("gmail.com", "outlook.com", "gmx.de", "web.de", "yahoo.com", "hotmail.com", "proton.me")
SENIOR = (
    "Chief Executive Officer", "Chief Information Officer", "Chief Financial Officer", "Chief Technology Officer",
    "Chief Operating Officer", "Vice President, Sales", "Vice President, Operations", "Vice President, IT",
    "Managing Director", "Director of Procurement", "Head of Finance", "Head of Digital",
)  # fmt: skip
MIDDLE = (
    "IT Manager", "Senior Manager, Procurement", "Marketing Manager", "Operations Manager", "Project Manager",
    "Team Lead Data", "Sales Manager", "Product Owner",
)  # fmt: skip
JUNIOR = (
    "Analyst", "Buyer", "Software Engineer", "Accountant", "Sales Representative", "Marketing Specialist",
    "Executive Assistant", "Consultant", "Technician",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person. `keen` is hot, warm or cold; `company` is None for somebody without one."""

    key: str
    first: str
    last: str
    email: str
    second_email: str
    title: str
    phone: str
    dial: str
    company: Company | None
    keen: str
    in_hubspot: bool
    in_salesforce: bool
    opted_out: bool = False


def invent(rng: random.Random, companies: Sequence[Company]) -> list[Person]:
    """All people but the odd ones, in a fixed order."""
    names = _Names(rng)
    hosts = _hosts(rng, companies)
    people = [
        *_hot(rng, names, hosts),
        *(_one(rng, names, next(hosts["both"]), "hb") for _ in range(BOTH - HOT_BOTH)),
        *(_one(rng, names, next(hosts["hubspot"]), "h") for _ in range(HUBSPOT_ONLY - HOT_HUBSPOT)),
        *(_one(rng, names, next(hosts["salesforce"]), "s") for _ in range(SALESFORCE_ONLY - HOT_SALESFORCE)),
    ]
    return [_touched_up(rng, replace(person, key=f"p{n:03d}")) for n, person in enumerate(people, 1)]


def _hosts(rng: random.Random, companies: Sequence[Company]) -> dict[str, Iterator[Company]]:
    """For each kind of person, companies in turn, so that every company has somebody."""

    def rounds(chosen: Iterable[Company]) -> Iterator[Company]:
        pool = sorted(chosen, key=lambda company: company.key)
        rng.shuffle(pool)
        return itertools.cycle(pool)

    big = [c for c in companies if c.lei and (c.employees or 0) >= BIG]
    return {
        "both": rounds(c for c in companies if c.hubspot and c.salesforce),
        "hubspot": rounds(c for c in companies if c.hubspot),
        "salesforce": rounds(c for c in companies if c.salesforce),
        "big both": rounds(c for c in big if c.hubspot and c.salesforce),
        "big hubspot": rounds(c for c in big if c.hubspot),
        "big salesforce": rounds(c for c in big if c.salesforce),
    }


def _hot(rng: random.Random, names: _Names, hosts: dict[str, Iterator[Company]]) -> Iterator[Person]:
    kinds = (("big both", "hb", HOT_BOTH), ("big hubspot", "h", HOT_HUBSPOT), ("big salesforce", "s", HOT_SALESFORCE))
    for host, sides, count in kinds:
        for _ in range(count):
            person = _one(rng, names, next(hosts[host]), sides)
            yield replace(person, keen="hot", title=rng.choice(SENIOR))


def _one(rng: random.Random, names: _Names, company: Company, sides: str) -> Person:
    first, last, dial, phone = names.take(company.country)
    email = spelling.address(first, last, company.domain, rng.choice((0, 0, 0, 1, 3)))
    levels: Sequence[Sequence[str]] = (SENIOR, MIDDLE, MIDDLE, JUNIOR, JUNIOR)
    return Person(
        key="",
        first=first,
        last=last,
        email=email,
        second_email="",
        title=rng.choice(rng.choice(levels)),
        phone=phone,
        dial=dial,
        company=company,
        keen=rng.choices(("warm", "cold"), (35, 65))[0],
        in_hubspot=sides in ("hb", "h"),
        in_salesforce=sides in ("hb", "s"),
    )


def _touched_up(rng: random.Random, person: Person) -> Person:
    """Some have a second address, some write from a free-mail one, some want no more mail, students are students."""
    if person.company is not None and person.company.key == "eastmere":
        person = replace(person, title=rng.choice(("Student", "PhD Student", "MSc student")), keen="cold")
    if person.keen == "hot":
        return person
    draw = rng.random()
    if draw < 0.06:
        return replace(person, opted_out=True)
    if draw < 0.16 and person.in_hubspot and person.in_salesforce:
        style = rng.choice((0, 2, 3))
        return replace(person, second_email=spelling.address(person.first, person.last, rng.choice(FREE_MAIL), style))
    if draw < 0.23:
        return replace(person, email=spelling.address(person.first, person.last, rng.choice(FREE_MAIL), 0))
    if draw < 0.27:
        email = spelling.address(person.first, person.last, rng.choice(FREE_MAIL), 2)
        return replace(person, email=email, company=None, keen="cold")
    return person


class _Names:
    """Names that suit a country, no two people with the same one, and phone numbers out of ranges kept for fiction."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._pools = json.loads((FACTS / "names.json").read_text(encoding="utf-8"))
        self._pool_of = {code: name for name, pool in self._pools.items() for code in pool["like"]}
        self._taken: set[tuple[str, str]] = set()

    def take(self, country: str) -> tuple[str, str, str, str]:
        """First name, last name, dialling code and national number. Raises RuntimeError when no name is left."""
        pool = self._pools[self._pool_of[country]]
        for _ in range(10_000):
            first, last = self._rng.choice(pool["first"]), self._rng.choice(pool["last"])
            if (first, last) not in self._taken:
                self._taken.add((first, last))
                return first, last, *self._phone(country, pool)
        raise RuntimeError(f"no name is left for {country}")

    def _phone(self, country: str, pool: dict[str, str]) -> tuple[str, str]:
        if country in ("US", "CA", "PR"):
            # 555-0100 to 555-0199 are kept for fiction by the North American Numbering Plan.
            return "1", f"{self._rng.choice((202, 312, 415, 617))} 555 01{self._rng.randrange(100):02d}"
        pattern = self._rng.choice(pool["phone"])
        return pool["dial"], "".join(str(self._rng.randrange(10)) if char == "#" else char for char in pattern)
