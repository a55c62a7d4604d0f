"""Nurturing through whole cycles: what is written, what stands, and what an objection takes back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage

from leadsync.files import mappings_folder
from leadsync.records import Ref, Touch
from leadsync.store import Store

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "company": "Acme"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def engaged(stage: Stage) -> Ref:
    ref = stage.hubspot.put("contacts", **ADA)
    stage.hubspot.touch(ref, stage.now - timedelta(days=3), "form_submission", name="Whitepaper: LEI")
    return ref


def told(stage: Stage, ref: Ref) -> tuple[object, object]:
    return stage.value(ref, "leadsync_journey"), stage.value(ref, "leadsync_next_action")


def test_the_phase_and_the_next_action_are_written_once_with_their_reason(stage: Stage) -> None:
    ref = engaged(stage)
    stage.run()
    assert told(stage, ref) == ("engaged", "enrol")
    assert stage.value(ref, "leadsync_next_action_reason") == "Engaged and fits: show what it does"
    assert stage.value(ref, "leadsync_next_action_track") == "product"
    before = stage.writes()
    for _ in range(3):
        stage.pass_time(timedelta(hours=5))
        stage.run()
    assert stage.writes() == before


def test_a_mail_of_ours_ends_the_advice_to_send_one_and_a_long_silence_turns_the_journey(stage: Stage) -> None:
    ref = engaged(stage)
    stage.run()
    mail = Ref("hubspot", "touches", "mail")
    stage.hubspot.touch_list.append(Touch(mail, ref, stage.now + timedelta(hours=1), "email", "EMAIL"))
    stage.pass_time(timedelta(hours=2))
    stage.run()
    assert stage.value(ref, "leadsync_next_action_track") == "welcome"
    stage.pass_time(timedelta(days=300))
    stage.run()
    assert stage.value(ref, "leadsync_journey") == "dormant"


@pytest.mark.parametrize("side", ["hubspot", "salesforce"])
def test_an_objection_in_either_crm_takes_the_journey_back_and_ends_all_advice(stage: Stage, side: str) -> None:
    ref = engaged(stage)
    lead = stage.salesforce.put("Lead", Email=ADA["email"], LastName="Lovelace", Company="Acme")
    stage.run()
    field = {"hubspot": (ref, "hs_email_optout"), "salesforce": (lead, "HasOptedOutOfEmail")}[side]
    stage.sides[side].edit(field[0], **{field[1]: True})
    stage.run()
    assert told(stage, ref) == (None, "none")
    assert stage.value(ref, "leadsync_score") is None
    with Store(stage.path, write=False) as store:
        (kept,) = store.courses.all().values()
        assert kept["course"] is None
        (uid,) = store.courses.all()
        assert store.results.decisions(uid)["nurture"][1]["because"].startswith("opted out")


def test_a_pack_copied_into_models_scores_the_leads_it_selects(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(mappings_folder(), folder)
    (folder / "models").mkdir()
    shutil.copy(folder / "packs" / "customer_success" / "scoring.toml", folder / "models" / "customers.toml")
    stage.mappings = folder
    stage.hubspot.put("contacts", **ADA, lifecyclestage="customer")
    stage.hubspot.put("contacts", **{**ADA, "email": "bob@acme.example", "firstname": "Bob", "lifecyclestage": "lead"})
    view = stage.run().view
    assert {judged.score.model for judged in view.leads} == {"customer-success", "b2b-core"}
    with Store(stage.path, write=False) as store:
        assert {model for model, _points in store.results.scores().values()} == {"customer-success", "b2b-core"}


def test_what_was_known_is_kept_by_day_without_names_and_only_when_it_changed(stage: Stage) -> None:
    ref = engaged(stage)
    stage.run()
    stage.pass_time(timedelta(days=1))
    stage.run()
    stage.hubspot.edit(ref, jobtitle="Intern")
    stage.pass_time(timedelta(days=1))
    stage.run()
    with Store(stage.path, write=False) as store:
        kept = list(store.snapshots.all())
        assert [facts["seniority"] for _uid, _day, facts in kept] == ["c_level", "student"]
        assert [(day - kept[0][1]).days for _uid, day, _facts in kept] == [0, 2]
        assert not {"email", "first_name", "last_name", "phone"} & set(kept[0][2])
        (uid,) = store.snapshots.at(kept[0][1])
        assert store.snapshots.at(kept[0][1] + timedelta(days=1))[uid]["seniority"] == "c_level"
        assert store.snapshots.first_day() == kept[0][1]
