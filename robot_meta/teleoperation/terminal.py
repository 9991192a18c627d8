"""Keys of a terminal, one by one as they are pressed; works over SSH."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import tty
from types import TracebackType

from robot_meta.errors import DeviceUnavailable

_NAMES = {
    "\r": "enter",
    "\n": "enter",
    " ": "space",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x04": "ctrl-d",
}
_ESCAPE = "\x1b"


class Terminal:
    """A terminal that gives every key at once; on leaving it is as it was.

    Args:
        fd: Its file descriptor.

    Raises:
        DeviceUnavailable: It is no terminal.
    """

    def __init__(self, fd: int) -> None:
        if not os.isatty(fd):
            raise DeviceUnavailable(
                "standard input is no terminal: type the command into one, `ssh -t` for another "
                "machine's"
            )
        self._fd = fd

    def __enter__(self) -> Terminal:
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(termios.error):  # it was closed
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._before)

    def keys(self, timeout: float) -> list[str]:
        """What was pressed, waiting `timeout` [s] for it at most.

        Raises:
            DeviceUnavailable: The terminal was closed.
        """
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return []
        try:
            data = os.read(self._fd, 1024)
        except OSError as error:
            raise DeviceUnavailable(f"the terminal was closed: {error.strerror}") from None
        if not data:
            raise DeviceUnavailable("the terminal was closed")
        return keys_from(data)


def keys_from(data: bytes) -> list[str]:
    """Names of the keys in what came in one piece.

    Escape sequences (arrows, function keys) name no key. Where several different keys came at
    once they were pasted, not pressed, and none counts.
    """
    text = data.decode("utf-8", errors="replace")
    if _ESCAPE in text or not text:
        return []
    names = [_NAMES.get(character, character) for character in text]
    return names[:1] if len(set(names)) == 1 else []
