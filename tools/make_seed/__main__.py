"""`python -m tools.make_seed`: writes the seed files; with `--data DIR` gathers the register's facts anew first."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.make_seed.write import files

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Write every file of the seed below the project's folder."""
    parser = argparse.ArgumentParser(prog="make_seed", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the large tables: gather the facts anew from them")
    data: Path | None = parser.parse_args().data
    if data is not None:
        from tools.make_seed.collect import collect  # only this needs pyarrow

        collect(data)
    for path, text in files().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
