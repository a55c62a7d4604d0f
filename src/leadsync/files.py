"""Find the files that are shipped: in the wheel beside the package, in a checkout at its root."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent.parent


def mappings_folder() -> Path:
    """The shipped mapping files."""
    return _shipped("mappings")


def example_config() -> Path:
    """The shipped example configuration."""
    return _shipped("config.example.toml")


def _shipped(name: str) -> Path:
    return next(path for path in (PACKAGE / name, CHECKOUT / name) if path.exists())
