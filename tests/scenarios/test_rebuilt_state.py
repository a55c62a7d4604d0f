"""A damaged state is made anew from both CRMs: nothing is written to them, and what only it knew is carried over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.test_operator_walk import Town, town  # noqa: F401  a fixture

from leadsync.errors import LeadsyncError
from leadsync.store import Store, StoreError


def shadows(path: Path) -> dict[str, dict[str, Any]]:
    with Store(path, write=False) as store:
        return {str(s.record.ref): dict(s.shadow or {}) for s in store.pulled.records()}


def writes(house: Town) -> int:
    return sum(house.served.sandbox(side).counters.writes.total() for side in ("hubspot", "salesforce"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:64] = bytes(b ^ 0xFF for b in content[:64])
    path.write_bytes(content)


def flip_rows(path: Path) -> None:
    """The pages of one table, so that the others can still be read."""
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'record'").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(content)


def garbage_log(path: Path) -> None:
    path.with_name("state.db-wal").write_bytes(b"not a log" * 1000)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "flipped bytes in its header": flip,
    "a damaged table": flip_rows,
    "a garbage log": garbage_log,
    "no bytes": lambda path: path.write_bytes(b""),
    "no file": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_state_is_rebuilt_without_a_write_to_either_crm(town: Town, damage: Callable[[Path], object]) -> None:  # noqa: F811
    path = town.folder / "state.db"
    before, sent = shadows(path), writes(town)
    assert town.say("state", "rebuild")[0] == 0
    damage(path)
    with pytest.raises(StoreError, match="state rebuild"):
        town.run("sync")
    assert town.say("state", "rebuild")[0] == 2
    code, told = town.run("state", "rebuild", "--yes", "--quiet")
    assert (code, told["left_for_the_next_run"], writes(town)) == (0, 0, sent)
    assert shadows(path) == before
    assert all(Path(file).exists() for file in told["kept"])
    assert town.run("sync")[1]["updated"] == 0
    assert writes(town) == sent


def test_what_people_said_and_what_was_ours_is_carried_over(town: Town) -> None:  # noqa: F811
    path = town.folder / "state.db"
    pair = ("hubspot/contacts/11", "salesforce/Lead/00Q5g0000000000EAA")
    town.run("identity", "split", *pair, "--note", "two people")
    town.run("sync")
    town.hubspot(1, phone="111")
    town.salesforce(1, Phone="222")
    town.run("sync")
    town.run("conflicts", "resolve", "p1@example.com", "phone", "--take", "hubspot")
    town.run("sync")
    flip_rows(path)
    _, told = town.run("state", "rebuild", "--yes", "--quiet")
    assert told["carried"]["identity_rule"] == told["carried"]["ruling"] == 1
    assert told["carried"]["written"] > 0
    assert town.run("identity", "list")[1]["rules"][0]["note"] == "two people"
    assert town.run("why", pair[0])[1]["lead"] != town.run("why", pair[1])[1]["lead"]
    town.hubspot(1, lastname="King")
    assert town.run("sync")[1]["updated"] == 1
    assert town.last_name(1) == "King"


def test_a_rebuild_that_fails_leaves_the_state_as_it_was(town: Town) -> None:  # noqa: F811
    path = town.folder / "state.db"
    flip(path)
    content = path.read_bytes()
    town.config.write_text(town.config.read_text(encoding="utf-8").replace("127.0.0.1", "127.0.0.9"), "utf-8")
    with pytest.raises(LeadsyncError):
        town.say("state", "rebuild", "--yes", "--quiet")
    assert path.read_bytes() == content


def test_a_state_in_use_is_not_rebuilt(town: Town) -> None:  # noqa: F811
    path = town.folder / "state.db"
    with Store(path), pytest.raises(StoreError, match="is using this state"):
        town.say("state", "rebuild", "--yes", "--quiet")
    assert shadows(path)
