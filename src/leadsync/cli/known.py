"""What the state knows, as commands look at it: nobody is asked, nothing is written; now, or as of a past day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import click

from leadsync.cli.common import F, now, progress
from leadsync.config import Config
from leadsync.connector import Crm, Kind, connector
from leadsync.errors import LeadsyncError
from leadsync.progress import Progress, Silent
from leadsync.qualify import unpack
from leadsync.qualify.way import way_up
from leadsync.records import Fields
from leadsync.rules import Rulebook, load_rulebook
from leadsync.score import score
from leadsync.score.gains import gains
from leadsync.store import Store
from leadsync.sync import Judged, View, World, look, never
from leadsync.touchpoints import Touchpoint, classify_all


def moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """A day (its end is meant) or a moment, in UTC where no zone is given; a usage error says what is understood."""
    if value is None:
        return None
    try:
        if len(value) == len("2026-11-22"):
            return datetime.combine(date.fromisoformat(value), time(23, 59, 59), UTC)
        at = datetime.fromisoformat(value)
    except ValueError:
        text = f'"{value}" is no day like 2026-11-22 and no moment like 2026-11-22T14:00:00Z'
        raise click.BadParameter(text) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def as_of_option(command: F) -> F:
    """--as-of DAY|MOMENT."""
    text = "As it was at the end of a day, or at a moment (UTC); now by default."
    return click.option("--as-of", "as_of", callback=moment, metavar="DAY|MOMENT", help=text)(command)


@contextmanager
def known(config: Config, as_of: datetime | None = None, bar: Progress | None = None) -> Iterator[World]:
    """The world as the last run left it. `as_of`: as it was then, as far as that was kept. `bar`: is told how far the
    work is."""
    with ExitStack() as stack:
        store = stack.enter_context(Store(config.state, write=False))
        sides: dict[str, Crm] = {}
        for side, settings in config.connectors.items():
            made = connector(settings.connector)
            if made.kind is Kind.CRM:
                sides[side] = made.open(settings.settings, now, side)
                stack.callback(sides[side].close)
        rules = rules_of(config)
        yield World(
            config, rules, store, sides, None, now if as_of is None else lambda: as_of, "", bar or Silent(), never,
            asking=False, replaying=as_of is not None,
        )  # fmt: skip


def rules_of(config: Config) -> Rulebook:
    """What the admin wrote, without opening a connection."""
    crms = [c for c in config.connectors.values() if c.kind is Kind.CRM]
    return load_rulebook(config.mappings, {c.side: connector(c.connector).objects for c in crms})


def seen_by(config: Config, as_of: datetime | None = None) -> tuple[View, Rulebook]:
    """Everything that is known, judged by the admin's rules."""
    with progress(show=True) as bar, known(config, as_of, bar) as world:
        return look(world), world.rules


def name_of(judged: Judged) -> str:
    """What a list calls a lead: the e-mail, else the name, else leadsync's id."""
    facts = judged.lead.facts
    name = " ".join(str(facts.get(part) or "") for part in ("first_name", "last_name")).strip()
    return str(facts.get("email") or name or judged.lead.uid)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the last run knew of one lead, names aside."""

    facts: Fields
    touchpoints: tuple[Touchpoint, ...]


def remembered(store: Store, rules: Rulebook, uid: str, as_of: datetime) -> Remembered | None:
    """One lead without looking at all the others; None when nothing was kept of it."""
    facts = next((some for day, some in reversed(store.snapshots.of(uid)) if day <= as_of.date()), None)
    if facts is None:
        return None
    refs = [ref for ref, owner in store.pulled.identities().items() if owner == uid]
    return Remembered(facts, tuple(classify_all(store.pulled.touches_of(refs), rules.touches)))


def what_would_help(store: Store, rules: Rulebook, uid: str, decided: dict[str, Any], most: int = 5) -> list[str]:
    """What would raise a lead's score and take it to its next stage, in words; only where scoring it again comes to
    the very score that was decided, so that nothing is promised on other facts."""
    as_of = datetime.fromisoformat(decided["as_of"])
    lead = remembered(store, rules, uid, as_of)
    if lead is None or decided.get("excluded"):
        return []
    model = rules.scoring(lead.facts)
    found = score(lead.facts, lead.touchpoints, model, as_of)
    if (found.model, found.total) != (decided["model"], decided["total"]):
        return []
    words = [gain.words for gain in gains(lead.facts, lead.touchpoints, model, as_of)[:most]]
    states = store.results.stages()
    state = unpack(states[uid]) if uid in states else None
    way = way_up(lead.facts, lead.touchpoints, model, rules.stages, state, as_of)
    return words if way is None else [*words, way.words]


class NothingKnown(LeadsyncError):
    """The state has nothing to tell of what was asked."""
