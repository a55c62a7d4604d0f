"""A HubSpot that runs from memory, for tests and for rehearsals without an account."""

from leadsync_hubspot.sandbox.app import HubSpotSandbox

__all__ = ["HubSpotSandbox"]
