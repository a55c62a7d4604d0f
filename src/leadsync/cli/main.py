"""The `leadsync` command and how its failures are told."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from io import TextIOWrapper

import click

from leadsync import __version__
from leadsync.cli.exits import Exit, exit_code, trouble_with_file
from leadsync.errors import LeadsyncError

MODULES = (
    "commands", "health", "inspect", "scoring", "attribution", "journey", "learning", "fairness", "incentives", "tell",
    "conflicts", "rejects", "others", "plans", "state", "resolve", "matching", "family", "sandbox",
)  # fmt: skip
"""Whose commands there are, in the order of the help."""


class Commands(click.Group):
    """Reads its commands' modules when one of them is asked for: `--version` need not wait for numpy."""

    def filled(self) -> Commands:
        """Itself, with all commands."""
        for name in MODULES if not self.commands else ():
            for command in import_module(f"leadsync.cli.{name}").ALL:
                self.add_command(command)
        return self

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name: one of the engine's, or what the connector of that name brings."""
        from leadsync.cli.registers import contributed_command

        return super(Commands, self.filled()).get_command(ctx, cmd_name) or contributed_command(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        from leadsync.cli.registers import contributed

        return sorted({*super(Commands, self.filled()).list_commands(ctx), *contributed()})


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="leadsync")
@click.option("--verbose", is_flag=True, help="Log what happens to standard error.")
@click.pass_context
def cli(context: click.Context, /, *, verbose: bool) -> None:
    """Keep the leads of two CRMs in agreement, resolve their companies to legal entities, score them and say why.

    \b
    Try it without an account:   leadsync demo
    Begin in this folder:        leadsync init, edit config.toml, leadsync provision, leadsync plan, leadsync sync
    Exit codes:                  0 done, 1 error, 2 changes pending or gate closed, 3 done with rejects,
                                 4 configuration invalid, 5 quota exhausted, 130/143 stopped after a clean batch
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s"
    )
    context.obj = _lent()
    for chatty in ("apscheduler", "httpx", "urllib3", "hubspot"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _lent() -> object:
    """What commands that connectors bring may use."""
    from leadsync.cli.registers import Lent

    return Lent()


def main() -> None:
    """The entry point: every expected failure is one clear message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every locale has all that a CRM may hold
    try:
        code = cli.main(standalone_mode=False)
    except LeadsyncError as problem:
        click.echo(f"leadsync: {problem}", err=True)
        sys.exit(exit_code(problem))
    except click.ClickException as problem:
        problem.show()
        sys.exit(Exit.CONFIG if problem.exit_code == 2 else problem.exit_code)
    except OSError as problem:
        click.echo(f"leadsync: {trouble_with_file(problem)}", err=True)
        sys.exit(Exit.ERROR)
    except (click.Abort, KeyboardInterrupt):
        click.echo("leadsync: stopped", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else Exit.DONE)
