"""Seeds that are done, in one small file that can be committed and gone on from.

It holds the results of the jobs that figures are made of, not the models and episodes behind them.
So a seed that lacks a row runs again as a whole.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from robot_meta.benchmarks.grbal.job import Job
from robot_meta.benchmarks.shards import shard_path

ARCHIVE = "shards.json.gz"


def pack(archive: Path, seeds: Sequence[Sequence[Job]], shards: Path) -> None:
    """Add the results of the jobs of these seeds, all of them done, to the archive."""
    kept = _read(archive)
    for jobs in seeds:
        paths = [shard_path(shards, job) for job in jobs]
        kept |= {path.name: path.read_text() for path in paths}
    content = json.dumps(dict(sorted(kept.items())))
    archive.write_bytes(gzip.compress(content.encode(), mtime=0))  # the same bytes every time


def unpack(archive: Path, seeds: Sequence[Sequence[Job]], shards: Path) -> None:
    """Put the results of those seeds that the archive has all jobs of among the shards."""
    kept = _read(archive)
    shards.mkdir(parents=True, exist_ok=True)
    for jobs in seeds:
        paths = [shard_path(shards, job) for job in jobs]
        if all(path.name in kept for path in paths):
            for path in paths:
                path.write_text(kept[path.name])


def _read(archive: Path) -> dict[str, str]:
    content: dict[str, str] = {}
    if archive.exists():
        content = json.loads(gzip.decompress(archive.read_bytes()))
    return content
