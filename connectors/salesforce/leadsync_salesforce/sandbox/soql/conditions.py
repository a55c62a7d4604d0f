"""Parse what stands after WHERE and HAVING."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.soql.syntax import (
    Among,
    Both,
    Call,
    Compare,
    Condition,
    Literal,
    Not,
    Operand,
    SemiJoin,
)
from leadsync_salesforce.sandbox.soql.tokens import Token, malformed, tokens, unescape

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.soql.syntax import Query

_RELATIVE = {
    *("YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"),
    *(f"{which}_{unit}" for which in ("LAST", "THIS", "NEXT") for unit in ("WEEK", "MONTH", "QUARTER", "YEAR")),
    *(f"{which}_FISCAL_{unit}" for which in ("LAST", "THIS", "NEXT") for unit in ("QUARTER", "YEAR")),
}


class ConditionParser:
    """The tokens of one text and a place in them, and the grammar of conditions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._at = 0

    @property
    def here(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def advance(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.here
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def peek(self, word: str) -> bool:
        """Whether the next token is that key word or mark."""
        return self.here.kind in ("name", "mark", "operator") and self.here.word == word

    def take(self, word: str) -> bool:
        """Take the next token if it is that word."""
        if self.peek(word):
            self.advance()
            return True
        return False

    def expect(self, word: str) -> None:
        """Take that word or fail."""
        if not self.take(word):
            raise self.unexpected()

    def unexpected(self, token: Token | None = None) -> ApiError:
        """The error at a token that cannot stand here."""
        found = token or self.here
        what = "unexpected end of query" if found.kind == "end" else f"unexpected token: '{found.text}'"
        return malformed(self.text, found.at, what)

    def query(self) -> Query:
        """A query, for what stands in the parentheses of IN; the parser of queries fills it in."""
        raise NotImplementedError

    def name(self) -> str:
        """Take a name."""
        if self.here.kind != "name":
            raise self.unexpected()
        return self.advance().text

    def call(self, name: str) -> Call:
        """The parentheses after a function's name."""
        self.expect("(")
        if self.take(")"):
            return Call(name.upper(), None)
        inner = self.name()
        if self.peek("("):
            nested = self.call(inner)
            self.expect(")")
            return Call(name.upper(), nested.path)
        self.expect(")")
        return Call(name.upper(), tuple(inner.split(".")))

    def operand(self) -> Operand:
        """A field or a function of one."""
        name = self.name()
        return self.call(name) if self.peek("(") else tuple(name.split("."))

    def condition(self) -> Condition:
        """Terms joined by AND or by OR, not by both without parentheses."""
        terms = [self._term()]
        joiner = self.here.word if self.here.word in ("AND", "OR") else ""
        while joiner and self.take(joiner):
            terms.append(self._term())
        if joiner and self.here.word in ("AND", "OR"):
            raise self.unexpected()
        return terms[0] if len(terms) == 1 else Both(joiner, tuple(terms))

    def _term(self) -> Condition:
        if self.take("NOT"):
            return Not(self._term())
        if self.take("("):
            inner = self.condition()
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        operand = self.operand()
        if self.take("NOT"):
            self.expect("IN")
            return self._among(operand, "NOT IN")
        for word in ("IN", "INCLUDES", "EXCLUDES"):
            if self.take(word):
                return self._among(operand, word)
        if self.take("LIKE"):
            token = self.advance()
            if token.kind != "string":
                raise self.unexpected(token)
            return Compare(operand, "LIKE", Literal("string", unescape(token.text, like=True)))
        if self.here.kind != "operator":
            raise self.unexpected()
        operator = self.advance().text
        return Compare(operand, "!=" if operator == "<>" else operator, self.literal())

    def _among(self, operand: Operand, operator: str) -> Condition:
        self.expect("(")
        if self.peek("SELECT"):
            query = self.query()
            self.expect(")")
            return SemiJoin(operand, operator, query)
        literals = [self.literal()]
        while self.take(","):
            literals.append(self.literal())
        self.expect(")")
        return Among(operand, operator, tuple(literals))

    def literal(self) -> Literal:
        """A constant."""
        token = self.advance()
        match token.kind:
            case "string":
                return Literal("string", unescape(token.text))
            case "number":
                return Literal("number", float(token.text) if set(token.text) & set(".eE") else int(token.text))
            case "date" | "datetime":
                return Literal(token.kind, token.text)
            case "relative":
                return Literal("relative", token.word)
            case "name" if token.word in ("TRUE", "FALSE"):
                return Literal("boolean", token.word == "TRUE")
            case "name" if token.word == "NULL":
                return Literal("null", None)
            case "name" if token.word in _RELATIVE:
                return Literal("relative", token.word)
            case _:
                raise self.unexpected(token)
