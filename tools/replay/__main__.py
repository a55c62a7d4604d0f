"""python -m tools.replay --data DIR: how many recorded exchanges the sandboxes answer alike, and why not the rest."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.replay.exchange import recorded
from tools.replay.replay import VENDORS, Verdict, replay


def report(verdicts: Sequence[Verdict]) -> str:
    """By endpoint: exchanges, those that agree, those out of scope; then every reason once with its count."""
    asked = Counter(verdict.exchange.endpoint for verdict in verdicts)
    agreed = Counter(verdict.exchange.endpoint for verdict in verdicts if verdict.agrees)
    beyond = Counter(v.exchange.endpoint for v in verdicts if v.out_of_scope is not None)
    wide = max(len(endpoint) for endpoint in asked)
    lines = [f"{'endpoint':<{wide}}  asked  alike  out of scope"]
    lines += [f"{e:<{wide}}  {asked[e]:>5}  {agreed[e]:>5}  {beyond[e]:>12}" for e in sorted(asked)]
    reasons = Counter(reason for verdict in verdicts for reason in verdict.differs)
    reasons.update(f"out of scope: {v.out_of_scope}" for v in verdicts if v.out_of_scope is not None)
    lines += [f"{count:>5}  {reason}" for reason, count in reasons.most_common()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 1 when an exchange in scope is answered otherwise than recorded."""
    parser = argparse.ArgumentParser(prog="python -m tools.replay", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("LEADSYNC_DATA"), help="holds recordings/")
    parser.add_argument("--vendor", choices=sorted(VENDORS), action="append")
    given = parser.parse_args(arguments)
    if given.data is None:
        parser.error("--data, or LEADSYNC_DATA in the environment, must name the folder with recordings/")
    worst = 0
    for vendor in given.vendor or sorted(VENDORS):
        verdicts = list(replay(vendor, recorded(given.data / "recordings", vendor)))
        alike, beyond = sum(v.agrees for v in verdicts), sum(v.out_of_scope is not None for v in verdicts)
        print(f"\n{vendor}: {len(verdicts)} exchanges, {alike} alike, {beyond} out of scope, ", end="")
        print(f"{len(verdicts) - alike - beyond} otherwise\n{report(verdicts)}")
        worst = max(worst, int(alike + beyond < len(verdicts)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
