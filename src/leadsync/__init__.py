"""leadsync keeps two CRMs in agreement about who a lead is, what it is worth and why."""

from importlib.metadata import version

__version__ = version("leadsync")
