"""Find the files that are shipped: in the wheel beside the package, in a checkout at its root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent.parent


def mappings_folder() -> Path:
    """The shipped mapping files."""
    return _shipped("mappings")


def model_files(mappings: Path) -> list[str]:
    """The scoring model files of a mappings folder: scoring.toml, and those in models/ (a pack becomes active by being
    copied there), files of cases aside."""
    more = (path for path in (mappings / "models").glob("*.toml") if not path.name.endswith("cases.toml"))
    return ["scoring.toml", *sorted(f"models/{path.name}" for path in more)]


def list_reader(mappings: Path) -> Callable[[str], str]:
    """Reads the lists that the stages file names, from beside it. It raises OSError or UnicodeDecodeError."""
    return lambda name: (mappings / name).read_text(encoding="utf-8-sig")


def example_config() -> Path:
    """The shipped example configuration."""
    return _shipped("config.example.toml")


def _shipped(name: str) -> Path:
    return next(path for path in (PACKAGE / name, CHECKOUT / name) if path.exists())
