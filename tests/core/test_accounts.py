"""Which company a lead belongs to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadsync.accounts import Accounts, account_of
from leadsync.identify import Identity, Known
from leadsync.records import Record, Ref, Value

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

IN_BONN = {"name": "Acme GmbH", "country": "DE", "domain": "acme.example", "city": "Bonn"}
IN_KOELN = {**IN_BONN, "city": "Köln"}
"""Sites of one company: they share its domain."""
NAMESAKE = {"name": "Acme GmbH", "country": "DE", "domain": "acme-berlin.example", "city": "Berlin"}
SISTER = {**IN_BONN, "name": "Acme AG", "city": "Köln"}
COUSIN = {"name": "Acme Capital GmbH", "country": "DE", "domain": "acme.example", "city": "Bonn"}
NAMED: dict[str, Value] = {"company_name": "ACME G.m.b.H.", "country": "Germany"}
FROM_ACME: dict[str, Value] = {"email": "ada@acme.example"}


def accounts(*described: dict[str, str]) -> Accounts:
    refs = [Ref("b", "a", str(number)) for number in range(len(described))]
    records = [Known(Record(ref, {}, NOON), facts) for ref, facts in zip(refs, described, strict=True)]
    return Accounts(account_of(Identity(str(n), (known,)), known.facts) for n, known in enumerate(records))


def home(found: Accounts, facts: dict[str, Value], links: dict[str, tuple[str, ...]] | None = None) -> str | None:
    """The uid of the lead's company, "implied" for one that no record is of."""
    belonging = found.belonging([Known(Record(Ref("b", "l", "1"), {}, NOON, links=links or {}), facts)], facts)
    if belonging is None:
        return None
    return belonging.account.uid if belonging.account.records else "implied"


@pytest.mark.parametrize(
    ("described", "facts", "expected"),
    [
        pytest.param([IN_BONN], NAMED, "0", id="the one it names"),
        pytest.param([IN_BONN], FROM_ACME, "0", id="the only one with its e-mail's domain"),
        pytest.param([IN_BONN], {"email": "ada@gmail.com"}, None, id="none, for an address anybody may have"),
        pytest.param([IN_BONN, NAMESAKE], NAMED, "implied", id="of namesakes nobody guesses"),
        pytest.param([IN_BONN, NAMESAKE], {**NAMED, "city": "BERLIN"}, "1", id="the namesake in its city"),
        pytest.param([IN_BONN, NAMESAKE], {**NAMED, **FROM_ACME, "city": "Berlin"}, "0", id="a domain before a city"),
        pytest.param([IN_BONN, IN_KOELN], {**NAMED, **FROM_ACME, "city": "KOELN"}, "1", id="the site in its city"),
        pytest.param([IN_BONN, IN_KOELN], {**FROM_ACME, "city": "Köln"}, "1", id="by mail too"),
        pytest.param([IN_KOELN, IN_BONN], {**NAMED, **FROM_ACME}, "0", id="of sites of one company, any, but the same"),
        pytest.param([IN_KOELN, IN_BONN, IN_BONN], {**FROM_ACME, "city": "Bonn"}, "1", id="of two there, the first"),
        pytest.param(
            [IN_BONN, SISTER, NAMESAKE],
            {"company_name": "Acme", "country": "DE", **FROM_ACME, "city": "Berlin"},
            "implied",
            id="none of another domain because of its city",
        ),
        pytest.param([IN_BONN, COUSIN], FROM_ACME, None, id="a domain that two companies share tells nothing"),
    ],
)
def test_a_leads_company(described: list[dict[str, str]], facts: dict[str, Value], expected: str | None) -> None:
    assert home(accounts(*described), facts) == expected


def test_what_it_is_associated_with_comes_before_what_it_names() -> None:
    assert home(accounts(IN_BONN, NAMESAKE), {**NAMED, "city": "Bonn"}, links={"a": ("1",)}) == "1"
