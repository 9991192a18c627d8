"""The launched runs of a demo: every scene with every controller, two at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

SeriesT = TypeVar("SeriesT")
Progress = Callable[[float], None]
"""Told the robot time that a run has reached, [s]."""


def run_all(
    scenes: Sequence[str],
    rows: Sequence[str],
    end: float,
    run: Callable[[str, str, Progress], SeriesT],
) -> dict[tuple[str, str], SeriesT]:
    """What came of every scene with every controller, with a bar on the way.

    Args:
        scenes: Names of scenes.
        rows: Names of controllers.
        end: Robot time at which a run ends, [s].
        run: One launch: scene, controller, progress.
    """
    work = [(scene, row) for scene in scenes for row in rows]
    with tqdm(
        total=len(work) * end, desc="launched runs", unit="s", ncols=80, mininterval=1.0
    ) as bar:
        bar.bar_format = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s of robot time"

        def one(item: tuple[str, str]) -> SeriesT:
            shown = 0.0

            def progress(stamp: float) -> None:
                nonlocal shown
                reached = min(stamp, end)
                bar.update(max(0.0, min(reached - shown, bar.total - bar.n)))
                shown = max(shown, reached)

            return run(*item, progress)

        with ThreadPoolExecutor(2) as pool:
            return dict(zip(work, pool.map(one, work), strict=True))
