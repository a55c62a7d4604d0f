"""Conditions that admins write: a tiny language over the names of fields, parsed once, without any code in it.

    stage.name in ["mql", "sql"] and not is_blank(company_name) and (score.total >= 50 or country == "DE")

A name that has no value is blank: it equals only "" and null, and is neither less nor more than
anything. A name by itself holds when its value is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from leadsync.records import Value, is_blank

MAX_DEPTH = 40
"""Nesting beyond which a condition is refused rather than run into Python's recursion limit."""

Facts: TypeAlias = Mapping[str, Value]


class ExpressionError(ValueError):
    """The condition cannot be read. `offset`: where in its text, from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Name:
    """A field's value."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, number, true, false or null."""

    value: Value


@dataclass(frozen=True, slots=True)
class Items:
    """A list of constants and names."""

    items: tuple[Name | Constant, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """is_blank(x)"""

    of: Name | Constant


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands and ==, !=, <, <=, > or >=."""

    left: Name | Constant
    operator: str
    right: Name | Constant


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a value is in a list."""

    left: Name | Constant
    right: Name | Constant | Items


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Node


@dataclass(frozen=True, slots=True)
class All:
    """Parts joined by "and"."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Parts joined by "or"."""

    parts: tuple[Node, ...]


Node: TypeAlias = Name | Constant | Blank | Compare | Member | Not | All | Any


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition. Two are equal when their text is."""

    text: str
    tree: Node = field(compare=False)
    places: tuple[tuple[str, int], ...] = field(compare=False, default=())
    """Every name and its offset in the text."""

    @property
    def names(self) -> frozenset[str]:
        """The fields it looks at."""
        return frozenset(name for name, _ in self.places)

    def holds(self, facts: Facts) -> bool:
        """Whether it is true of these facts; a name that is missing there is blank."""
        return _holds(self.tree, facts)


def parse(text: str) -> Expression:
    """Read a condition; raises ExpressionError saying what was expected and where."""
    return _Parser(text).expression()


# ---- reading

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<sign>==|!=|<=|>=|[<>()\[\],]))"
)
_WORDS = frozenset({"and", "or", "not", "in", "is_blank"})
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            offset = at + len(text[at:]) - len(text[at:].lstrip())
            hint = ' Equality is written "==".' if text[offset] == "=" else ""
            raise ExpressionError(f"cannot read {text[offset : offset + 12]!r}.{hint}", offset)
        kind, word = match.lastgroup, match[match.lastgroup]
        found.append(_Token("word" if word in _WORDS else kind, word, match.start(match.lastgroup)))
        at = match.end()
    return [*found, _Token("end", "the end", len(text))]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.depth = 0
        self.places: list[tuple[str, int]] = []

    def expression(self) -> Expression:
        tree = self._any()
        if self.tokens[0].kind != "end":
            raise self._expected("and, or, or the end")
        return Expression(self.text, tree, tuple(self.places))

    def _next(self) -> _Token:
        return self.tokens.pop(0)

    def _skip(self, word: str) -> bool:
        """Whether the next token is this word or sign, which is then consumed."""
        if self.tokens[0].kind not in {"word", "sign"} or self.tokens[0].text != word:
            return False
        self._next()
        return True

    def _need(self, sign: str) -> None:
        if not self._skip(sign):
            raise self._expected(sign)

    def _expected(self, what: str) -> ExpressionError:
        token = self.tokens[0]
        return ExpressionError(f"expected {what}, found {token.text}.", token.offset)

    def _joined(self, word: str, part: Callable[[], Node]) -> tuple[Node, ...]:
        parts = [part()]
        while self._skip(word):
            parts.append(part())
        return tuple(parts)

    def _any(self) -> Node:
        parts = self._joined("or", self._all)
        return parts[0] if len(parts) == 1 else Any(parts)

    def _all(self) -> Node:
        parts = self._joined("and", self._not)
        return parts[0] if len(parts) == 1 else All(parts)

    def _not(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError(f"nested more than {MAX_DEPTH} deep.", self.tokens[0].offset)
        node = Not(self._not()) if self._skip("not") else self._primary()
        self.depth -= 1
        return node

    def _primary(self) -> Node:
        if self._skip("("):
            inner = self._any()
            self._need(")")
            return inner
        if self._skip("is_blank"):
            self._need("(")
            of = self._operand()
            self._need(")")
            return Blank(of)
        left = self._operand()
        operator = self._operator()
        if not operator:
            return left
        if operator == "in":
            return Member(left, self._list())
        if operator == "not in":
            return Not(Member(left, self._list()))
        return Compare(left, operator, self._operand())

    def _operator(self) -> str:
        if self._skip("in"):
            return "in"
        if self._skip("not"):
            self._need("in")
            return "not in"
        if self.tokens[0].kind == "sign" and self.tokens[0].text in _COMPARISONS:
            return self._next().text
        return ""

    def _list(self) -> Items | Name | Constant:
        if not self._skip("["):
            return self._operand()
        items: list[Name | Constant] = []
        while not self._skip("]"):
            items.append(self._operand())
            if not self._skip(","):
                self._need("]")
                break
        return Items(tuple(items))

    def _operand(self) -> Name | Constant:
        token = self.tokens[0]
        match token.kind:
            case "string":
                self._next()
                return Constant(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
            case "number":
                self._next()
                return Constant(float(token.text) if "." in token.text else int(token.text))
            case "name":
                self._next()
                if token.text in _CONSTANTS:
                    return Constant(_CONSTANTS[token.text])
                self.places.append((token.text, token.offset))
                return Name(token.text, token.offset)
            case _:
                raise self._expected("a name, a string or a number")


# ---- judging


def _holds(node: Node, facts: Facts) -> bool:
    match node:
        case Any(parts):
            return any(_holds(part, facts) for part in parts)
        case All(parts):
            return all(_holds(part, facts) for part in parts)
        case Not(of):
            return not _holds(of, facts)
        case Blank(of):
            return is_blank(_value(of, facts))
        case Compare(left, operator, right):
            return _compare(_value(left, facts), operator, _value(right, facts))
        case Member(left, right):
            return any(_equal(_value(left, facts), item) for item in _members(right, facts))
        case Name() | Constant():
            return _is_true(_value(node, facts))


def _value(operand: Name | Constant, facts: Facts) -> Value:
    return facts.get(operand.name) if isinstance(operand, Name) else operand.value


def _is_true(value: Value) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _compare(left: Value, operator: str, right: Value) -> bool:
    match operator:
        case "==":
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
        case _:
            return _ordered(left, operator, right)


def _members(right: Name | Constant | Items, facts: Facts) -> list[Value]:
    """A list's values; a text's are what stands between its semicolons, as CRMs keep multiple choices."""
    if isinstance(right, Items):
        return [_value(item, facts) for item in right.items]
    value = _value(right, facts)
    return [part.strip() for part in value.split(";")] if isinstance(value, str) else [value]


def _number(value: Value) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _equal(left: Value, right: Value) -> bool:
    if is_blank(left) or is_blank(right):
        return is_blank(left) and is_blank(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return str(left).lower() == str(right).lower()
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return _number(left) is not None and _number(left) == _number(right)


def _ordered(left: Value, operator: str, right: Value) -> bool:
    """Numbers by size, texts (and with them ISO dates) by their characters; blank and unlike values never."""
    a: Decimal | str | None
    b: Decimal | str | None
    a, b = _number(left), _number(right)
    if a is None or b is None:
        a, b = (x if isinstance(x, str) and not is_blank(x) else None for x in (left, right))
    if a is None or b is None:
        return False
    less, equal = a < b, a == b  # type: ignore[operator]
    return {"<": less, "<=": less or equal, ">": not less and not equal, ">=": not less}[operator]
