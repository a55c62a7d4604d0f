"""What an admin sets in config.toml: connections, schedule, limits."""

from leadsync.config.read import Config, Configured, Schedule, load

__all__ = ["Config", "Configured", "Schedule", "load"]
