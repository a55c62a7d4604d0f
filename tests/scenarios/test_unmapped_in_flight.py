"""A field is taken out of the mapping while a write of it is on its way."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine import rulebook
from tests.fakes import Crash, nothing
from tests.scenarios.test_operator import ADA, ADA_SF, made
from tests.scenarios.test_promises import once

CITY = """
hubspot     = "city"
salesforce  = { Lead = "City", Contact = "MailingCity" }
owner       = "salesforce"
compare     = "ci"
"""


def test_an_edit_outlives_a_killed_run_and_a_field_less(tmp_path: Path) -> None:
    stage = made(tmp_path, {})
    for shelf in stage.sides.values():
        shelf.tells = False
    contact, lead = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    stage.hubspot.edit(contact, jobtitle="CEO", city="Paris")

    def die() -> None:
        raise Crash

    stage.salesforce.on_call = once("after write Lead", die)
    with pytest.raises(Crash):
        stage.run()
    stage.salesforce.on_call = nothing
    assert (stage.value(lead, "Title"), stage.value(lead, "City")) == ("CEO", "Paris")
    file = stage.mappings / "lead.toml"
    text = file.read_text(encoding="utf-8")
    assert CITY in text
    file.write_text(text.replace(CITY, '\nhubspot     = "city"\ndirection   = "read"\n'), encoding="utf-8")
    rulebook.cache_clear()
    stage.hubspot.edit(contact, jobtitle="CIO")
    for _ in range(2):
        stage.run()
    assert stage.value(lead, "Title") == stage.value(contact, "jobtitle") == "CIO"
