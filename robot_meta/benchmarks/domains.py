"""ROS domains for processes that must not hear anybody else's."""

from __future__ import annotations

import errno
import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from robot_meta.errors import LaunchError

DOMAINS = range(1, 102)
"""Not the one that people use who choose none, nor those whose ports other programs may have."""

_turns = itertools.count(os.getpid() * 37)  # what ended lately is not met again at once


@contextmanager
def own_domain() -> Iterator[int]:
    """A domain that nobody else on this machine gets from here until the block ends.

    It is held by a socket bound to a name that is no file: the hold ends with the process,
    however that ends, and reaches as far as the ports of a domain do.

    Raises:
        LaunchError: All are taken.
    """
    with socket.socket(socket.AF_UNIX) as holder:
        yield _take(holder)


def _take(holder: socket.socket) -> int:
    for _ in DOMAINS:
        number = DOMAINS[next(_turns) % len(DOMAINS)]
        try:
            holder.bind(f"\0robot_meta/domain/{number}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        return number
    raise LaunchError(f"all ROS domains from {DOMAINS[0]} to {DOMAINS[-1]} are in use: end a run")
