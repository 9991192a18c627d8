"""Reading a LeRobot data set, whoever wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from robot_meta.errors import BadDataset, StoreVersion
from robot_meta.formats.lerobot import layout

_MAJOR = 3
_NUMBERS = {"float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "bool"}


@dataclass(frozen=True)
class LerobotEpisode:
    """One episode as it is stored.

    Attributes:
        index: Its place in the data set.
        columns: Numbers of every step, (T, D) each.
        tasks: In words.
        about: All else that `meta/episodes` says of it.
    """

    index: int
    columns: dict[str, npt.NDArray[Any]]
    tasks: list[str]
    about: dict[str, Any]


class LerobotReader:
    """A LeRobot data set of version 3, every file of which is there and whole.

    Args:
        path: Its folder.

    Attributes:
        info: What `meta/info.json` says.
        columns: Columns of numbers, with their widths.
        videos: Columns that are videos.
        left_out: Columns that are neither: single images, texts.

    Raises:
        BadDataset: It is none, or something of it is cut, missing or does not fit.
        StoreVersion: It is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.info = self._read_info()
        features = self.info["features"]
        self.columns = {
            name: int(np.prod(feature["shape"]))
            for name, feature in features.items()
            if feature["dtype"] in _NUMBERS
        }
        self.videos = [name for name, f in features.items() if f["dtype"] == "video"]
        known = {*self.columns, *self.videos}
        self.left_out = [name for name in features if name not in known]
        self._about = self._read_about()
        self._files = sorted((path / "data").glob("*/*.parquet"))
        self._check_files()

    def __len__(self) -> int:
        return len(self._about)

    @property
    def rate(self) -> int:
        """Steps in a second."""
        return int(self.info["fps"])

    def __iter__(self) -> Iterator[LerobotEpisode]:
        """All episodes, in the order of the data set."""
        begun = 0
        for path in self._files:
            table = self._read(path, list(self.columns))
            index = table.column("episode_index").to_numpy()
            bounds = [0, *(np.flatnonzero(np.diff(index)) + 1).tolist(), len(index)]
            for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
                part = table.slice(begin, end - begin)
                yield self._episode(path, int(index[begin]), part)
                begun += 1
        if begun != len(self):
            raise BadDataset(self.path, f"{len(self)} episodes are listed, and {begun} are there")

    def video_place(self, about: Mapping[str, Any], column: str) -> tuple[Path, float]:
        """The file that shows an episode, which is there, and when it begins in it, [s].

        Args:
            about: What `meta/episodes` says of the episode.
            column: One of `videos`.
        """
        try:
            name = str(self.info["video_path"]).format(
                video_key=column,
                chunk_index=about[f"videos/{column}/chunk_index"],
                file_index=about[f"videos/{column}/file_index"],
            )
            begin = float(about[f"videos/{column}/from_timestamp"])
        except (KeyError, ValueError, TypeError) as error:
            raise BadDataset(self.path, f"it lacks the place of '{column}' ({error!r})") from None
        if not (self.path / name).is_file():
            raise BadDataset(
                self.path / name, f"missing; episode {about['episode_index']} needs it"
            )
        return self.path / name, begin

    def _episode(self, path: Path, number: int, table: Any) -> LerobotEpisode:
        about = self._about.get(number)
        if about is None:
            raise BadDataset(path, f"it holds an episode {number} that meta/episodes lacks")
        length = about.get("length", table.num_rows)
        if length != table.num_rows:
            raise BadDataset(path, f"want {length} steps of episode {number}, it has {len(table)}")
        columns = {name: self._values(path, table, name) for name in self.columns}
        if not (np.diff(columns["frame_index"][:, 0]) == 1).all():
            raise BadDataset(path, f"steps of episode {number} are missing or in disorder")
        if not (np.diff(columns["timestamp"][:, 0]) > 0).all():
            raise BadDataset(path, f"the timestamps of episode {number} do not increase")
        tasks = [str(task) for task in about.get("tasks") or []]
        return LerobotEpisode(number, columns, tasks, about)

    def _values(self, path: Path, table: Any, name: str) -> npt.NDArray[Any]:
        column = table.column(name).combine_chunks()
        while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
            column = column.flatten()
        values = np.asarray(column.to_numpy(zero_copy_only=False))
        rows, width = table.num_rows, self.columns[name]
        if len(values) != rows * width:
            raise BadDataset(
                path, f"want {width} numbers a step of '{name}', got {len(values) / rows:.6g}"
            )
        return values.reshape(rows, width)

    def _read_info(self) -> dict[str, Any]:
        path = self.path / layout.INFO
        try:
            info = json.loads(path.read_text(encoding="utf-8"))
            version = str(info["codebase_version"])
            major = int(version.removeprefix("v").partition(".")[0])
            for feature in info["features"].values():
                feature["dtype"], feature["shape"] = (
                    str(feature["dtype"]),
                    [int(n) for n in feature["shape"]],
                )
            missing = {*layout.INDICES, "fps", "total_frames"} - {*info["features"], *info}
        except FileNotFoundError:
            raise BadDataset(path, "there is none, so this is no LeRobot data set") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadDataset(path, f"not what a LeRobot data set says ({error!r})") from None
        if major > _MAJOR:
            raise StoreVersion(path, version, _MAJOR)
        if major < _MAJOR:
            raise BadDataset(path, f"it is of {version}; convert it to {layout.VERSION} first")
        if missing:
            raise BadDataset(path, f"it lacks {sorted(missing)}")
        return dict(info)

    def _read_about(self) -> dict[int, dict[str, Any]]:
        about = {}
        for path in sorted((self.path / "meta/episodes").glob("*/*.parquet")):
            every = self._open(path).schema_arrow.names
            names = [name for name in every if not name.startswith("stats/")]
            for row in self._read(path, names).to_pylist():
                about[int(row["episode_index"])] = row
        if len(about) != self.info.get("total_episodes"):
            raise BadDataset(
                self.path / "meta/episodes",
                f"want {self.info.get('total_episodes')} episodes, it lists {len(about)}",
            )
        return about

    def _check_files(self) -> None:
        """Every file is there, has every column, and together they have every step."""
        rows = 0
        for path in self._files:
            file = self._open(path)
            rows += file.metadata.num_rows
            if missing := set(self.columns) - set(file.schema_arrow.names):
                raise BadDataset(path, f"it lacks the columns {sorted(missing)}")
        if rows != self.info["total_frames"]:
            raise BadDataset(
                self.path / "data", f"want {self.info['total_frames']} steps, it has {rows}"
            )
        for about in self._about.values():
            for column in self.videos:
                self.video_place(about, column)

    def _open(self, path: Path) -> Any:
        try:
            return pq.ParquetFile(path, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None

    def _read(self, path: Path, columns: list[str]) -> Any:
        try:
            return self._open(path).read(columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> BadDataset:
    return BadDataset(path, f"cut or damaged ({str(error).splitlines()[0]})")
