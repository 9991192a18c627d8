"""`$(var x)` and friends: the grammar of ROS 2 launch substitutions, by recursive descent.

A template is text with substitutions in it. Inside a substitution, arguments stand one space
apart; an argument with spaces is quoted. A backslash takes the next character literally.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from robot_meta.launching import expressions, packages
from robot_meta.launching.values import as_bool

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Context(Protocol):
    """What substitutions read."""

    @property
    def environment(self) -> dict[str, str]:
        """Environment that a process started here would get."""

    @property
    def file(self) -> Path:
        """The launch file being read."""

    @property
    def folder(self) -> Path:
        """Its folder."""

    def variable(self, name: str) -> str | None:
        """Value of a launch argument or `<let>`; None where there is none of that name."""


@dataclass(frozen=True)
class Substitution:
    """`$(name argument argument)`."""

    name: str
    arguments: tuple[Template, ...]


Template = tuple[str | Substitution, ...]


def expand(text: str, context: Context) -> str:
    """`text` with every substitution replaced.

    Raises:
        ValueError: The syntax is wrong, or a substitution has no value.
    """
    return perform(parse_template(text), context)


def perform(template: Template, context: Context) -> str:
    """The template's text in this context."""
    parts = []
    for part in template:
        if isinstance(part, Substitution):
            function = FUNCTIONS[part.name][0]
            part = function(context, [perform(argument, context) for argument in part.arguments])
        parts.append(part)
    return "".join(parts)


def parse_template(text: str) -> Template:
    """Parse text with substitutions; raises `ValueError` where the syntax is wrong."""
    reader = _Reader(text)
    template = reader.template(stop="")
    return template


class _Reader:
    """Position in a text, and one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0

    def template(self, stop: str) -> Template:
        """Text and substitutions up to the quote `stop`, or to the end where it is empty."""
        parts: list[str | Substitution] = []
        while self.position < len(self.text) and (not stop or self._next() != stop):
            parts.append(self._substitution(stop) if self._at("$(") else self._text(stop))
        return tuple(parts)

    def _text(self, stop: str) -> str:
        start = self.position
        while self.position < len(self.text) and self._next() != stop and not self._at("$("):
            self.position += 2 if self._next() == "\\" else 1
        return _ESCAPE.sub(r"\1", self.text[start : self.position])

    def _substitution(self, quote: str) -> Substitution:
        start = self.position
        self.position += 2
        name = _IDENTIFIER.match(self.text, self.position)
        if name is None:
            raise ValueError("the name of a substitution must follow '$('")
        self.position = name.end()
        arguments = []
        while self._at(" "):
            self.position += 1
            arguments.append(self._argument(quote))
        if not self._at(")"):
            found = repr(self._next()) if self.position < len(self.text) else "the end"
            raise ValueError(f"want ')' or one space and an argument at {found}, in "
                             f"{self.text[start:]!r}")  # fmt: skip
        self.position += 1
        _check_arguments(name.group(), arguments)
        return Substitution(name.group(), tuple(arguments))

    def _argument(self, quote: str) -> Template:
        if not quote and self._next() in ("'", '"'):
            stop = self._next()
            self.position += 1
            template = self.template(stop)
            if not self._at(stop):
                raise ValueError(f"a quote {stop} is not closed, in {self.text!r}")
            self.position += 1
            return template
        parts: list[str | Substitution] = []
        end = ' ()$"' + "'" if not quote else " ()$" + quote
        while True:
            if self._at("$("):
                parts.append(self._substitution(quote))
                continue
            start = self.position
            while self.position < len(self.text) and (
                self._next() not in end or (self._next() == "$" and not self._at("$("))
            ):
                self.position += 2 if self._next() == "\\" else 1
            if self.position == start:
                break
            parts.append(_ESCAPE.sub(r"\1", self.text[start : self.position]))
        if not parts:
            raise ValueError(
                f"an argument is missing in {self.text!r}; separate arguments by one space and "
                "write an empty one as ''"
            )
        return tuple(parts)

    def _at(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def _next(self) -> str:
        return self.text[self.position : self.position + 1]


def _check_arguments(name: str, arguments: list[Template]) -> None:
    if name not in FUNCTIONS:
        raise ValueError(f"$({name} ...) is not known; known: {', '.join(sorted(FUNCTIONS))}")
    _, fewest, most = FUNCTIONS[name]
    count = len(arguments)
    if name in ("equals", "not-equals") and () in arguments:
        raise ValueError(
            f"ROS 2 launch takes '' in $({name} ...) for '[]'; to compare with nothing write "
            f"$({name} x$(var a) x)"
        )
    if not fewest <= count <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise ValueError(f"$({name} ...) takes {wanted} arguments, got {count}")


def _var(context: Context, arguments: list[str]) -> str:
    value = context.variable(arguments[0])
    if value is not None:
        return value
    if len(arguments) == 2:
        return arguments[1]
    raise ValueError(f"no argument or <let> is called '{arguments[0]}' here")


def _env(context: Context, arguments: list[str]) -> str:
    value = context.environment.get(*arguments)
    if value is None:
        raise ValueError(
            f"the environment variable '{arguments[0]}' is not set; a default may follow its name"
        )
    return value


def _equals(_: Context, arguments: list[str]) -> str:
    left, right = arguments
    return _word(expressions.equal(left, right))


def _any_of(_: Context, arguments: list[str]) -> str:
    return _word(any([as_bool(argument) for argument in arguments]))


def _all_of(_: Context, arguments: list[str]) -> str:
    return _word(all([as_bool(argument) for argument in arguments]))


def _if_else(_: Context, arguments: list[str]) -> str:
    condition, then, *otherwise = arguments
    return then if as_bool(condition) else "".join(otherwise)


def _word(value: bool) -> str:
    return "true" if value else "false"


_MANY = 1000
# name: (function, fewest arguments, most arguments)
FUNCTIONS: dict[str, tuple[Callable[[Context, list[str]], str], int, int]] = {
    "var": (_var, 1, 2),
    "env": (_env, 1, 2),
    "dirname": (lambda context, _: str(context.folder), 0, 0),
    "filename": (lambda context, _: str(context.file), 0, 0),
    "find-pkg-share": (lambda _, arguments: str(packages.share(arguments[0])), 1, 1),
    "find-pkg-prefix": (lambda _, arguments: str(packages.prefix(arguments[0])), 1, 1),
    "eval": (lambda _, arguments: expressions.evaluate(arguments[0]), 1, 1),
    "if": (_if_else, 2, 3),
    "not": (lambda _, arguments: _word(not as_bool(arguments[0])), 1, 1),
    "and": (_all_of, 2, 2),
    "or": (_any_of, 2, 2),
    "all": (_all_of, 0, _MANY),
    "any": (_any_of, 0, _MANY),
    "equals": (_equals, 2, 2),
    "not-equals": (lambda c, a: _word(_equals(c, a) == "false"), 2, 2),
}
