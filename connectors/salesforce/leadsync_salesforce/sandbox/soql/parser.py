"""Parse SOQL, refusing what Salesforce refuses."""

from __future__ import annotations

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.soql.conditions import ConditionParser
from leadsync_salesforce.sandbox.soql.syntax import (
    Children,
    Column,
    Condition,
    Fields,
    Item,
    Operand,
    Order,
    Query,
)

_REFUSED = {"VIEW", "REFERENCE", "UPDATE"}
OFFSET_LIMIT = 2000
"""Largest OFFSET; SOQL reference, "OFFSET"."""


class Parser(ConditionParser):
    """Recursive descent over the tokens of one text."""

    def whole(self) -> Query:
        """One query and nothing after it."""
        query = self.query()
        if self.here.kind != "end":
            raise self.unexpected()
        return query

    def query(self) -> Query:
        """SELECT … FROM …, as far as it goes."""
        self.expect("SELECT")
        items = self._items()
        self.expect("FROM")
        source, alias = self._source()
        scope = self._scope()
        where = self._where()
        group, having = self._group()
        order = self._order()
        limit = self._count("LIMIT")
        offset = self._count("OFFSET") or 0
        self._tail()
        if offset > OFFSET_LIMIT:
            message = f"Maximum SOQL offset allowed is {OFFSET_LIMIT}"
            raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message)
        return Query(tuple(items), source, alias, where, group, having, order, limit, offset, scope)

    def _items(self) -> list[Item]:
        items = [self._item()]
        while self.take(","):
            items.append(self._item())
        return items

    def _item(self) -> Item:
        if self.take("("):
            query = self.query()
            self.expect(")")
            return Children(query)
        name = self.name()
        if not self.peek("("):
            return Column(tuple(name.split(".")), self._alias())
        if name.upper() == "FIELDS":
            self.expect("(")
            group = self.name().upper()
            self.expect(")")
            return Fields(group)
        if name.upper() == "TYPEOF":
            raise self.unexpected()
        return Column(self.call(name), self._alias())

    def _alias(self) -> str:
        return self.name() if self.here.kind == "name" and self.here.word != "FROM" else ""

    def _source(self) -> tuple[str, str]:
        name = self.name()
        words = ("USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "UPDATE")
        if self.here.word == "AS" or (self.here.kind == "name" and self.here.word not in words):
            self.take("AS")
            return name, self.name()
        if self.peek(","):
            raise self.unexpected()
        return name, ""

    def _scope(self) -> str:
        if not self.take("USING"):
            return ""
        self.expect("SCOPE")
        return self.name().lower()

    def _where(self) -> Condition | None:
        found = self.condition() if self.take("WHERE") else None
        if self.take("WITH"):
            self.name()
        return found

    def _group(self) -> tuple[tuple[Operand, ...], Condition | None]:
        if not self.take("GROUP"):
            return (), None
        self.expect("BY")
        keys = [self._group_key()]
        while self.take(","):
            keys.append(self._group_key())
        return tuple(keys), self.condition() if self.take("HAVING") else None

    def _group_key(self) -> Operand:
        if self.here.word in ("ROLLUP", "CUBE"):
            raise self.unexpected()
        return self.operand()

    def _order(self) -> tuple[Order, ...]:
        if not self.take("ORDER"):
            return ()
        self.expect("BY")
        keys = [self._order_key()]
        while self.take(","):
            keys.append(self._order_key())
        return tuple(keys)

    def _order_key(self) -> Order:
        operand = self.operand()
        descending = self.take("DESC")
        if not descending:
            self.take("ASC")
        last = False
        if self.take("NULLS"):
            last = self.take("LAST")
            if not last:
                self.expect("FIRST")
        return Order(operand, descending, last)

    def _count(self, word: str) -> int | None:
        if not self.take(word):
            return None
        token = self.advance()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected(token)
        return int(token.text)

    def _tail(self) -> None:
        if self.take("FOR"):
            word = self.advance().word
            if word in _REFUSED:
                message = f"FOR {word} is not supported by this sandbox's queries"
                raise ApiError("MALFORMED_QUERY", message)
            raise self.unexpected()
        if self.here.word == "ALL":
            raise ApiError("MALFORMED_QUERY", "ALL ROWS is not allowed in the API: use queryAll")


def parse(text: str) -> Query:
    """The query; raises ApiError MALFORMED_QUERY."""
    return Parser(text).whole()


def parse_condition(text: str) -> Condition:
    """A WHERE expression alone, for rules; raises ApiError MALFORMED_QUERY."""
    parser = Parser(text)
    found = parser.condition()
    if parser.here.kind != "end":
        raise parser.unexpected()
    return found
