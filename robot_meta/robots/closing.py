"""The lines that make a `with` block end in `close`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


class Closing(ABC):
    """Something that is closed when its `with` block is left, by any road."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything; safe to call twice."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
