"""The state file: what it keeps, what it refuses to open, and that changes belong together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadsync.connector import Page, Unread
from leadsync.records import Record, Ref, Touch
from leadsync.store import Outgoing, Reject, Store, StoreError, Written
from leadsync.store.migrations import MIGRATIONS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA = Ref("a", "people", "1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as opened:
        yield opened


def record(name: str = "Ada", later: int = 0, **rest: object) -> Record:
    return Record(ADA, {"name": name}, NOON + timedelta(seconds=later), {"companies": ("7",)}, **rest)  # type: ignore[arg-type]


def test_a_page_and_its_cursor_are_kept_together(store: Store) -> None:
    touch = Touch(Ref("a", "forms", "f1"), ADA, NOON, "form_submission", name="Demo")
    with store.transaction():
        store.pulled.save_page("a", "people", Page((record(),), (touch,), cursor="c1"), NOON)
    (seen,) = store.pulled.records()
    assert (seen.record, seen.shadow) == (record(), None)
    assert list(store.pulled.touches()) == [touch]
    assert store.pulled.cursor("a", "people") == "c1"


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.pulled.save_page("a", "people", Page((record(),), cursor="c1"), NOON)
        raise RuntimeError
    assert list(store.pulled.records()) == []
    assert store.pulled.cursor("a", "people") == ""


def test_an_older_state_that_a_lagging_index_shows_does_not_replace_a_newer_one(store: Store) -> None:
    store.pulled.save_records([record("new", later=5)], NOON)
    store.pulled.save_records([record("old", later=1)], NOON)
    assert next(store.pulled.records()).record.fields == {"name": "new"}


def test_a_deleted_record_keeps_what_it_last_said(store: Store) -> None:
    store.pulled.save_records([record()], NOON)
    gone = Record(ADA, {}, NOON + timedelta(seconds=1), deleted=True)
    store.pulled.save_records([gone], NOON)
    (seen,) = store.pulled.records()
    assert seen.record.deleted
    assert seen.record.fields == {"name": "Ada"}


def test_a_merge_is_followed_to_the_surviving_id(store: Store) -> None:
    old = Ref("a", "people", "0")
    store.pulled.save_records([Record(old, {"name": "Ada"}, NOON)], NOON)
    store.pulled.save_identities([(old, "u1", "")], NOON)
    store.pulled.save_page(
        "a", "forms", Page(touches=(Touch(Ref("a", "forms", "f"), old, NOON, "form_submission"),)), NOON
    )
    store.pulled.save_records([record(aliases=("0",))], NOON)
    assert store.pulled.identities() == {ADA: "u1"}
    assert next(store.pulled.touches()).person == ADA
    assert {s.record.ref: s.record.deleted for s in store.pulled.records()} == {old: True, ADA: False}


def test_an_unreadable_record_is_kept_with_its_reason_until_it_can_be_read(store: Store) -> None:
    store.pulled.save_page("a", "people", Page(unread=(Unread(ADA, "bad date", "mend it"),), cursor="c"), NOON)
    (kept,) = store.outbox.rejects()
    assert (kept.ref, kept.direction, kept.reason, kept.hint) == (ADA, "read", "bad date", "mend it")
    store.pulled.save_records([record()], NOON)
    assert store.outbox.rejects() == []


def test_outbox_written_and_rejects_come_back_as_they_went_in(store: Store) -> None:
    row = Outgoing("t", "run", "u1", "a", "people", None, {"x": (None, 1.5)}, ("key", "u1"), {"companies": ("7",)})
    store.outbox.enqueue([row], NOON)
    store.outbox.mark(["t"], "sending")
    assert store.outbox.in_flight() == [Outgoing(**{**_fields(row), "state": "sending"})]
    done = Written(ADA, "x", "SENT", "sent", None, "run", NOON)
    store.outbox.save_written([done])
    assert store.outbox.written() == {(ADA, "x"): done}
    refused = Reject(ADA, "write", "u1", "C", "why", "hint", ("x",), {"x": 1}, NOON, NOON, 1)
    store.outbox.reject(refused)
    store.outbox.reject(refused)
    assert [r.times for r in store.outbox.rejects()] == [2]
    store.outbox.accepted([ADA])
    assert store.outbox.rejects() == []


def _fields(row: Outgoing) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_two_runs_never_share_a_state(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match="another leadsync"):
        Store(tmp_path / "state.db")
    store.close()
    Store(tmp_path / "state.db").close()  # and once the first has ended, the next may begin


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "empty", id="an empty file is no fresh start"),
        pytest.param(b"this is not a database, whatever else it is" * 40, "damaged", id="garbage is damage"),
    ],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=complaint):
        Store(path)
    assert path.read_bytes() == content


def _of_another_version(folder: Path, newer_by: int) -> Path:
    """A state whose schema another leadsync made."""
    path = folder / "state.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + newer_by}")
    connection.close()
    return path


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = _of_another_version(tmp_path, newer_by=1)
    with pytest.raises(StoreError, match="newer leadsync"):
        Store(path)


def test_an_older_schema_is_not_called_damaged_by_who_only_looks(tmp_path: Path) -> None:
    """An operator installs a new version and asks `status` before the first run of it."""
    path = _of_another_version(tmp_path, newer_by=-1)
    with pytest.raises(StoreError, match="older leadsync") as told:
        Store(path, write=False)
    assert "damaged" not in str(told.value)


def test_reading_needs_a_state_and_takes_no_lock(tmp_path: Path, store: Store) -> None:
    with Store(tmp_path / "state.db", write=False) as reader:
        assert list(reader.pulled.records()) == []
        with pytest.raises(sqlite3.OperationalError):
            reader.pulled.save_records([record()], NOON)
    with pytest.raises(StoreError, match="no state yet"):
        Store(tmp_path / "none.db", write=False)


def test_only_we_may_read_the_state(tmp_path: Path, store: Store) -> None:
    assert (tmp_path / "state.db").stat().st_mode & 0o077 == 0
