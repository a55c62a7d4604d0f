"""Rules that hold for two records, or in one run, hold for the others and in the next one too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import made

from leadsync.records import Ref


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, {})


# ---- sites of one company


def sites(stage: Stage) -> tuple[Ref, Ref]:
    """Two sites that Salesforce keeps apart."""
    koeln, berlin = (
        stage.salesforce.put("Account", Name="Acme GmbH", BillingCountry="Germany", BillingCity=city, Website=site)
        for city, site in (("Köln", "koeln.example"), ("Berlin", "berlin.example"))
    )
    stage.run()
    return koeln, berlin


@pytest.mark.parametrize("part", [None, 1], ids=["at once", "in parts"])
@pytest.mark.parametrize("how", ["cleared", "hidden"])
def test_sites_stay_apart_when_a_city_is_no_longer_told(stage: Stage, how: str, part: int | None) -> None:
    stage.part = part
    koeln, berlin = sites(stage)
    if how == "cleared":
        stage.salesforce.edit(berlin, BillingCity="")
    else:
        stage.salesforce.hidden = ("BillingCity",)
        for ref in (koeln, berlin):
            stage.salesforce.edit(ref, Industry="Retail")
    stage.run()
    stage.salesforce.edit(koeln, Website="new.example")
    for _ in range(2):
        stage.run()
    assert stage.value(berlin, "Website") == "berlin.example"
