"""leadsync for HubSpot: contacts, companies and what people did, read and written over HubSpot's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from leadsync.connector import Connector, Kind
from leadsync_hubspot.crm import OBJECTS, HubSpot
from leadsync_hubspot.settings import HubSpotSettings


def _sandbox(clock: Any = None) -> Any:
    """The sandbox is imported only where one is asked for."""
    from leadsync_hubspot.sandbox import HubSpotSandbox

    return HubSpotSandbox(clock)


def demo() -> Mapping[str, Any]:
    """The demonstration's HubSpot records."""
    found: Mapping[str, Any] = json.loads(files("leadsync_hubspot").joinpath("seeds/demo.json").read_text("utf-8"))
    return found


CONNECTOR = Connector(
    name="hubspot", kind=Kind.CRM, settings=HubSpotSettings, open=HubSpot, sandbox=_sandbox, demo=demo, objects=OBJECTS
)

__all__ = ["CONNECTOR", "HubSpot", "HubSpotSettings"]
