"""Stretches of recorded episodes that somebody looks at and says something about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.journal import discarded, read_notes
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch


@dataclass(frozen=True, order=True)
class Clip:
    """Steps `begin` to `end` − 1 of an episode, and the state after the last one.

    Attributes:
        episode: Key of the episode.
        begin: First step.
        end: Behind the last step.
    """

    episode: str
    begin: int
    end: int

    def __post_init__(self) -> None:
        whole = isinstance(self.begin, int) and isinstance(self.end, int)
        if not (self.episode and whole and 0 <= self.begin < self.end):
            raise ValueError(
                f"want a clip of an episode with 0 <= begin < end, got '{self.episode}' "
                f"{self.begin} to {self.end}"
            )

    def __str__(self) -> str:
        return f"'{self.episode}' {self.begin} to {self.end}"


def episode_lengths(store: Path) -> dict[str, int]:
    """Steps of every episode of the store in a folder, by key; discarded ones are left out.

    An episode of which steps in the middle are missing counts up to the first that is.
    """
    index, gone = EpisodeIndex(Snapshot(store)), discarded(read_notes(store))
    lengths = {e.key: index.length(e.number) for e in index.episodes if e.key not in gone}
    return {key: length for key, length in lengths.items() if length}


def windows(lengths: Mapping[str, int], steps: int, stride: int | None = None) -> list[Clip]:
    """All clips of `steps` steps, one every `stride`; what is left at an end is left out.

    Args:
        lengths: Steps of every episode, by key.
        steps: Of a clip.
        stride: From one to the next, in steps; None puts them side by side.
    """
    stride = steps if stride is None else stride
    if steps < 1 or stride < 1:
        raise ValueError(f"want steps and stride >= 1, got {steps} and {stride}")
    return [
        Clip(key, begin, begin + steps)
        for key, length in lengths.items()
        for begin in range(0, length - steps + 1, stride)
    ]


def check_clips(clips: Iterable[Clip], lengths: Mapping[str, int]) -> None:
    """Refuse clips of episodes that are not there, or that end after their episode.

    Raises:
        ValueError: There is such a clip.
    """
    for clip in clips:
        if clip.end > lengths.get(clip.episode, 0):
            raise ValueError(
                f"the clip {clip} is not in the store, which has "
                + (
                    f"{lengths[clip.episode]} steps of that episode"
                    if clip.episode in lengths
                    else f"{len(lengths)} other episodes"
                )
            )


def read_clip(index: EpisodeIndex, clip: Clip) -> Batch:
    """The transitions of a clip, in order of time; those that are damaged are left out.

    Raises:
        ValueError: There is no such episode.
    """
    number = index.number(clip.episode)
    if number is None:
        raise ValueError(f"there is no episode of the clip {clip} in {index.snapshot.path}")
    return index.read(number, clip.begin, clip.end)
