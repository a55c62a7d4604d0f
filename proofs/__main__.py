"""Run the proofs: `python -m proofs [--long] [--seed N] [NAME…]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

import click

from proofs import crash, disk, echo, faults, garbled, kills, lost_update, memory, mutants, poison, stories
from proofs.report import Report

PROOFS: Mapping[str, Callable[..., Report]] = {
    "crash": crash.prove,
    "stories": stories.prove,
    "lost-update": lost_update.prove,
    "echo": echo.prove,
    "mutants": mutants.prove,
    "garbled": garbled.prove,
    "poison": poison.prove,
    "disk": disk.prove,
    "faults": faults.prove,
    "kills": kills.prove,
    "memory": memory.prove,
}


@click.command(epilog=f"NAMES: {', '.join(PROOFS)}.")
@click.option("--long", is_flag=True, help="The long form: hours instead of seconds.")
@click.option("--seed", default=0, show_default=True, help="Where chance begins.")
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...], seed: int, long: bool) -> None:  # noqa: FBT001  a flag of the command line
    """Show what leadsync promises; without NAMES all of it. Exit code 1 when a promise is broken."""
    if unknown := set(names) - set(PROOFS):
        raise click.UsageError(f"no proof named {', '.join(sorted(unknown))}; there are {', '.join(PROOFS)}")
    broken = 0
    for name in names or PROOFS:
        began = time.monotonic()
        report = PROOFS[name](long=long, seed=seed)
        click.echo("\n".join([f"{name} ({time.monotonic() - began:.0f} s)", *report.lines(), ""]))
        broken += not report.kept
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
