"""config.toml: what it becomes, everything that is wrong with it at once, and that it never shows a secret."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict

from leadsync.config import Config, Schedule, load
from leadsync.config.cron import check_cron
from leadsync.connector import Connector, Kind, ObjectType
from leadsync.connector.secrets import Secret
from leadsync.errors import Misconfigured
from leadsync.gates import Limits
from leadsync.mapping.problems import Problem, Problems
from leadsync.records import Role
from leadsync.rules import lint, load_rulebook


class CrmSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    url: str
    token: Secret
    backup: Secret | None = None
    pages: int = 10


class RegisterSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    index: Path = Path("register")


def nothing(*_: Any) -> Any:
    raise AssertionError("nothing is opened to read a configuration")


def crm(name: str, *objects: ObjectType) -> Connector:
    return Connector(name, Kind.CRM, CrmSettings, nothing, nothing, nothing, objects)


INSTALLED = {
    "hubspot": crm("hubspot", ObjectType("contacts", Role.PERSON), ObjectType("companies", Role.COMPANY)),
    "salesforce": crm(
        "salesforce",
        ObjectType("Lead", Role.PERSON),
        ObjectType("Contact", Role.PERSON),
        ObjectType("Account", Role.COMPANY),
    ),
    "gleif": Connector("gleif", Kind.REGISTER, RegisterSettings, nothing, nothing, nothing),
}


def lookup(name: str) -> Connector:
    if name not in INSTALLED:
        raise Misconfigured(f"there is no connector named {name!r}. Installed: {', '.join(INSTALLED)}.")
    return INSTALLED[name]


BOTH = """\
[connector.hubspot]
url = "http://h"
token = "env:TOKEN"
[connector.salesforce]
url = "s"
token = "file:secret"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKEN", "s3cret-of-env")
    (tmp_path / "secret").write_text("s3cret-of-file\n", encoding="utf-8")
    return tmp_path


def write(home: Path, text: str) -> Path:
    path = home / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(home: Path, text: str) -> Config:
    return load(write(home, text), lookup)


def problems(home: Path, text: str) -> list[Problem]:
    with pytest.raises(Problems) as caught:
        read(home, text)
    return list(caught.value.problems)


def test_a_short_file_has_the_usual_settings(home: Path) -> None:
    config = read(home, f"schema = 1\n{BOTH}")
    assert (config.state, config.mappings) == (home / "state.db", home / "mappings")
    assert config.schedule == Schedule(timedelta(minutes=15), "", "UTC", 0)
    assert config.sync == Limits()
    assert {side: (c.connector, c.kind) for side, c in config.connectors.items()} == {
        "hubspot": ("hubspot", Kind.CRM),
        "salesforce": ("salesforce", Kind.CRM),
    }


def test_every_setting_arrives(home: Path) -> None:
    config = read(
        home,
        'schema = 1\nstate = "/var/s.db"\nmappings = "m"\n[schedule]\nevery = "5m"\njitter = "30s"\n'
        "[sync]\nmax_overwritten_share = 0.25\nmax_cleared_share = 0.05\nfloor = 7\n[resolve]\nthreshold = 0.8\n"
        + BOTH
        + "pages = 3\n",
    )
    assert (config.state, config.mappings) == (Path("/var/s.db"), home / "m")
    assert config.schedule == Schedule(timedelta(minutes=5), "", "UTC", 30)
    assert config.sync == Limits(max_overwritten_share=0.25, max_cleared_share=0.05, floor=7)
    assert config.resolve.threshold == 0.8
    assert config.connectors["salesforce"].settings.pages == 3  # type: ignore[attr-defined]


def test_a_cron_line_has_its_time_zone(home: Path) -> None:
    config = read(home, f'schema = 1\n[schedule]\ncron = "0 6-20/2 * * mon-fri"\ntimezone = "Europe/Berlin"\n{BOTH}')
    assert (config.schedule.cron, config.schedule.timezone) == ("0 6-20/2 * * mon-fri", "Europe/Berlin")


def test_one_connector_may_serve_two_sides(home: Path) -> None:
    config = read(home, 'schema = 1\n[connector.emea]\nconnector = "hubspot"\nurl = "x"\ntoken = "env:TOKEN"\n')
    assert (config.connectors["emea"].side, config.connectors["emea"].connector) == ("emea", "hubspot")


def test_secrets_are_read_from_where_the_file_points(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    config = read(home, f"schema = 1\n{BOTH}")
    tokens = {s: c.settings.token.get_secret_value() for s, c in config.connectors.items()}  # type: ignore[attr-defined]
    assert tokens == {"hubspot": "s3cret-of-env", "salesforce": "s3cret-of-file"}
    assert "s3cret" not in repr(config)


def test_looking_at_what_is_known_needs_no_secrets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN")
    path = write(home, f"schema = 1\n{BOTH}")
    with pytest.raises(Problems, match="TOKEN is not set"):
        load(path, lookup)
    settings = load(path, lookup, offline=True).connectors["hubspot"].settings
    assert settings.token.get_secret_value() == ""  # type: ignore[attr-defined]
    with pytest.raises(Problems, match="never as itself"):
        load(write(home, f"schema = 1\n{BOTH.replace('env:TOKEN', 'pat-123')}"), lookup, offline=True)


def test_paths_count_from_the_file_also_when_they_are_not_given(home: Path) -> None:
    given = read(home, f'schema = 1\n{BOTH}[connector.gleif]\nindex = "lei"\n').connectors["gleif"].settings
    usual = read(home, f"schema = 1\n{BOTH}[connector.gleif]\n").connectors["gleif"].settings
    assert (given, usual) == (RegisterSettings(index=home / "lei"), RegisterSettings(index=home / "register"))


def test_without_resolving_no_register_is_opened(home: Path) -> None:
    config = read(home, f"schema = 1\n[resolve]\nenabled = false\n{BOTH}[connector.gleif]\n")
    assert list(config.connectors) == ["hubspot", "salesforce"]


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        pytest.param("", 1, "LS103", 'needs the key "schema"', id="no version"),
        pytest.param("schema = 2", 1, "LS102", "schema is not one of 1", id="a version of tomorrow"),
        pytest.param("schema = 1\nstat = 'x'", 2, "LS101", 'Did you mean "state"?', id="a key is misspelled"),
        pytest.param("schema = 1\n[schedul]", 2, "LS101", 'Did you mean "schedule"?', id="a table is misspelled"),
        pytest.param("schema = 1\n[schedule]\nevery = 'often'", 3, "LS104", 'e.g. "15m"', id="no length of time"),
        pytest.param("schema = 1\n[schedule]\nevery = '0s'", 2, "LS104", "at least a second", id="all the time"),
        pytest.param(
            "schema = 1\n[schedule]\nevery = '5m'\ncron = '* * * * *'", 2, "LS104", "not both", id="two schedules"
        ),
        pytest.param("schema = 1\n[schedule]\ncron = '* * * *'", 3, "LS104", "5 fields", id="a short cron line"),
        pytest.param("schema = 1\n[schedule]\ntimezone = 'Mars'", 3, "LS104", "is not a time zone", id="no time zone"),
        pytest.param("schema = 1\n[sync]\nfloor = -1", 3, "LS104", "floor in [sync]", id="less than nothing"),
        pytest.param("schema = 1\n[resolve]\nthreshold = 90", 3, "LS104", "threshold in [resolve]", id="in per cent"),
        pytest.param("schema = 1\n[connector.hubspt]", 2, "LS402", "no connector named 'hubspt'", id="no connector"),
        pytest.param("schema = 1\n[connector.leadsync]", 2, "LS104", "cannot name a side", id="a side named as we are"),
        pytest.param("schema = 1\n[connector.write]", 2, "LS104", "cannot name a side", id="a side named as a key"),
        pytest.param("schema = 1", 1, "LS103", "no CRM is configured", id="no CRM"),
        pytest.param("schema = 1\n[connector.gleif]", 2, "LS103", "no CRM is configured", id="only a register"),
        pytest.param(
            "schema = 1\n[connector.hubspot]\nurl = 'x'\nurll = 'y'\ntoken = 'env:TOKEN'",
            4,
            "LS101",
            'in [connector.hubspot]. Did you mean "url"?',
            id="a connector's key is misspelled",
        ),
        pytest.param(
            "schema = 1\n[connector.hubspot]\nurl = 'x'\ntoken = 'env:NOT_SET'",
            4,
            "LS401",
            "environment variable NOT_SET is not set",
            id="a variable is not set",
        ),
        pytest.param(
            "schema = 1\n[connector.hubspot]\nurl = 'x'\ntoken = 'env:TOKEN'\nbackup = 's3cret'",
            5,
            "LS401",
            "given by reference",
            id="a secret stands in the file",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(home: Path, text: str, line: int, code: str, words: str) -> None:
    found = problems(home, text)
    assert [(p.line, p.code) for p in found] == [(line, code)]
    assert words in found[0].message
    assert found[0].file == str(home / "config.toml")


def test_all_mistakes_are_told_at_once(home: Path) -> None:
    text = "[schedule]\nevery = 1\n[connector.hubspot]\ntoken = 's'\n[connector.salesforce]\npages = 'x'\nurl = 'x'\n"
    text += "[x]"
    assert [(p.line, p.code) for p in problems(home, text)] == [
        (1, "LS103"),
        (2, "LS104"),
        (3, "LS103"),
        (4, "LS401"),
        (5, "LS103"),
        (6, "LS104"),
        (8, "LS101"),
    ]


def test_only_one_register_can_be_asked(home: Path) -> None:
    (found,) = problems(home, f"schema = 1\n{BOTH}[connector.gleif]\n[connector.other]\nconnector = 'gleif'")
    assert (found.line, found.code) == (9, "LS104")


@pytest.mark.parametrize(
    "text",
    [
        'token = "s3cret',
        'schema = 1\n[connector.hubspot]\ntoken = "s3cret"\nurl = "s3cret"\npages = "s3cret"\nother = "s3cret"',
        'schema = "s3cret"\nstate = ["s3cret"]\n[schedule]\ntimezone = "UTC"\nevery = "s3cret"',
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(home: Path, text: str) -> None:
    assert all("s3cret" not in str(problem) for problem in problems(home, text))


def test_a_file_that_cannot_be_read_says_what_to_do(home: Path) -> None:
    with pytest.raises(Misconfigured, match="leadsync init"):
        load(home / "none.toml", lookup)
    (home / "latin.toml").write_bytes(b'state = "\xe9"')
    with pytest.raises(Misconfigured, match="UTF-8"):
        load(home / "latin.toml", lookup)


# ---- cron lines

GOOD = ["* * * * *", "*/15 * * * *", "0 6-20/2 * * mon-fri", "5,35 0 1 jan,jul sun", "0 0 * * 0-6", "59 23 31 12 6",
        "0 0 29 2 *", "0 0 30,31 1-12 *", "0 */23 * * MON", "5/54 * * * *"]  # fmt: skip
BAD = ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *", "a * * * *", "5-1 * * * *",
       "*-5 * * * *", "* * * mon *", "1,,2 * * * *", "0 */24 * * *", "*/60 * * * *", "0 0 1 */12 *", "10-20/15 * * * *",
       "5/70 * * * *", "0 6 * * 1-fri", "0 6 * * mon-fri/2", "0 6 * * sun/1"]  # fmt: skip


@pytest.mark.parametrize("line", GOOD)
def test_a_cron_line_is_one_for_the_scheduler_too(line: str) -> None:
    assert check_cron(line) == line
    CronTrigger.from_crontab(line, timezone="UTC")


@pytest.mark.parametrize("line", BAD)
def test_what_is_no_cron_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="of a cron line"):
        check_cron(line)


def test_a_cron_line_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="never"):
        check_cron("0 0 30 2 *")


# ---- the linter

CHECKOUT = Path(__file__).parents[2]


def test_the_linter_checks_every_file_of_the_mappings(home: Path) -> None:
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    path = write(home, f"schema = 1\n{BOTH}")
    assert lint(path, lookup) == []
    for broken in ("lead.toml", "scoring.toml"):
        (home / "mappings" / broken).write_text("schema = ", encoding="utf-8")
    (home / "mappings" / "stages.toml").unlink()
    path.write_text(f"schema = 1\n{BOTH}pagse = 1", encoding="utf-8")
    assert [(Path(p.file).name, p.line, p.code) for p in lint(path, lookup)] == [
        ("config.toml", 8, "LS101"),
        ("lead.toml", 1, "LS001"),
        ("scoring.toml", 1, "LS001"),
        ("stages.toml", 0, "LS402"),
    ]


def test_the_linter_checks_mappings_against_the_configured_sides(home: Path) -> None:
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    path = write(home, 'schema = 1\n[connector.hubspot]\nurl = "x"\ntoken = "env:NOT_SET"\n')
    found = lint(path, lookup)
    assert {(Path(p.file).name, p.code) for p in found} >= {("config.toml", "LS401"), ("lead.toml", "LS101")}
    assert any("salesforce" in p.message for p in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(f"schema = 1\n{BOTH}".replace("connector.hubspot", "conector.hubspot"), "LS101", id="table"),
        pytest.param(f"schema = 1\n{BOTH}".replace("connector.hubspot", "connector.hubspott"), "LS402", id="name"),
        pytest.param(f"schema = 1\n{BOTH}".replace("connector.hubspot", "connector.Hub-Spot"), "LS104", id="letters"),
        pytest.param("", "LS103", id="an empty file"),
        pytest.param("schema = 1\n", "LS103", id="no table"),
    ],
)
def test_a_misspelt_side_is_told_once_and_not_by_every_line_of_the_mappings(home: Path, text: str, code: str) -> None:
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    (found,) = lint(write(home, text), lookup)
    assert (Path(found.file).name, found.code) == ("config.toml", code)


def test_the_linter_says_when_there_is_no_file(home: Path) -> None:
    (found,) = lint(home / "none.toml", lookup)
    assert (found.code, found.line) == ("LS402", 0)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_linter_refuses_what_a_run_refuses(home: Path) -> None:
    """An event that no touch rule makes, and a protected field that the mapping calls something else."""
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    edit(home / "mappings" / "scoring.toml", 'event = "demo_request"', 'event = "demo_reqest"')
    path = write(home, f"schema = 1\n{BOTH}")
    config = load(path, lookup)
    sides = {side: INSTALLED[side].objects for side in config.connectors}
    with pytest.raises(Problems) as refused:
        load_rulebook(config.mappings, sides)
    assert [p.code for p in lint(path, lookup)] == [p.code for p in refused.value.problems] == ["LS610"]


def test_the_linter_takes_what_a_run_takes(home: Path) -> None:
    """A field of the admin's own may be scored, and a company's legal entity may stand in a condition."""
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    with (home / "mappings" / "lead.toml").open("a", encoding="utf-8") as file:
        file.write('\n[field.tier]\ndirection = "read"\nhubspot = "tier"\nwhen = "legal_country == \'DE\'"\n')
    with (home / "mappings" / "scoring.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[rule]]\nid = "t"\ngroup = "fit"\nlabel = "T"\nfield = "tier"\npoints = { gold = 5 }\n')
    path = write(home, f"schema = 1\n{BOTH}")
    load_rulebook(home / "mappings", {side: INSTALLED[side].objects for side in ("hubspot", "salesforce")})
    assert lint(path, lookup) == []


def test_a_mistake_in_one_file_makes_no_mistakes_of_what_others_say(home: Path) -> None:
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    edit(home / "mappings" / "scoring.toml", 'field = "seniority"', 'field = "senority"')
    found = lint(write(home, f"schema = 1\n{BOTH}"), lookup)
    assert [(Path(p.file).name, p.code) for p in found] == [("scoring.toml", "LS604")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('conversion_stage = "mql"', 'conversion_stage = "mqll"', 'there is no stage "mqll". Did you mean "mql"?'),
        ('deal = "opportunity"', 'deal = "oportunity"', 'Did you mean "opportunity"?'),
        ('value_field = ""', 'value_field = "anual_revenue"', 'Did you mean "annual_revenue"?'),
    ],
)
def test_what_attribution_counts_by_is_there(home: Path, old: str, new: str, says: str) -> None:
    """Or a report would say for months that nothing converted, or was worth anything."""
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    edit(home / "mappings" / "attribution.toml", old, new)
    (found,) = lint(write(home, f"schema = 1\n{BOTH}"), lookup)
    assert found.code in {"LS602", "LS604"} and says in found.message and found.line > 1


def test_what_an_editor_on_windows_saves_is_read(home: Path) -> None:
    """A byte order mark and CR LF, in the configuration and in the mappings."""
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    path = write(home, f"schema = 1\n{BOTH}")
    for file in (path, *(home / "mappings").glob("*.toml")):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    (home / "secret").write_bytes(b"\xef\xbb\xbfs3cret\r\n")
    assert lint(path, lookup) == []
    settings = load(path, lookup).connectors["salesforce"].settings
    assert isinstance(settings, CrmSettings)
    assert settings.token.get_secret_value() == "s3cret"
    load_rulebook(home / "mappings", {side: INSTALLED[side].objects for side in ("hubspot", "salesforce")})


def test_a_mapping_in_another_encoding_is_told_by_a_run_as_by_the_linter(home: Path) -> None:
    shutil.copytree(CHECKOUT / "mappings", home / "mappings")
    stages = home / "mappings" / "stages.toml"
    stages.write_bytes("# Größe\n".encode("latin-1") + stages.read_bytes())
    path = write(home, f"schema = 1\n{BOTH}")
    assert [p.code for p in lint(path, lookup)] == ["LS402"]
    with pytest.raises(Misconfigured, match=r"stages\.toml: not a text in UTF-8"):
        load_rulebook(home / "mappings", {side: INSTALLED[side].objects for side in ("hubspot", "salesforce")})


def test_a_secret_that_is_blank_is_not_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", " ")
    assert [(p.line, p.code) for p in problems(home, f"schema = 1\n{BOTH}")] == [(4, "LS401")]
