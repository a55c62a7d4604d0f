"""config.example.toml: it is valid, and shows every setting there is with its real default."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from leadsync.config import load
from leadsync.config.tables import ConfigTable
from leadsync.connector import connectors
from leadsync.files import example_config

_SETTING = re.compile(r"^# ([a-z_]+ = .+)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r'"env:(\w+)"', example_config().read_text(encoding="utf-8")):
        monkeypatch.setenv(name, "x")


def shown(*, also_defaults: bool) -> dict[str, Any]:
    """The example's data, with the settings that are only shown as comments or without them."""
    text = example_config().read_text(encoding="utf-8")
    return tomllib.loads(_SETTING.sub(r"\1", text) if also_defaults else text)


def test_the_example_is_a_valid_configuration() -> None:
    config = load(example_config())
    assert set(config.connectors) == set(connectors())


def test_the_example_sets_only_what_has_no_default() -> None:
    data = shown(also_defaults=False)
    assert set(data) == {"schema", "schedule", "sync", "quota", "resolve", "connector"}
    assert data["schedule"] == data["sync"] == data["quota"] == data["resolve"] == {}


def test_every_setting_is_shown_with_its_default() -> None:
    data = shown(also_defaults=True)
    del data["connector"]
    without = {name: info for name, info in ConfigTable.model_fields.items() if name != "connector"}
    assert set(data) == {info.alias or name for name, info in without.items()}
    for key, info in without.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            table = info.annotation.model_validate({k: v for k, v in data[key].items() if k != "cron"})
            assert table == info.annotation.model_validate({})
            assert set(data[key]) == set(info.annotation.model_fields)
        elif not info.is_required():
            assert data[key] == info.default


@pytest.mark.parametrize("name", sorted(connectors()))
def test_every_setting_of_a_connector_is_shown_with_its_default(name: str) -> None:
    data = shown(also_defaults=True)["connector"][name]
    assert data.pop("connector") == name
    fields = connectors()[name].settings.model_fields
    assert set(data) == set(fields)
    for key, info in fields.items():
        if not info.is_required() and info.default is not None:
            assert data[key] == (str(info.default) if isinstance(info.default, Path) else info.default), key
