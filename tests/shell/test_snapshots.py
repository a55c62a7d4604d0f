"""Facts by day: what is given back is what was known, whatever little is kept of it."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.records import Fields
from leadsync.store import Store
from leadsync.store.snapshots import as_known

FIRST = date(2026, 1, 1)
VALUES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "", "b"])
FACTS = st.dictionaries(st.sampled_from(["seniority", "employees", "city", "email"]), VALUES)
DAYS = st.lists(st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from(["x", "y"]), FACTS)), max_size=6)


def known(facts: Fields) -> Fields:
    return {name: value for name, value in facts.items() if value is not None and name != "email"}


@settings(max_examples=60, deadline=None)
@given(DAYS)
def test_a_day_gives_back_what_was_known_by_then_without_names(days: list[tuple[int, dict[str, Fields]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "state.db") as store:
        told: dict[date, dict[str, Fields]] = {}
        day = FIRST
        for later, facts in days:
            day += timedelta(days=later)
            with store.transaction():
                store.snapshots.save(day, facts)
            told.setdefault(day, {})
            told[day] = facts
        wanted: dict[str, Fields] = {}
        for day in sorted(told):
            wanted |= {uid: known(facts) for uid, facts in told[day].items()}
            assert store.snapshots.at(day) == wanted
        for uid, facts in wanted.items():
            assert store.snapshots.of(uid)[-1][1] == facts
        assert [(u, d) for u, d, _f in store.snapshots.all()] == sorted((u, d) for u, d, _f in store.snapshots.all())


def test_only_what_changed_is_kept(tmp_path: Path) -> None:
    facts = {"seniority": "vp", "employees": 40, "city": None, "industry": "software"}
    with Store(tmp_path / "state.db") as store, store.transaction():
        for number, day_facts in enumerate([facts, facts, {**facts, "employees": 41}, {**facts, "employees": None}]):
            store.snapshots.save(FIRST + timedelta(days=number), {"x": day_facts})
        kept = [row["facts"] for row in store.connection.execute("SELECT facts FROM snapshot ORDER BY day")]
        assert kept[1:] == ['{"employees":41}', '{"employees":null}'] and "city" not in kept[0]
        assert store.snapshots.of("x")[-1] == (FIRST + timedelta(days=3), {"seniority": "vp", "industry": "software"})


def test_whole_rows_of_an_older_version_are_read_as_they_were(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store, store.transaction():
        rows = [("x", "2026-01-01", '{"a": 1, "b": 2}'), ("x", "2026-01-02", '{"a": null, "b": 3}')]
        store.connection.executemany("INSERT INTO snapshot VALUES (?, ?, ?)", rows)
        assert store.snapshots.at(date(2026, 1, 5)) == {"x": {"b": 3}}


def test_a_fact_that_was_not_known_then_is_not_taken_from_today() -> None:
    today = {"email": "ada@acme.example", "first_name": "Ada", "seniority": "vp", "city": "London"}
    then = {"seniority": "manager"}
    assert as_known(today, then) == {**today, "seniority": "manager", "city": None}
