"""The Salesforce sandbox: a server that speaks Salesforce's HTTP from memory, for rehearsals and tests."""

from leadsync_salesforce.sandbox.server import SalesforceSandbox

__all__ = ["SalesforceSandbox"]
