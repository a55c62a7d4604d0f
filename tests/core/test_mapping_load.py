"""Mapping files: what they become, and everything that is wrong with them at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadsync.connector import FieldSpec, ObjectType
from leadsync.mapping.load import lint_object, load_object
from leadsync.mapping.model import Conflict, Direction, FieldMap, NullPolicy, ObjectMap, Target, WriteMode
from leadsync.mapping.problems import CODES, Problem, Problems
from leadsync.mapping.sources import SOURCES
from leadsync.records import Role

SHIPPED = Path(__file__).parents[2] / "mappings"
P, C = Role.PERSON, Role.COMPANY
SIDES = {
    "north": [ObjectType("people", P), ObjectType("firms", C)],
    "south": [ObjectType("Lead", P), ObjectType("Contact", P, preferred=1), ObjectType("Account", C)],
}
REAL = {
    "hubspot": [ObjectType("contacts", P), ObjectType("companies", C)],
    "salesforce": [ObjectType("Lead", P), ObjectType("Contact", P, preferred=1), ObjectType("Account", C)],
}


def mapping(body: str) -> ObjectMap:
    return load_object(f'schema = 1\nobject = "lead"\n{body}', "lead.toml", SIDES)


def one(body: str) -> FieldMap:
    return next(iter(mapping(f"[field.x]\n{body}").fields.values()))


def problems(body: str) -> list[Problem]:
    return lint_object(f'schema = 1\nobject = "lead"\n{body}', "lead.toml", SIDES)[1]


def codes(body: str) -> list[tuple[int, str]]:
    return [(p.line - 2, p.code) for p in problems(body)]


# ---- what a field becomes


def test_a_two_way_field_is_the_crms_own() -> None:
    field = one('north = "email"\nsouth = "Email"\nowner = "north"\ntransform = ["trim", "lower"]')
    assert field.targets == (Target("north", "email"), Target("south", "Email"))
    assert (field.owner, field.sources, field.compare) == ("north", (), "trim")
    assert (field.conflict, field.null, field.fill_blank) == (Conflict.OWNER, NullPolicy.KEEP, False)
    assert (field.label, field.file, field.line) == ("X", "lead.toml", 3)
    assert [str(step) for step in field.transform] == ["trim", "lower"]


def test_a_field_of_our_own_is_written_always_and_provided() -> None:
    field = one('source = "score.total"\nowner = "leadsync"\nnorth = "score"\ntype = "number"')
    assert field.targets == (Target("north", "score", write=WriteMode.ALWAYS, provision=True),)
    assert field.compare == "number"


def test_a_computed_field_that_others_own_is_tracked() -> None:
    (target,) = one('source = "company.legal_name|company.ultimate_parent_name"\nnorth = "company"').targets
    assert (target.write, target.provision) == (WriteMode.TRACKED, False)


def test_objects_of_one_side_may_have_other_names() -> None:
    field = one('south = { Lead = "City", Contact = { name = "MailingCity", write = "never" }, write = "if_empty" }')
    assert field.targets == (
        Target("south", "City", ("Lead",), WriteMode.IF_EMPTY),
        Target("south", "MailingCity", ("Contact",), WriteMode.NEVER),
    )
    assert field.owner == "south"


def test_a_name_beside_named_objects_is_for_the_rest() -> None:
    field = one('south = { Contact = "MailingCity", name = "City" }')
    assert [(t.name, t.objects) for t in field.targets] == [("MailingCity", ("Contact",)), ("City", ("Lead",))]


def test_a_field_may_be_of_some_objects_only() -> None:
    (target,) = one('south = { name = "Company", objects = ["Lead"] }').targets
    assert target.objects == ("Lead",)


def test_the_nearest_setting_counts() -> None:
    made = mapping(
        '[defaults]\ndirection = "read"\nnull = "clear"\nlease = "30d"\n'
        '[field.a]\nnorth = "a"\n[field.b]\nnorth = "b"\ndirection = "both"\nnull = "keep"\nlease = "1h"\n'
        '[field.c]\nnorth = { name = "c", direction = "both" }'
    )
    a, b, c = made.fields.values()
    assert [f.targets[0].direction for f in (a, b, c)] == [Direction.READ, Direction.BOTH, Direction.BOTH]
    assert [f.null for f in (a, b, c)] == [NullPolicy.CLEAR, NullPolicy.KEEP, NullPolicy.CLEAR]
    assert [f.lease for f in (a, b, c)] == [timedelta(days=30), timedelta(hours=1), timedelta(days=30)]


def test_all_other_settings_arrive() -> None:
    field = one(
        'source = ["score.total"]\nowner = "leadsync"\nconflict = "hold"\nnull = "fill"\ndefault = "3"\ntype = "int"\n'
        'compare = "number(2)"\nwhen = "score.total > 2"\nmin_change = 2\nmin_interval = "12h"\nunit = "u"\n'
        'unique = true\nfill_blank = true\nlabel = "L"\ndescription = "D"\nlength = 9\noptions = ["1"]\nnorth = "n"'
    )
    assert field.when is not None
    assert field.when.holds({"score.total": 3})
    assert (field.default, field.compare, field.min_change) == (3, "number(2)", 2)
    assert field.min_interval == timedelta(hours=12)
    assert (field.unit, field.unique, field.fill_blank, field.length, field.options) == ("u", True, True, 9, ("1",))
    assert (field.conflict, field.null) == (Conflict.HOLD, NullPolicy.FILL)


def test_an_object_knows_its_fields_by_side_and_object() -> None:
    made = mapping('[field.a]\nsouth = { Lead = "A" }\n[field.b]\nsouth = "B"\n[field.c]\nnorth = "c"')
    assert made.vendor_fields("south", "Lead") == ("A", "B")
    assert made.vendor_fields("south", "Contact") == ("B",)
    assert [(f.name, t.name) for f, t in made.targets("north", "people")] == [("c", "c")]
    assert made.kinds == {"north": ("people",), "south": ("Contact", "Lead")}
    assert made.role is P


def test_fields_to_provide_are_listed_for_each_object() -> None:
    made = mapping(
        '[field.id]\nsource = "leadsync.id"\nowner = "leadsync"\nunique = true\nlabel = "Id"\nlength = 36\n'
        'description = "D"\nsouth = "Id__c"\nnorth = { name = "stage", provision = false }'
    )
    assert made.specs("south") == [
        FieldSpec(kind, "Id__c", "Id", "string", "D", unique=True, length=36) for kind in ("Contact", "Lead")
    ]
    assert made.specs("north") == []


def test_a_new_record_has_a_condition_and_constants() -> None:
    made = mapping(
        '[field.id]\nsource = "leadsync.id"\nowner = "leadsync"\nunique = true\nsouth = "Id__c"\n'
        '[create.south]\nobject = "Lead"\nwhen = "stage.name == \'mql\'"\nfields = { Source = "leadsync", Hot = true }'
    )
    (rule,) = made.creates
    assert (rule.side, rule.kind, rule.fields) == ("south", "Lead", {"Source": "leadsync", "Hot": True})
    assert rule.when is not None
    assert rule.when.holds({"stage.name": "mql"})


# ---- what is wrong with it


@pytest.mark.parametrize(
    ("body", "place", "code", "words"),
    [
        ('[feild.x]\nnorth = "x"', (1, 1), "LS101", 'Did you mean "field"?'),
        ('[field.x]\nnorth = "x"\nconfict = "hold"', (3, 1), "LS101", 'in [field.x]. Did you mean "conflict"?'),
        ('[field.x]\nnorth = "x"\nsouht = "x"', (3, 1), "LS101", 'Did you mean "south"?'),
        ('[field.x]\nnorth = "x"\npipeline = "x"', (3, 1), "LS101", "can have: north, south"),
        ('[field.x]\nsouth = { Leed = "x" }', (2, 11), "LS101", 'Did you mean "Lead"?'),
        ('[field.x]\nsouth = { Account = "x" }', (2, 11), "LS101", "can have: Contact, Lead"),
        ('[field.x]\nsouth = { name = "x", objects = ["Account"] }', (2, 23), "LS110", 'no object "Account"'),
        ('[field.x]\nnorth = "x"\nwrite = "alwys"', (3, 1), "LS102", 'Did you mean "always"?'),
        ('[field.x]\nnorth = { name = "x", write = "alwys" }', (2, 23), "LS102", 'Did you mean "always"?'),
        ('[field.x]\nnorth = "x"\ntype = "strng"', (3, 1), "LS102", 'Did you mean "string"?'),
        ('[field.x]\nnorth = "x"\nsouth = "X"\nowner = "nort"', (4, 1), "LS102", 'Did you mean "north"?'),
        ('[field.x]\nnorth = "x"\ncompare = "fuzzy"', (3, 1), "LS104", "is not one of exact, ci"),
        ('[field.x]\nnorth = "x"\nlease = "30 days"', (3, 1), "LS104", 'e.g. "15m"'),
        ('[field.x]\nnorth = "x"\nsouth = "X"', (1, 1), "LS103", "needs an owner"),
        ("[field.x]\nlabel = 'x'", (1, 1), "LS103", "is mapped to no side. Configured: north, south."),
        ('[field.x]\nnorth = { write = "never" }', (2, 1), "LS103", 'needs the key "name"'),
        ("[field.x]\nnorth = 5", (2, 1), "LS104", "a field's name, or a table"),
        ('[field.x]\nnorth = "x"\nnull = "fill"', (1, 1), "LS103", 'needs the key "default"'),
        ('[field.x]\nnorth = "x"\ndefault = [1]', (3, 1), "LS104", "a text, a number"),
        ('[field.x]\nnorth = "x"\nsource = "score.totl"', (3, 1), "LS105", 'Did you mean "score.total"?'),
        ('[field.x]\nnorth = "x"\nwhen = "x >"', (3, 1), "LS106", "at character 4: expected a name"),
        ('[field.email]\nnorth = "x"\nwhen = "emial == 1"', (3, 1), "LS107", 'Did you mean "email"?'),
        ('[field.x]\nnorth = "x"\ntransform = ["trim", "lowr"]', (3, 22), "LS108", 'Did you mean "lower"?'),
        ('[field.x]\nnorth = "x"\ntransform = ["map(t)"]\n[table.tt]\na = "b"', (3, 14), "LS108", 'Did you mean "tt"?'),
        ('[field.x]\nnorth = "x"\nowner = "south"', (3, 1), "LS307", "is mapped to north"),
        ('[field.x]\nnorth = "x"\nowner = "leadsync"', (3, 1), "LS307", "has no source"),
        ('[field.x]\nnorth = { name = "x", direction = "forward_only" }', (2, 1), "LS308", "needs order"),
        ('[field.x]\nnorth = { name = "x", values = { a = "z", b = "z" } }', (2, 23), "LS309", '"a" and "b"'),
        ('[field.x]\nnorth = "x"\nfollows = true', (3, 1), "LS310", "would never be written"),
        ('[create.south]\nobject = "Lead"', (1, 1), "LS312", "no unique field"),
        ('[create.soth]\nobject = "Lead"', (1, 1), "LS101", 'Did you mean "south"?'),
        ('[create.south]\nobject = "Account"', (2, 1), "LS110", "it has Contact, Lead"),
        ('[field.work_phone]\nnorth = "x"\ncompare = "exact"', (3, 1), "LS303", 'compare = "digits"'),
        ('[field.x]\ntype = "int"\nnorth = "x"\ncompare = "trim"', (4, 1), "LS303", 'compare = "number"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(body: str, place: tuple[int, int], code: str, words: str) -> None:
    found = next(p for p in problems(body) if p.code == code)
    assert (found.line - 2, found.column) == place
    assert words in str(found)
    assert code in CODES


def test_two_mappings_may_not_write_one_field() -> None:
    (found,) = problems('[field.a]\nsouth = { Lead = "X" }\n[field.b]\nsouth = "X"')
    assert (found.code, found.line) == ("LS301", 6)
    assert '"X" is written by two mappings: [field.a] (line 3) and [field.b]' in found.message
    assert codes('[field.a]\nsouth = { Lead = "X" }\n[field.b]\nsouth = { Contact = "X" }') == []
    assert codes('[field.a]\nsouth = "X"\n[field.b]\nsouth = { name = "X", direction = "read" }') == []


def test_two_mappings_may_not_hand_a_value_round() -> None:
    there = '[field.a]\nowner = "south"\nnorth = { name = "n", direction = "read" }\nsouth = "s"\n'
    back = '[field.b]\nowner = "north"\nsouth = { name = "s", direction = "read" }\nnorth = "n"\n'
    (found,) = problems(there + back)
    assert found.code == "LS302"
    assert "[field.a], [field.b]" in found.message
    assert codes(there) == codes(back) == []


def test_a_field_with_one_mistake_is_read_on() -> None:
    body = '[field.x]\nnorth = "x"\nconfict = "hold"\nlength = 0\nsource = "nothing"\nwhen = "y"\ntransform = ["z"]'
    assert codes(body) == [(3, "LS101"), (4, "LS104"), (5, "LS105"), (6, "LS107"), (7, "LS108")]


def test_a_file_with_several_mistakes_raises_them_all() -> None:
    with pytest.raises(Problems) as caught:
        load_object('schema = 2\nobject = "leed"\n[field.x]\nnorth = 5', "lead.toml", SIDES)
    assert [p.code for p in caught.value.problems] == ["LS102", "LS102", "LS104"]
    assert "lead.toml: 3 problems" in str(caught.value)


def test_a_warning_stops_nothing() -> None:
    body = '[field.phone]\nnorth = "phone"\ncompare = "exact"'
    assert [p.severity for p in problems(body)] == ["warning"]
    assert mapping(body).fields["phone"].compare == "exact"


def test_objects_that_are_not_known_beforehand_are_not_checked() -> None:
    text = 'schema = 1\nobject = "lead"\n[field.a]\neast = { Person = "A", write = "never" }'
    made = load_object(text, "lead.toml", {"east": []})
    assert made.fields["a"].targets == (Target("east", "A", ("Person",), WriteMode.NEVER),)


def test_conditions_may_use_names_from_elsewhere() -> None:
    text = 'schema = 1\nobject = "lead"\n[field.a]\nnorth = "a"\nwhen = "seniority == \'vp\'"'
    assert load_object(text, "f", SIDES, names={"seniority"}).fields["a"].when is not None


def test_a_file_that_is_not_toml_is_one_problem() -> None:
    made, found = lint_object("a = ", "f", SIDES)
    assert made is None
    assert [p.code for p in found] == ["LS001"]


# ---- the shipped files


@pytest.fixture(params=["lead", "company"])
def shipped(request: pytest.FixtureRequest) -> ObjectMap:
    path = SHIPPED / f"{request.param}.toml"
    made, found = lint_object(path.read_text(encoding="utf-8"), path.name, REAL)
    assert found == []
    assert made is not None
    return made


def test_every_shipped_field_says_what_it_is(shipped: ObjectMap) -> None:
    for field in shipped.fields.values():
        assert field.label
        assert field.description.endswith(".")


def test_every_shipped_field_that_is_provided_has_our_name(shipped: ObjectMap) -> None:
    assert {spec.name.lower().split("_")[0] for side in REAL for spec in shipped.specs(side)} == {"leadsync"}
    lengths = [len(spec.name.removesuffix("__c")) for spec in shipped.specs("salesforce")]
    assert max(lengths) <= 40, "Salesforce names have at most 40 characters"


def test_every_shipped_side_has_one_unique_field(shipped: ObjectMap) -> None:
    for side, kinds in shipped.kinds.items():
        for kind in kinds:
            assert [f.name for f, _ in shipped.targets(side, kind) if f.unique] == ["leadsync_id"]


def test_nothing_but_our_own_fields_is_written_unasked() -> None:
    lead = load_object((SHIPPED / "lead.toml").read_text(encoding="utf-8"), "lead.toml", REAL)
    written = {f.name for f in lead.fields.values() if not f.sources and any(t.writable for t in f.targets)}
    assert written == {
        "email", "first_name", "last_name", "phone", "job_title", "city", "country", "company_name", "website",
    }  # fmt: skip


def test_a_shipped_condition_for_a_new_record_needs_what_the_crm_asks_for() -> None:
    lead = load_object((SHIPPED / "lead.toml").read_text(encoding="utf-8"), "lead.toml", REAL)
    (rule,) = lead.creates
    assert rule.when is not None
    fit = {"stage.name": "sql", "email": "a@example.com", "last_name": "A", "company_name": "B"}
    assert rule.when.holds(fit)
    for name in fit:
        assert not rule.when.holds({**fit, name: None})
    assert not rule.when.holds({**fit, "opted_out": True})


def test_every_source_is_described() -> None:
    assert all(SOURCES.values())
    assert all(len(name.split(".")) == 2 for name in SOURCES)


@pytest.mark.parametrize("name", ["lead", "company"])
def test_shipped_files_are_right_also_where_objects_are_not_known_beforehand(name: str) -> None:
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert lint_object(text, name, dict.fromkeys(REAL, ()))[1] == []
