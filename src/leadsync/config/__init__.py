"""What an admin sets in config.toml: connections, schedule, limits; and the linter for it and the mappings."""

from leadsync.config.lint import lint
from leadsync.config.read import Config, Configured, Schedule, load

__all__ = ["Config", "Configured", "Schedule", "lint", "load"]
