"""Run the proofs: `python -m proofs [--long] [--seed N] [NAME…]`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

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

TOLD_EVERY = 120.0
"""Seconds."""


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
        with _at_work(name, began):
            report = PROOFS[name](long=long, seed=seed)
        click.echo("\n".join([f"{name} ({time.monotonic() - began:.0f} s)", *report.lines(), ""]))
        broken += not report.kept
    sys.exit(1 if broken else 0)


@contextmanager
def _at_work(name: str, began: float) -> Iterator[None]:
    """Say on standard error that a proof is at work, and every few minutes for how long."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(TOLD_EVERY):
            click.echo(f"{name}: at work for {(time.monotonic() - began) / 60:.0f} min", err=True)

    click.echo(f"{name}: at work", err=True)
    threading.Thread(target=tell, daemon=True).start()
    try:
        yield
    finally:
        done.set()


if __name__ == "__main__":
    main()
