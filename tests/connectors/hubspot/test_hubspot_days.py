"""What HubSpot says of an account's day, over several days and connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.connectors.hubspot.conftest import NOW, Connect

from leadsync.quota import Governor, Lane, Shares, govern
from leadsync_hubspot.sandbox import HubSpotSandbox

SPENT = 900_000
"""Of the million that an account of the tier has: beyond where scheduled work stops."""


@pytest.fixture
def governed(connect: Connect, sandbox: HubSpotSandbox, tmp_path: Path) -> Iterator[list[Governor]]:
    """The governors of connections made by a test, closed behind it."""
    made: list[Governor] = []
    yield made
    for governor in made:
        governor.close()


def test_a_day_that_others_spent_is_over_at_midnight(
    connect: Connect, sandbox: HubSpotSandbox, governed: list[Governor], tmp_path: Path
) -> None:
    sandbox.seed({"account": {"timeZone": "UTC"}})
    used = []
    for hours in (0, 1, 2, 16, 17, 30):  # it is 9 o'clock
        sandbox.clock.set(NOW + timedelta(hours=hours), rate=0)
        crm = connect()
        governed.append(govern(crm, tmp_path / "quota.db", sandbox.clock, Shares(), Lane.INTERACTIVE))
        crm.account()
        if hours == 0:
            sandbox.limits.today = SPENT
        used.append(governed[-1].standings()[-1].used)
    assert used[:3] == [1, SPENT + 1, SPENT + 2]
    assert max(used[3:]) < 10
