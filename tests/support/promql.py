"""`problems_in`: which metrics, labels and functions of a PromQL expression do not exist.

Reads the part of PromQL that the dashboard uses: selectors, ranges, functions, aggregations with `by` in front, and
operators between vectors (https://prometheus.io/docs/prometheus/latest/querying/basics/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

FUNCTIONS = {"rate", "increase", "histogram_quantile"}
AGGREGATIONS = {"sum", "max", "min", "avg", "count", "topk"}
TARGET_LABELS = {"job", "instance"}
_TOKEN = re.compile(
    r"""\s+|(?P<string>"(?:[^"\\]|\\.)*")|(?P<range>\[[^\]]*\])|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<sign>=~|!~|==|!=|>=|<=|[-+*/%<>=(){},])"""
)
_RANGE = re.compile(r"\[(\$__rate_interval|\$__range|\d+[smhd])\]\Z")
Labels = set[str] | None
"""The labels of a vector; None for a number."""


def problems_in(expression: str, series: Mapping[str, Mapping[str, set[str]]]) -> list[str]:
    """What is wrong with the expression, given the series that exist; empty when nothing is."""
    return _Reader(expression, series).read()[1]


def labels_of(expression: str, series: Mapping[str, Mapping[str, set[str]]]) -> set[str]:
    """The labels that the result has."""
    return _Reader(expression, series).read()[0] or set()


class _Reader:
    def __init__(self, expression: str, series: Mapping[str, Mapping[str, set[str]]]) -> None:
        self._series = series
        self._tokens: list[tuple[str, str]] = []
        self._place = 0
        self._problems: list[str] = []
        position = 0
        while position < len(expression):
            match = _TOKEN.match(expression, position)
            if match is None:
                raise AssertionError(f"cannot read {expression[position:]!r}")
            if match.lastgroup:
                self._tokens.append((match.lastgroup, match.group()))
            position = match.end()

    def read(self) -> tuple[Labels, list[str]]:
        labels = self._expression()
        if self._place < len(self._tokens):
            self._problems.append(f"cannot read from {self._peek()!r} on")
        return labels, self._problems

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _next(self, expected: str = "") -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise AssertionError(f"the expression ends where {expected or 'something'} is expected")
        token = self._tokens[self._place]
        self._place += 1
        if expected and token[1] != expected:
            raise AssertionError(f"{token[1]!r} stands where {expected!r} is expected")
        return token

    def _expression(self) -> Labels:
        labels = self._operand()
        while self._peek() in {"+", "-", "*", "/", "%", ">", "<", ">=", "<=", "==", "!="}:
            self._next()
            other = self._operand()
            if labels is not None and other is not None and labels != other:
                self._problems.append(
                    f"nothing matches: {sorted(labels)} on one side, {sorted(other)} on the other"
                )
            labels = other if labels is None else labels
        return labels

    def _operand(self) -> Labels:
        kind, text = self._next()
        if kind == "number":
            return None
        if text == "(":
            labels = self._expression()
            self._next(")")
            return labels
        if kind != "word":
            raise AssertionError(f"{text!r} stands where a metric, a function or a number is expected")
        if self._peek() == "by" or (self._peek() == "(" and text in AGGREGATIONS):
            return self._aggregation(text)
        return self._call(text) if self._peek() == "(" else self._selector(text)

    def _aggregation(self, word: str) -> set[str]:
        if word not in AGGREGATIONS:
            self._problems.append(f"{word} is no aggregation")
        kept: set[str] = set()
        if self._peek() == "by":
            self._next()
            kept = set(self._words())
        labels = self._arguments()
        for label in sorted(kept - (labels or set())):
            self._problems.append(f"{word} by ({label}): what is inside has no such label")
        return kept

    def _call(self, word: str) -> Labels:
        if word not in FUNCTIONS:
            self._problems.append(f"{word} is no function known here")
        labels = self._arguments()
        if word == "histogram_quantile":
            if "le" not in (labels or set()):
                self._problems.append("histogram_quantile needs le")
            return (labels or set()) - {"le"}
        return labels

    def _arguments(self) -> Labels:
        self._next("(")
        labels = self._expression()
        while self._peek() == ",":
            self._next()
            labels = self._expression()
        self._next(")")
        return labels

    def _words(self) -> list[str]:
        self._next("(")
        words = []
        while self._peek() != ")":
            words.append(self._next()[1])
            if self._peek() == ",":
                self._next()
        self._next(")")
        return words

    def _selector(self, metric: str) -> set[str]:
        known = self._series.get(metric)
        if known is None:
            self._problems.append(f"{metric} is not in the scrape")
        if self._peek() == "{":
            self._matchers(metric, known)
        if self._peek().startswith("["):
            text = self._next()[1]
            if not _RANGE.match(text):
                self._problems.append(f"{text} is no range")
        return set(known or ()) | TARGET_LABELS

    def _matchers(self, metric: str, known: Mapping[str, set[str]] | None) -> None:
        self._next("{")
        while self._peek() != "}":
            label, operator, pattern = self._next()[1], self._next()[1], self._next()[1].strip('"')
            if known is not None and label not in {*known, *TARGET_LABELS}:
                self._problems.append(f"{metric} has no label {label}")
            elif known is not None and "$" not in pattern:
                words = pattern.split("|") if operator in {"=~", "!~"} else [pattern]
                missing = [word for word in words if word not in known.get(label, ())]
                self._problems += [f"{metric} has no {label} {word!r}" for word in missing]
            if self._peek() == ",":
                self._next()
        self._next("}")
