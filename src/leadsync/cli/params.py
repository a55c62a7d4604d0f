"""What the command line understands: groups that list by themselves, and moments as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click

from leadsync.cli.common import now
from leadsync.mapping.duration import duration

TIMES = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M%z", "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S.%f%z",
)  # fmt: skip
"""How `status`, `timeline` and their JSON write times, and how people do."""


class Listing(click.Group):
    """A group whose command `list` is meant where none is named: `leadsync rejects`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"epilog": "Without a command: list.", **kwargs})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with `list` put first where the arguments begin with none of the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def moment(text: str) -> datetime:
    """A moment in UTC, of a time that is in UTC unless it names another zone, or of how long ago it was; raises
    BadParameter for what is neither."""
    try:
        with suppress(ValueError):
            return now() - duration(text)
        found: datetime = click.DateTime(TIMES).convert(text, None, None)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (click.BadParameter, OverflowError):
        told = f"{text!r} is no moment: write 2026-09-28, 2026-09-28 14:30 (UTC) or how long ago, such as 2h or 3d"
        raise click.BadParameter(told) from None
