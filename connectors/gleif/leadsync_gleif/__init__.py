"""The register of legal entities: GLEIF's Golden Copy in a local index, or its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from leadsync.connector import Connector, Kind
from leadsync_gleif.check import check
from leadsync_gleif.goldencopy import refresh
from leadsync_gleif.index import Index
from leadsync_gleif.load import IndexStatus, LoadReport, load, status
from leadsync_gleif.register import IndexRegister, at_hand, open_register
from leadsync_gleif.settings import GleifSettings

__all__ = [
    "CONNECTOR",
    "GleifSettings",
    "Index",
    "IndexRegister",
    "IndexStatus",
    "LoadReport",
    "load",
    "open_register",
    "refresh",
    "status",
]


def _sandbox(clock: Any = None) -> Any:
    from leadsync_gleif.sandbox import GleifSandbox

    return GleifSandbox(clock)


def _demo() -> Mapping[str, Any]:
    """The demonstration's section: real entities and their real ownership, as Golden Copy files."""
    seeds = Path(str(files("leadsync_gleif") / "seeds"))
    return {"files": {name: str(seeds / f"{name}.csv") for name in ("lei2", "rr", "repex")}}


CONNECTOR = Connector(
    name="gleif",
    kind=Kind.REGISTER,
    settings=GleifSettings,
    open=open_register,
    sandbox=_sandbox,
    demo=_demo,
    check=check,
    at_hand=at_hand,
)
