"""Turn a condition into a function that says whether a row fulfils it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from leadsync.sandbox import parse_time
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import checked
from leadsync_salesforce.sandbox.schema import NUMBERS, FieldDef, ObjectDef
from leadsync_salesforce.sandbox.soql.dates import span
from leadsync_salesforce.sandbox.soql.parser import parse_condition
from leadsync_salesforce.sandbox.soql.scope import Getter, Scope
from leadsync_salesforce.sandbox.soql.syntax import (
    Among,
    Both,
    Call,
    Compare,
    Condition,
    Literal,
    Not,
    Operand,
    Query,
    SemiJoin,
)
from leadsync_salesforce.sandbox.table import Row

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.org import Org

T = TypeVar("T")
Test: TypeAlias = Callable[[Row], bool]
Resolve: TypeAlias = Callable[[Operand], tuple[FieldDef, Getter]]
SubQuery: TypeAlias = Callable[[Query], Iterable[Any]]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_PARTS: dict[str, Callable[[str], int | str]] = {
    "CALENDAR_YEAR": lambda t: int(t[:4]),
    "CALENDAR_MONTH": lambda t: int(t[5:7]),
    "CALENDAR_QUARTER": lambda t: (int(t[5:7]) + 2) // 3,
    "DAY_IN_MONTH": lambda t: int(t[8:10]),
    "HOUR_IN_DAY": lambda t: int(t[11:13]),
    "DAY_ONLY": lambda t: t[:10],
}
PLAIN_FUNCTIONS = {"TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE"}


def _exact(text: str) -> str:
    """A datetime literal in stored spelling, its milliseconds kept so that it sorts rightly."""
    moment = parse_time(text)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _wrong_type(field: FieldDef, kind: str) -> ApiError:
    quoted = "and should be enclosed in quotes" if kind == "string" else "and should not be enclosed in quotes"
    text = f"value of filter criterion for field '{field.name}' must be of type {kind} {quoted}"
    return ApiError("INVALID_FIELD", text)


def constant(field: FieldDef, literal: Literal) -> Any:
    """A literal as the field's values are compared; raises ApiError when the types do not fit."""
    if literal.kind == "null":
        return None
    match field.type:
        case "datetime" if literal.kind == "datetime":
            return _exact(str(literal.value))
        case "date" if literal.kind == "date":
            return literal.value
        case "boolean" if literal.kind == "boolean":
            return literal.value
        case "id" | "reference" if literal.kind == "string":
            return _id(str(literal.value))
        case "int" | "double" | "currency" | "percent" if literal.kind == "number":
            return literal.value
        case "datetime" | "date" | "boolean" | "int":
            raise _wrong_type(field, "dateTime" if field.type == "datetime" else field.type)
        case kind if kind in NUMBERS:
            raise _wrong_type(field, "double")
        case _ if literal.kind == "string":
            return str(literal.value).lower()
        case _:
            raise _wrong_type(field, "string")


def _id(text: str) -> str | None:
    if text == "":
        return None
    found = checked(text)
    if found is None:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return found


def comparable(field: FieldDef, getter: Callable[[T], Any]) -> Callable[[T], Any]:
    """A getter whose values compare as the constants do: texts without case."""
    if field.type in ("id", "reference", "datetime", "date", "boolean", "int", *NUMBERS):
        return getter

    def lowered(row: T) -> Any:
        value = getter(row)
        return value.lower() if isinstance(value, str) else value

    return lowered


def _like(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    wild = {"%": ".*", "_": "."}
    text = "".join(wild.get(p, re.escape(p[1:] if len(p) == 2 else p)) for p in parts)
    return re.compile(text + r"\Z", re.IGNORECASE | re.DOTALL)


class Matcher:
    """Conditions over what `resolve` makes of operands; `subquery` gives the values of a query in parentheses."""

    def __init__(self, org: Org, resolve: Resolve, subquery: SubQuery) -> None:
        self._org = org
        self._resolve = resolve
        self._subquery = subquery

    def test(self, condition: Condition) -> Test:
        """The function of a condition; raises ApiError for fields and types that do not fit."""
        match condition:
            case Both(joiner, conditions):
                return _joined(joiner, [self.test(c) for c in conditions])
            case Not(inner):
                wanted = self.test(inner)
                return lambda row: not wanted(row)
            case Compare():
                return self._compare(condition)
            case Among():
                return self._among(condition)
            case SemiJoin(operand, operator_, query):
                _, get = self._filterable(operand)
                values = set(self._subquery(query))
                return _member(get, values, inside=operator_ == "IN")

    def _filterable(self, operand: Operand) -> tuple[FieldDef, Getter]:
        field, getter = self._resolve(operand)
        if field.long_text or field.type == "address":
            raise ApiError("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
        return field, comparable(field, getter)

    def _compare(self, condition: Compare) -> Test:
        field, get = self._filterable(condition.operand)
        if condition.operator == "LIKE":
            if field.type in ("id", "reference", "int", "date", "datetime", "boolean", "multipicklist", *NUMBERS):
                raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
            pattern = _like(str(condition.literal.value))
            return lambda row: isinstance(value := get(row), str) and pattern.match(value) is not None
        if condition.literal.kind == "relative":
            return self._relative(field, get, condition)
        wanted = constant(field, condition.literal)
        if condition.operator == "!=":
            return lambda row: get(row) != wanted
        if condition.operator == "=":
            return lambda row: get(row) == wanted
        if wanted is None:
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on null for field '{field.name}'")
        holds = _OPERATORS[condition.operator]
        return lambda row: (value := get(row)) is not None and holds(value, wanted)

    def _relative(self, field: FieldDef, get: Getter, condition: Compare) -> Test:
        if field.type not in ("date", "datetime"):
            raise _wrong_type(field, "string")
        first, end = span(str(condition.literal.value), self._org.clock().date())
        low, high = first.isoformat(), end.isoformat()
        if field.type == "datetime":
            low, high = f"{low}T00:00:00.000+0000", f"{high}T00:00:00.000+0000"
        holds: dict[str, Callable[[str], bool]] = {
            "=": lambda v: low <= v < high,
            "!=": lambda v: not low <= v < high,
            "<": lambda v: v < low,
            "<=": lambda v: v < high,
            ">": lambda v: v >= high,
            ">=": lambda v: v >= low,
        }
        test = holds[condition.operator]
        return lambda row: (value := get(row)) is not None and test(value)

    def _among(self, condition: Among) -> Test:
        field, get = self._filterable(condition.operand)
        values = {constant(field, literal) for literal in condition.literals}
        if condition.operator in ("IN", "NOT IN"):
            return _member(get, values, inside=condition.operator == "IN")
        if field.type != "multipicklist":
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"{condition.operator} needs a multi-select picklist")
        wanted = [set(str(v).split(";")) for v in values]
        inside = condition.operator == "INCLUDES"
        return lambda row: any(w <= set(str(get(row) or "").split(";")) for w in wanted) is inside


def _joined(joiner: str, tests: list[Test]) -> Test:
    if joiner == "AND":
        return lambda row: all(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _member(get: Getter, values: set[Any], *, inside: bool) -> Test:
    if inside:
        return lambda row: get(row) in values
    return lambda row: get(row) not in values


def call_on(scope: Scope, call: Call) -> tuple[FieldDef, Getter]:
    """A function of a row's field that is no aggregate; raises MALFORMED_QUERY for unknown ones."""
    if call.path is None or (call.name not in _PARTS and call.name not in PLAIN_FUNCTIONS):
        raise ApiError("MALFORMED_QUERY", f"unexpected function: {call.name}")
    field, get = scope.resolve(call.path)
    if call.name in PLAIN_FUNCTIONS:
        return field, get
    part = _PARTS[call.name]
    kind = "date" if call.name == "DAY_ONLY" else "int"

    def of_date(row: Row) -> Any:
        value = get(row)
        return None if value is None else part(value)

    return FieldDef(call.name, kind, call.name), of_date


def row_resolver(scope: Scope) -> Resolve:
    """Operands over the rows of the scope's object."""

    def resolve(operand: Operand) -> tuple[FieldDef, Getter]:
        return call_on(scope, operand) if isinstance(operand, Call) else scope.resolve(operand)

    return resolve


def _no_query(query: Query) -> Iterable[Any]:
    raise ApiError("MALFORMED_QUERY", f"a rule holds no query of {query.source}")


def record_matches(org: Org, obj: ObjectDef, row: Row, expression: str) -> bool:
    """Whether a record fulfils a rule's expression; raises ApiError when the expression is wrong."""
    scope = Scope(org, obj, None)
    return Matcher(org, row_resolver(scope), _no_query).test(parse_condition(expression))(row)
