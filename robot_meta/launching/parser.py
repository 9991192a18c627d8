"""XML launch files as trees that know their line numbers, checked against the schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from robot_meta.errors import LaunchError
from robot_meta.launching.schema import CHILD_TAGS, ROOT_TAG, TAGS, Tag
from robot_meta.launching.substitutions import parse_template


@dataclass(frozen=True)
class Place:
    """Where something stands, for error messages."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def error(self, message: object) -> LaunchError:
        """A `LaunchError` that begins with the file and line."""
        return LaunchError(f"{self}: {message}")


@dataclass
class Element:
    """One tag: its attributes as written and the tags inside it."""

    tag: str
    attributes: dict[str, str]
    place: Place
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str) -> list[Element]:
        """Children called `tag`, in order."""
        return [child for child in self.children if child.tag == tag]


def parse_file(path: Path) -> Element:
    """The checked `<launch>` element of a file.

    Raises:
        LaunchError: The file is missing, is not well-formed, or holds a tag, an attribute or a
            substitution that is not known; the message has the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LaunchError(f"{path}: cannot be read: {error.strerror}") from None
    root = _parse(content, path)
    if root.tag != ROOT_TAG:
        raise root.place.error(f"the outermost tag must be <launch>, got <{root.tag}>")
    for child in root.children:
        _check(child, TAGS, "a launch file")
    return root


def _parse(content: bytes, path: Path) -> Element:
    stack: list[Element] = []
    roots: list[Element] = []
    reader = expat.ParserCreate()

    def place() -> Place:
        return Place(path, reader.CurrentLineNumber)

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, place())
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def text(data: str) -> None:
        if data.strip():
            raise place().error(f"text outside of tags: {data.strip()!r}")

    def doctype(*_: object) -> None:
        raise place().error("a document type (<!DOCTYPE ...>) is not accepted in a launch file")

    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _tag: stack.pop() and None
    reader.CharacterDataHandler = text
    reader.StartDoctypeDeclHandler = doctype
    try:
        reader.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages[error.code]
        raise Place(path, error.lineno).error(f"not well-formed XML: {reason}") from None
    return roots[0]


def _check(element: Element, tags: dict[str, Tag], parent: str) -> None:
    """Tag, attributes, children and the syntax of every substitution, all before anything runs."""
    tag = tags.get(element.tag)
    if tag is None:
        raise element.place.error(
            f"<{element.tag}> is not known inside {parent}{_hint(element.tag, tags)}"
        )
    if tag.refusal:
        raise element.place.error(f"<{element.tag}>: {tag.refusal}")
    known = [*tag.required, *tag.optional, *(("if", "unless") if tag.conditional else ())]
    for name, value in element.attributes.items():
        if name not in known:
            raise element.place.error(
                f"<{element.tag}> has no attribute '{name}'{_hint(name, known)}"
            )
        if name not in tag.literal:
            try:
                parse_template(value)
            except ValueError as error:
                raise element.place.error(f"{name}={value!r}: {error}") from None
    for name in tag.required:
        if name not in element.attributes:
            raise element.place.error(f"<{element.tag}> needs the attribute '{name}'")
    if "if" in element.attributes and "unless" in element.attributes:
        raise element.place.error(
            f"<{element.tag}> has both 'if' and 'unless'; give one of them, or nest a <group>"
        )
    inside = {name: CHILD_TAGS[element.tag, name] for name in tag.children}
    if tag.actions_inside:
        inside |= TAGS
    for child in element.children:
        _check(child, inside, f"<{element.tag}>")


def _hint(name: str, known: Iterable[str]) -> str:
    """What would have worked."""
    choices = sorted(known)
    close = difflib.get_close_matches(name, choices, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(choices)}" if choices else "; nothing may stand there"
