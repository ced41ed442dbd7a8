"""The part of OData's `$filter` that FileMaker's answers need: `eq ne gt lt and or null`, parentheses.

A property may have blanks (`Health Number eq '1'`), with or without double quotes. Texts compare without
regard to case, as FileMaker's do.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nexus_reimport.sandbox.filemaker.exceptions import QueryRefused

_Row = Mapping[str, object]
Predicate = Callable[[_Row], bool]
Literal = str | float | None

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>"[^"]+")|(?P<paren>[()])|(?P<word>[^\s()'"]+))"""
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "lt": operator.lt,
}
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def tokens_of(expression: str) -> list[str]:
    """Return the words, quoted names, literals and parentheses of an expression."""
    tokens, position, expression = [], 0, expression.strip()
    while position < len(expression):
        match = TOKEN.match(expression, position)
        if match is None:
            message = f"syntax error in URL at: '{expression[position:]}'"
            raise QueryRefused(message)
        tokens.append(match.group(match.lastgroup or 0))
        position = match.end()
    return tokens


@dataclass
class FilterParser:
    """Reads tokens from left to right; `properties` are the names that exist, none meaning any."""

    tokens: list[str]
    properties: Collection[str]
    position: int = 0

    def peek(self) -> str | None:
        """Return the next token without taking it."""
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> str:
        """Return the next token; QueryRefused at the end."""
        token = self.peek()
        if token is None:
            raise QueryRefused("syntax error in URL: $filter ends too early")
        self.position += 1
        return token

    def whole(self) -> Predicate:
        """Return the predicate of all tokens."""
        predicate = self.either()
        if self.peek() is not None:
            message = f"syntax error in URL at: '{self.peek()}'"
            raise QueryRefused(message)
        return predicate

    def either(self) -> Predicate:
        """Return terms joined by `or`."""
        terms = [self.both()]
        while self.peek() == "or":
            self.take()
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else lambda row: any(term(row) for term in terms)

    def both(self) -> Predicate:
        """Return terms joined by `and`, which binds tighter."""
        terms = [self.term()]
        while self.peek() == "and":
            self.take()
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else lambda row: all(term(row) for term in terms)

    def term(self) -> Predicate:
        """Return a comparison, or what stands in parentheses."""
        if self.peek() != "(":
            return self.comparison()
        self.take()
        inner = self.either()
        if self.take() != ")":
            raise QueryRefused("syntax error in URL: a parenthesis is not closed")
        return inner

    def comparison(self) -> Predicate:
        """Return `property operator literal`."""
        name = self.property()
        compare = self.take()
        literal = literal_of(self.take())
        return lambda row: holds(compare, row.get(name), literal)

    def property(self) -> str:
        """Return the name of a property: everything up to the operator."""
        words = [self.take()]
        while self.peek() not in COMPARISONS:
            words.append(self.take())
        name = " ".join(words).strip('"')
        if self.properties and name not in self.properties:
            message = f"Field '{name}' does not exist"
            raise QueryRefused(message, code="102")
        return name


def literal_of(token: str) -> Literal:
    """Return the value of a literal: text in single quotes, null, a number, or a bare date or time."""
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token in {"null"}:
        return None
    if token.startswith(("(", ")", '"')):
        message = f"syntax error in URL at: '{token}'"
        raise QueryRefused(message)
    return float(token) if NUMBER.fullmatch(token) else token


def holds(comparison: str, value: object, literal: Literal) -> bool:
    """Say whether `value comparison literal` is true; null is equal to null only and never more or less."""
    if value is None or literal is None:
        return {"eq": value is literal, "ne": value is not literal}.get(comparison, False)
    left, right = text_key(value), text_key(literal)
    if isinstance(literal, float) and NUMBER.fullmatch(str(value)):
        return COMPARISONS[comparison](float(str(value)), literal)
    return COMPARISONS[comparison](left, right)


def text_key(value: object) -> str:
    """Return a value as the text by which it is compared and put in order."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).casefold()


def parse_filter(expression: str, properties: Collection[str] = ()) -> Predicate:
    """Return the predicate of a `$filter`; QueryRefused for what can't be read or an unknown property."""
    return FilterParser(tokens_of(expression), properties).whole()
