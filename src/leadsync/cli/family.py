"""`leadsync family`: who owns an entity and what belongs to it, now or on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from leadsync.cli.common import Exit, console, output_option, say_json
from leadsync.cli.registers import Desk, desk
from leadsync.cli.resolve import company_options, decisions_of, match_lines, parent_text, register_options
from leadsync.connector import Register
from leadsync.errors import LeadsyncError
from leadsync.records import LegalEntity, Parent
from leadsync.resolve.ask import ask
from leadsync.resolve.bulk import query_of
from leadsync.resolve.decisions import LEI, successor

FUNDS = 20
"""Funds that are named to people; `--output json` names all."""


@dataclass(slots=True)
class _Below:
    """Walks down a family; nobody is named twice."""

    register: Register
    on: date | None
    seen: set[str]
    left: int
    cut: bool = False

    def of(self, lei: str, depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        found = {k.lei: k for k in reversed(self.register.kin(lei, self.on)) if k.tie != "fund"}
        for kin in sorted(found.values(), key=lambda k: (k.tie == "ultimate", k.name, k.lei)):
            if kin.lei in self.seen:
                continue
            if self.left <= 0:
                self.cut = True
                return
            self.seen.add(kin.lei)
            self.left -= 1
            yield depth, {"lei": kin.lei, "name": kin.name, "country": kin.country, "tie": kin.tie,
                          "since": kin.since, "until": kin.until}  # fmt: skip
            yield from self.of(kin.lei, depth + 1)


@click.command()
@click.argument("what", metavar="LEI|NAME")
@company_options
@register_options
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="As it was on that day; today by default.")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Entities below that are named.")
@output_option
def family(what: str, as_of: datetime | None, limit: int, output: str, **options: Any) -> int:
    """Show who owns an entity and what belongs to it, now or on a day; branches and funds are told apart."""
    on = as_of.date() if as_of is not None else None
    with desk(options["config_path"], options["index"], options["threshold"]) as at:
        entity = _meant(at.register, what, at, options)
        found = _family(at.register, entity, on, limit)
    if output == "json":
        say_json({"schema": 1, **found})
    else:
        out = console()
        for line in _family_lines(found):
            out.print(line, markup=False, soft_wrap=True)
    return Exit.DONE


def _meant(register: Register, what: str, at: Desk, options: dict[str, Any]) -> LegalEntity:
    lei = what.strip().upper()
    if not LEI.fullmatch(lei):
        query = query_of({"name": what, **{n: options[n] for n in ("country", "city", "state", "website", "email")}})
        match = ask([query], register, at.settings, decisions_of(at.state))[0]
        if match.status != "matched":
            raise LeadsyncError("\n".join([f"{what}: which entity is meant?", *match_lines(match, None)]))
        lei = match.lei
    entity = register.entity(lei)
    if entity is None:
        raise LeadsyncError(f"{lei}: the register has no such entity. `leadsync gleif status` tells how old it is.")
    return entity


def _family(register: Register, entity: LegalEntity, on: date | None, limit: int) -> dict[str, Any]:
    owned = register.ownership(entity.lei, on)
    walk = _Below(register, on, {entity.lei}, limit)
    below = [{"depth": depth, **one} for depth, one in walk.of(entity.lei)]
    now = successor(entity.lei, register.entity)
    after = now if now is not None and now.lei != entity.lei else None
    funds = {k.lei: k for k in register.kin(entity.lei, on) if k.tie == "fund"}
    managers = {k.lei: k for k in register.kin(entity.lei, on, up=True) if k.tie == "fund"}
    return {
        "lei": entity.lei,
        "name": entity.name,
        "country": entity.country,
        "category": entity.category,
        "status": entity.status,
        "registration": entity.registration,
        "successor": after.lei if after is not None else "",
        "successor_name": f"{after.name} ({after.country})" if after is not None else "",
        "as_of": on,
        "direct": _parent(owned.direct),
        "ultimate": _parent(owned.ultimate),
        "path": list(owned.path),
        "below": below,
        "cut": walk.cut,
        "funds": [{"lei": k.lei, "name": k.name, "country": k.country} for k in funds.values()],
        "fund_of": [{"lei": k.lei, "name": k.name, "country": k.country} for k in managers.values()],
    }


def _parent(parent: Parent | None) -> dict[str, str] | None:
    return None if parent is None else {n: getattr(parent, n) for n in ("lei", "name", "country", "how", "reason")}


def _family_lines(found: dict[str, Any]) -> Iterator[str]:
    when = f", as of {found['as_of']}" if found["as_of"] is not None else ""
    yield f"{found['name']} ({found['country']})  {found['lei']}{when}"
    state = [found["registration"].lower()] if found["registration"] not in {"ISSUED", ""} else []
    state += [f"entity {found['status'].lower()}"] if found["status"] not in {"ACTIVE", ""} else []
    state += [f"passed into {found['successor_name']}  {found['successor']}"] if found["successor"] else []
    if state:
        yield f"  {'state':<16} {', '.join(state)}"
    for which in ("direct", "ultimate"):
        known = found[which]
        yield f"  {which + ' parent':<16} {parent_text(Parent(**known) if known is not None else None)}"
    for one in found["fund_of"]:
        yield f"  {'fund of':<16} {one['name'] or '?'} ({one['country']})  {one['lei']}"
    yield f"  {len(found['below']):,} below{' (cut; --limit shows more)' if found['cut'] else ''}"
    for one in found["below"]:
        tie = "" if one["tie"] == "direct" else f"  {one['tie']}"
        yield f"  {'  ' * one['depth']}  {one['name'] or '?'} ({one['country']})  {one['lei']}{tie}"
    if found["funds"]:
        yield f"  {len(found['funds']):,} funds, not of the family"
        yield from (f"    {one['name'] or '?'} ({one['country']})  {one['lei']}" for one in found["funds"][:FUNDS])


ALL: Sequence[click.Command] = (family,)
