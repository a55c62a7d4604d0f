"""The command line: results on standard output, progress and logs on standard error, exit codes that mean something."""

from leadsync.cli.main import main

__all__ = ["main"]
