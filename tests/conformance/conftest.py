"""The sandboxes with their demonstration data, served for other people's clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from leadsync.connector import connectors
from leadsync.sandbox import Serving


def serving(name: str) -> Serving:
    """A connector's sandbox with its own demonstration data."""
    connector = connectors()[name]
    sandbox = connector.sandbox(None)
    sandbox.seed({key: value for key, value in connector.demo().items() if key != "anchor"})
    return Serving(sandbox)


@pytest.fixture
def hubspot() -> Iterator[Serving]:
    """A HubSpot account with the demonstration's leads."""
    with serving("hubspot") as served:
        yield served


@pytest.fixture
def salesforce() -> Iterator[Serving]:
    """A Salesforce org with the demonstration's leads."""
    with serving("salesforce") as served:
        yield served


def contacts(served: Serving) -> dict[str, Any]:
    """The contacts that the HubSpot sandbox holds, by id."""
    return {record["id"]: record for record in served.sandbox.dump()["objects"]["contacts"]}


def rows(served: Serving, kind: str) -> dict[str, Any]:
    """The records of a Salesforce object that are not deleted, by id."""
    found = served.sandbox.dump()["objects"][kind]
    return {row["Id"]: row for row in found if row.get("IsDeleted") is not True}
