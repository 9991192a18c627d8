"""One thing that somebody said about a clip, or about two of them."""

from __future__ import annotations

import dataclasses
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from robot_meta.annotation.clips import Clip

LABEL, SKIP, UNSURE, PREFERENCE, RETRACT = "label", "skip", "unsure", "preference", "retract"
KINDS = (LABEL, SKIP, UNSURE, PREFERENCE, RETRACT)
CHOICES = ("a", "b", "equal", "unsure")
_LONGEST = 1000  # characters of a text
_FLIPPED = {"a": "b", "b": "a"}


@dataclass(frozen=True, order=True)
class Question:
    """What an annotator was shown, and asked.

    Attributes:
        clips: One clip, or the two of a pair in an order of their own.
        asked: What a pair was to be compared for; "" for which is better.
    """

    clips: tuple[Clip, ...]
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What was said, by whom and when; never altered once it is written.

    Use `label`, `skip`, `unsure`, `preference` and `retraction` to make one.

    Attributes:
        kind: One of `KINDS`.
        who: Name of the annotator.
        clip: What it is about; the first clip, "a", of a pair.
        other: The second clip, "b", of a pair.
        text: In words: what happens in the clip, or what a preference was asked for.
        choice: Of a preference, one of `CHOICES`.
        retracts: Of a retraction, `id` of what no longer counts.
        about: How it came to be: what JSON can carry.
        time: When, [s] since 1970.
        id: Unique, for ever.
    """

    kind: str
    who: str
    clip: Clip | None = None
    other: Clip | None = None
    text: str = ""
    choice: str = ""
    retracts: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    time: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise ValueError(f"not an annotation: {problem}")

    def _problem(self) -> str:
        if self.kind not in KINDS:
            return f"kind must be one of {', '.join(KINDS)}, got '{self.kind}'"
        texts = (self.who, self.text, self.choice, self.retracts, self.id)
        if not all(isinstance(text, str) for text in texts) or not self.id:
            return "who, text, choice, retracts and id must be texts, and id not empty"
        if not (isinstance(self.about, dict) and isinstance(self.time, (int, float))):
            return "about must be an object and time a number"
        if not self.who.strip():
            return "who must name the annotator"
        if self.kind == LABEL and not self.text.strip():
            return "a label needs words; skip the clip, or be unsure of it, instead"
        if len(self.text) > _LONGEST:
            return f"a text has at most {_LONGEST} characters, got {len(self.text)}"
        if (self.kind == RETRACT) != bool(self.retracts):
            return "a retraction, and nothing else, names what it retracts"
        if (self.kind == RETRACT) == (self.clip is not None):
            return "everything but a retraction is about a clip"
        if self.kind == PREFERENCE and self.choice not in CHOICES:
            return f"choice must be one of {', '.join(CHOICES)}, got '{self.choice}'"
        if self.kind != PREFERENCE and self.choice:
            return "only a preference has a choice"
        if self.other is not None and (
            self.kind not in (PREFERENCE, SKIP) or self.other == self.clip
        ):
            return "a second clip goes with a preference, or skips one, and is another one"
        if self.kind == PREFERENCE and self.other is None:
            return "a preference is between two clips"
        return ""

    @property
    def question(self) -> Question:
        """What it answers; the same for a pair shown the other way round."""
        clips = tuple(sorted(clip for clip in (self.clip, self.other) if clip is not None))
        return Question(clips, self.text.strip() if self.other is not None else "")

    @property
    def answer(self) -> str:
        """The words of a label, or the choice if the pair is put in the order of `question`."""
        if self.kind == PREFERENCE and self.clip != self.question.clips[0]:
            return _FLIPPED.get(self.choice, self.choice)
        return self.choice if self.kind == PREFERENCE else self.text


def label(who: str, clip: Clip, text: str, **more: Any) -> Annotation:
    """What happens in a clip, in words."""
    return Annotation(kind=LABEL, who=who, clip=clip, text=text.strip(), **more)


def skip(who: str, clip: Clip, other: Clip | None = None, **more: Any) -> Annotation:
    """Said nothing of a clip, or of a pair; it is not shown again."""
    return Annotation(kind=SKIP, who=who, clip=clip, other=other, **more)


def unsure(who: str, clip: Clip, **more: Any) -> Annotation:
    """Looked, and could not tell what happens."""
    return Annotation(kind=UNSURE, who=who, clip=clip, **more)


def preference(
    who: str, clip: Clip, other: Clip, choice: str, text: str = "", **more: Any
) -> Annotation:
    """Which of two clips, a or b, does `text` better (is better, for no text): see `CHOICES`."""
    return Annotation(
        kind=PREFERENCE, who=who, clip=clip, other=other, choice=choice, text=text, **more
    )


def retraction(who: str, said: Annotation, **more: Any) -> Annotation:
    """Takes back what the same annotator said; what they had said before that counts again."""
    return Annotation(kind=RETRACT, who=who, retracts=said.id, **more)


def to_json(annotation: Annotation) -> dict[str, Any]:
    """What `from_json` reads."""
    return dataclasses.asdict(annotation)


def from_json(content: Any) -> Annotation:
    """The annotation that `to_json` wrote.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(content, dict):
        raise ValueError(f"not an annotation: want an object, got {type(content).__name__}")
    names = {f.name for f in dataclasses.fields(Annotation)}
    if wrong := sorted(set(content) - names):
        raise ValueError(f"not an annotation: unknown {wrong}; known are {sorted(names)}")
    try:
        clips = {name: Clip(**content[name]) for name in ("clip", "other") if content.get(name)}
        return Annotation(**{**content, "clip": None, "other": None, **clips})
    except TypeError as error:
        raise ValueError(f"not an annotation: {error}") from None
