"""Cut a SOQL text into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leadsync_salesforce.sandbox.errors import ApiError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)(?![\dT])
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
  | (?P<relative>[A-Za-z_]+:\d+)
  | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
  | (?P<operator><=|>=|!=|<>|[=<>])
  | (?P<mark>[(),])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `kind` is the group of the pattern, or "end"."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The text in capitals, to compare key words with."""
        return self.text.upper()


def malformed(text: str, at: int, what: str) -> ApiError:
    """400 MALFORMED_QUERY pointing at the place, as Salesforce words it."""
    near = text[max(0, at - 30) : at + 30].strip()
    return ApiError("MALFORMED_QUERY", f"\n{near}\n{' ' * min(at, 30)}^\nERROR at Row:1:Column:{at + 1}\n{what}")


def unescape(text: str, *, like: bool = False) -> str:
    """The string between the quotes; for LIKE, `\\%` and `\\_` stay escaped."""

    def one(match: re.Match[str]) -> str:
        char = match.group(1)
        if like and char in "%_\\":
            return f"\\{char}"
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char in "%_":
            return char
        raise ApiError("MALFORMED_QUERY", f"Invalid string literal: illegal character sequence '\\{char}'")

    return re.sub(r"\\(.)", one, text[1:-1], flags=re.DOTALL)


def tokens(text: str) -> list[Token]:
    """All tokens and an end mark; raises ApiError at a character that fits nowhere."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise malformed(text, at, f"unexpected token: '{text[at]}'" if text[at] != "'" else "unclosed string")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(text))]
