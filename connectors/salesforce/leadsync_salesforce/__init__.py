"""The Salesforce connector, on simple-salesforce: leads, contacts, accounts and campaign members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from leadsync.connector import Connector, Kind
from leadsync_salesforce.crm import OBJECTS, SalesforceCrm
from leadsync_salesforce.sandbox import SalesforceSandbox
from leadsync_salesforce.settings import SalesforceSettings


def demo() -> Mapping[str, Any]:
    """The Salesforce section of the demonstration's seed."""
    text = resources.files("leadsync_salesforce").joinpath("seeds", "demo.json").read_text(encoding="utf-8")
    section: Mapping[str, Any] = json.loads(text)
    return section


CONNECTOR = Connector(
    name="salesforce",
    kind=Kind.CRM,
    settings=SalesforceSettings,
    open=SalesforceCrm,
    sandbox=SalesforceSandbox,
    demo=demo,
    objects=OBJECTS,
)

__all__ = ["CONNECTOR", "SalesforceCrm", "SalesforceSandbox", "SalesforceSettings", "demo"]
