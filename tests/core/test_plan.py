"""What is written, what is left alone, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from leadsync.mapping.model import Conflict, CreateRule, Direction, FieldMap, NullPolicy, ObjectMap, Target, WriteMode
from leadsync.mapping.transform import Transform
from leadsync.merge import How, Verdict
from leadsync.plan import Kept, LastWrite, Member, Memory, Plan, Refusal, Step, Subject, plan
from leadsync.records import Ref, Role, Value

NOW = datetime(2026, 11, 1, tzinfo=UTC)
A, B = Ref("a", "people", "1"), Ref("b", "leads", "2")


def computed(name: str, **options: object) -> FieldMap:
    """A field leadsync works out, on both sides as ls_<name>."""
    target_options = {k: options.pop(k) for k in ("write", "direction", "order", "values") if k in options}
    targets = tuple(Target(side, f"ls_{name}", **target_options) for side in "ab")  # type: ignore[arg-type]
    return FieldMap(name, sources=(f"x.{name}",), targets=targets, owner="leadsync", **options)  # type: ignore[arg-type]


def two_way(name: str, **options: object) -> FieldMap:
    targets = (Target("a", name), Target("b", name.title()))
    return FieldMap(name, targets=targets, owner="a", **options)  # type: ignore[arg-type]


def mapping(*fields: FieldMap, creates: tuple[CreateRule, ...] = ()) -> ObjectMap:
    kinds = {"a": ("people",), "b": ("leads",)}
    return ObjectMap("lead", Role.PERSON, {f.name: f for f in fields}, creates, "lead.toml", kinds)


def made(
    fields: tuple[FieldMap, ...],
    there: Mapping[str, Value],
    values: Mapping[str, Value],
    memory: Memory | None = None,
    **rest: object,
) -> Plan:
    """The plan for one lead with one record on side a that holds `there`, when leadsync worked out `values`."""
    member = Member(A, there, dict(there))
    sources = {f"x.{name}": value for name, value in values.items()}
    subject = Subject("u1", mapping(*fields), (member,), {}, sources, {}, **rest)  # type: ignore[arg-type]
    return plan([subject], memory or Memory(), NOW)


def writes(done: Plan) -> dict[str, Value]:
    return {change.target: change.new for step in done.steps for change in step.changes}


def reasons(done: Plan) -> list[str]:
    return [kept.reason for kept in done.kept]


def test_a_value_of_ours_is_written_where_it_differs() -> None:
    done = made((computed("score"),), {"ls_score": None}, {"score": 71})
    assert writes(done) == {"ls_score": 71}


def test_what_is_there_already_is_not_written() -> None:
    assert made((computed("score"),), {"ls_score": "71"}, {"score": 71}).steps == ()


def test_a_field_that_may_not_be_read_is_left_alone() -> None:
    assert made((computed("score"),), {}, {"score": 71}).steps == ()


LAST = Memory({(A, "ls_name"): LastWrite(sent="Acme  Holding AG", settled="Acme Holding AG")})


def test_a_spelling_that_the_crm_made_of_ours_is_not_written_again() -> None:
    there = {"ls_name": "Acme Holding AG"}
    assert made((computed("name"),), there, {"name": "Acme  Holding AG"}, LAST).steps == ()
    assert writes(made((computed("name"),), there, {"name": "Other AG"}, LAST)) == {"ls_name": "Other AG"}


@pytest.mark.parametrize(
    ("mode", "there", "memory", "written", "reason"),
    [
        pytest.param(WriteMode.ALWAYS, "typed", Memory(), True, None, id="always overwrites"),
        pytest.param(WriteMode.TRACKED, "typed", Memory(), False, "person", id="tracked spares what a person typed"),
        pytest.param(WriteMode.TRACKED, None, Memory(), True, None, id="tracked fills a blank"),
        pytest.param(WriteMode.TRACKED, "Acme Holding AG", LAST, True, None, id="tracked renews our own value"),
        pytest.param(WriteMode.IF_EMPTY, "typed", Memory(), False, "filled", id="if_empty only fills"),
        pytest.param(WriteMode.NEVER, None, Memory(), False, "never", id="never writes"),
    ],
)
def test_write_modes(mode: WriteMode, there: Value, memory: Memory, written: bool, reason: str | None) -> None:
    done = made((computed("name", write=mode),), {"ls_name": there}, {"name": "New AG"}, memory)
    assert bool(done.steps) is written
    assert reasons(done) == ([] if reason is None else [reason])


STAGE = computed(
    "stage",
    direction=Direction.FORWARD_ONLY,
    order=("lead", "mql", "sql", "customer"),
    values={"mql": "marketingqualifiedlead", "sql": "salesqualifiedlead"},
)


@pytest.mark.parametrize(
    ("there", "memory", "written"),
    [
        pytest.param("lead", Memory(), True, id="forward from what stood there"),
        pytest.param("", Memory(), True, id="into a blank"),
        pytest.param("customer", Memory(), False, id="never backwards"),
        pytest.param("partner", Memory(), False, id="not from a stage the order does not know"),
        pytest.param("lead", Memory({(A, "ls_stage"): LastWrite("mql", "marketingqualifiedlead")}), False,
                     id="not again after a person put it back"),
    ],
)  # fmt: skip
def test_a_stage_only_moves_forward(there: str, memory: Memory, written: bool) -> None:
    done = made((STAGE,), {"ls_stage": there}, {"stage": "mql"}, memory)
    assert writes(done) == ({"ls_stage": "marketingqualifiedlead"} if written else {})


UNIT = (
    computed("score", unit="explained", min_change=3.0),
    computed("reason", unit="explained", follows=True),
    computed("as_of", unit="explained", follows=True),
    computed("band", unit="explained"),
)


def test_a_small_move_is_not_worth_a_write_and_followers_never_are() -> None:
    there = {"ls_score": 70, "ls_reason": "old", "ls_as_of": "1", "ls_band": "B"}
    done = made(UNIT, there, {"score": 72, "reason": "new", "as_of": "2", "band": "B"})
    assert done.steps == ()
    assert reasons(done) == ["small"]


def test_the_whole_unit_goes_together_once_one_of_it_moves() -> None:
    there = {"ls_score": 70, "ls_reason": "old", "ls_as_of": "1", "ls_band": "B"}
    done = made(UNIT, there, {"score": 72, "reason": "new", "as_of": "2", "band": "A"})
    assert set(writes(done)) == {"ls_score", "ls_reason", "ls_as_of", "ls_band"}


def test_a_blank_of_ours_keeps_clears_or_fills() -> None:
    for policy, expected in ((NullPolicy.KEEP, {}), (NullPolicy.CLEAR, {"ls_lei": None})):
        done = made((computed("lei", null=policy),), {"ls_lei": "x"}, {"lei": None})
        assert writes(done) == expected
    filled = computed("lei", null=NullPolicy.FILL, default="none")
    assert writes(made((filled,), {"ls_lei": "x"}, {"lei": None})) == {"ls_lei": "none"}


def both(verdict: Verdict, a: Value, b: Value, base: Value, **options: object) -> tuple[Plan, Subject]:
    members = (Member(A, {"phone": a}, {"phone": base}), Member(B, {"Phone": b}, {"Phone": base}))
    subject = Subject("u1", mapping(two_way("phone", **options)), members, {}, {}, {"phone": verdict})
    return plan([subject], Memory(), NOW), subject


def test_a_change_goes_to_the_other_side_and_its_shadow_waits_for_the_answer() -> None:
    done, _ = both(Verdict("2", How.CHANGED, A, ((B, "1"),), spread=True), "2", "1", "1")
    assert [(step.ref, step.values) for step in done.steps] == [(B, {"Phone": "2"})]
    assert done.shadows == {A: {"phone": "1"}, B: {"Phone": "1"}}


def test_a_held_conflict_writes_nothing_and_stays_open() -> None:
    done, _ = both(Verdict("2", How.HELD, A, ((B, "3"),)), "2", "3", "1", conflict=Conflict.HOLD)
    assert done.steps == ()
    assert reasons(done) == ["held"]
    assert done.shadows == {A: {"phone": "1"}, B: {"Phone": "1"}}


def test_a_first_difference_is_reported_and_accounted_for() -> None:
    done, _ = both(Verdict("2", How.UNBASED, A, ((B, "3"),)), "2", "3", None)
    assert done.steps == ()
    assert reasons(done) == ["unbased"]
    assert done.shadows == {A: {"phone": "2"}, B: {"Phone": "3"}}


def test_what_the_crm_refused_is_not_sent_again_unchanged() -> None:
    refused = Memory(refused={A: Refusal({"ls_score": 71}, "field is locked")})
    done = made((computed("score"),), {"ls_score": None}, {"score": 71}, refused)
    assert (done.steps, reasons(done)) == ((), ["refused"])
    assert writes(made((computed("score"),), {"ls_score": None}, {"score": 80}, refused)) == {"ls_score": 80}


def test_a_unique_field_goes_to_one_record_of_a_kind_only() -> None:
    fields = (computed("id", unique=True),)
    members = tuple(Member(Ref("a", "people", n), {"ls_id": None}, {}, primary=n == "1") for n in "12")
    done = plan([Subject("u1", mapping(*fields), members, {}, {"x.id": "u1"}, {})], Memory(), NOW)
    assert [step.id for step in done.steps] == ["1"]


def test_a_read_only_record_is_never_written() -> None:
    member = Member(A, {"ls_score": None}, {}, read_only=True)
    assert (
        plan([Subject("u1", mapping(computed("score")), (member,), {}, {"x.score": 1}, {})], Memory(), NOW).steps == ()
    )


def test_a_missing_record_is_created_by_its_key_with_all_that_is_known() -> None:
    rule = CreateRule("b", "leads", None, {"Source": "leadsync"})
    fields = (computed("id", unique=True), computed("score"), two_way("phone"))
    subject = Subject(
        "u1",
        mapping(*fields, creates=(rule,)),
        (Member(A, {"ls_id": "u1", "ls_score": 5, "phone": "1"}, {}),),
        {"phone": "1"},
        {"x.id": "u1", "x.score": 5},
        {"phone": Verdict("1", How.AGREED, A)},
        {"b": {"accounts": ("9",)}},
    )
    (step,) = plan([subject], Memory(), NOW).steps
    assert isinstance(step, Step)
    assert (step.side, step.id, step.key) == ("b", None, ("ls_id", "u1"))
    assert step.values == {"ls_score": 5, "Phone": "1", "Source": "leadsync"}
    assert step.links == {"accounts": ("9",)}


def test_every_difference_left_alone_is_told() -> None:
    (kept,) = made((computed("name", write=WriteMode.TRACKED),), {"ls_name": "typed"}, {"name": "New AG"}).kept
    assert kept == Kept(
        "u1",
        A,
        "name",
        "ls_name",
        "typed",
        "New AG",
        "person",
        "a person's value stands there, known since 2026-11-01",
    )


def test_what_leadsync_works_out_is_brought_to_the_form_the_mapping_asks_for() -> None:
    field = computed("name", transform=(Transform("truncate", "4"),))
    assert writes(made((field,), {"ls_name": None}, {"name": "Acme Holding"})) == {"ls_name": "Acme"}
    assert made((field,), {"ls_name": "Acme"}, {"name": "Acme Holding"}).steps == ()


def back_and_forth(there: str, sent: Value, settled: Value, **values: Value) -> Plan:
    target = {"direction": Direction.BACK_BY_CLEARING, "order": ("lead", "mql", "sql", "customer")}
    fields = (computed("stage", **target), computed("score"))
    memory = Memory({(A, "ls_stage"): LastWrite(sent, settled)})
    return made(fields, {"ls_stage": there, "ls_score": None}, {"stage": "mql", **values}, memory)


def test_a_step_back_is_a_clear_with_all_the_rest_and_a_set_behind_it() -> None:
    first, then = back_and_forth("sql", "sql", "sql", score=7).steps
    assert (first.turn, first.values, then.turn, then.values) == (
        0, {"ls_stage": None, "ls_score": 7}, 1, {"ls_stage": "mql"})  # fmt: skip
    assert [(c.old, c.guarded, c.back) for c in then.changes] == [(None, True, True)]


@pytest.mark.parametrize(
    ("there", "sent", "settled"),
    [
        pytest.param("customer", "sql", "sql", id="a person moved it on"),
        pytest.param("customer", None, "customer", id="our clear did not hold"),
        pytest.param("customer", None, None, id="somebody set it after our clear"),
        pytest.param("partner", "partner", "partner", id="from a step that the order does not know"),
    ],
)
def test_only_our_own_value_goes_back(there: str, sent: Value, settled: Value) -> None:
    assert back_and_forth(there, sent, settled).steps == ()


def test_a_clear_that_the_crm_refuses_is_not_followed_by_a_set() -> None:
    target = {"direction": Direction.BACK_BY_CLEARING, "order": ("lead", "mql", "sql")}
    refused = Refusal({"ls_stage": None}, "needed", None, frozenset({"ls_stage"}))
    memory = Memory({(A, "ls_stage"): LastWrite("sql", "sql")}, {A: refused})
    done = made((computed("stage", **target),), {"ls_stage": "sql"}, {"stage": "mql"}, memory)
    assert (done.steps, reasons(done)) == ((), ["refused"])
