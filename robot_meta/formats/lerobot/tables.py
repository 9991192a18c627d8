"""Parquet files of a LeRobot data set, written one after the other as they fill up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from robot_meta.formats.lerobot.layout import CHUNK_FILES


class TableFiles:
    """A table in numbered files of about the same size; every part is a row group of its own.

    Args:
        folder: Of the data set.
        template: Path of a file in it, by chunk and file.
        most: Bytes of a file, about.
    """

    def __init__(self, folder: Path, template: str, most: int) -> None:
        self._folder, self._template, self._most = folder, template, most
        self._number = 0
        self._file: BinaryIO | None = None
        self._writer: Any = None

    @property
    def place(self) -> tuple[int, int]:
        """Chunk and file that the next part goes to."""
        return divmod(self._number, CHUNK_FILES)

    def write(self, table: Any) -> None:
        """Add a part."""
        if self._writer is None:
            chunk, file = self.place
            path = self._folder / self._template.format(chunk_index=chunk, file_index=file)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
            self._writer = pq.ParquetWriter(
                self._file, table.schema, compression="snappy", write_page_checksum=True
            )
        self._writer.write_table(table)
        assert self._file is not None
        if self._file.tell() >= self._most:
            self.close()
            self._number += 1

    def close(self) -> None:
        """End the file that is being written; without its end it cannot be read."""
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._file.close()
        self._writer = self._file = None


def data_table(columns: Mapping[str, npt.NDArray[Any]]) -> Any:
    """Rows of numbers: a list of fixed length for a column (n, D), a number for one of (n, 1)."""
    arrays = {}
    for name, values in columns.items():
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        width = values.shape[1]
        arrays[name] = flat if width == 1 else pa.FixedSizeListArray.from_arrays(flat, width)
    return pa.table(arrays)


def tasks_table(tasks: Sequence[str]) -> Any:
    """Tasks by their place; the words are the index of the data frame that pandas makes of it."""
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": list(tasks)})
    described = {
        "index_columns": ["task"],
        "column_indexes": [],
        "columns": [_pandas_column("task_index", "int64"), _pandas_column("task", "unicode")],
        "pandas_version": "2.0.0",
    }
    return table.replace_schema_metadata({b"pandas": json.dumps(described).encode()})


def _pandas_column(name: str, kind: str) -> dict[str, Any]:
    numpy_type = "int64" if kind == "int64" else "object"
    return {
        "name": name,
        "field_name": name,
        "pandas_type": kind,
        "numpy_type": numpy_type,
        "metadata": None,
    }
