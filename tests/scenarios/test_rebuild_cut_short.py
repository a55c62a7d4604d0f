"""A state that is being made anew when the process dies: nothing begins as if there had never been one."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadsync.store import Store, StoreError
from leadsync.store.salvage import fresh, take_place


def test_a_state_whose_new_one_does_not_come_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        store.note("told", "by the old one")
    new = fresh(path)
    with Store(new):
        pass
    new.unlink()
    with pytest.raises(StoreError):
        take_place(new, path, "damaged")
    with pytest.raises(StoreError, match="is gone"), Store(path):
        pass
    (kept,) = tmp_path.glob("state.db.damaged*")
    kept.replace(path)
    with Store(path) as store:
        assert store.noted("told") == "by the old one"


def test_a_new_state_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path):
        pass
    new = fresh(path)
    with Store(new) as store:
        store.note("told", "by the new one")
    take_place(new, path, "damaged")
    with Store(path) as store:
        assert store.noted("told") == "by the new one"
    assert sorted(file.name for file in tmp_path.glob("*rebuilding*")) == []
    path.unlink()
    with pytest.raises(StoreError, match="is gone"), Store(path):
        pass
