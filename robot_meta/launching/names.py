"""Node names and namespaces: how they join, and which are valid."""

from __future__ import annotations

import re

_TOKEN = r"[A-Za-z_][A-Za-z0-9_]*"
_NAMESPACE = re.compile(rf"/|(/{_TOKEN})+")
_LONGEST = 245  # characters of a namespace, rmw_validate_namespace


def joined_namespace(outer: str | None, inner: str) -> str:
    """`inner` below `outer`, or `inner` alone where it is absolute; checked.

    Raises:
        ValueError: The result is not a valid ROS namespace.
    """
    joined = inner if inner.startswith("/") or not outer else f"{outer.rstrip('/')}/{inner}"
    joined = joined.rstrip("/") or "/"
    joined = joined if joined.startswith("/") else f"/{joined}"
    if not _NAMESPACE.fullmatch(joined) or len(joined) > _LONGEST:
        raise ValueError(
            f"'{joined}' is not a valid namespace: letters, digits and _ between slashes, no part "
            "beginning with a digit"
        )
    return joined


def check_node_name(name: str) -> None:
    """Raises `ValueError` where `name` is not a valid ROS node name."""
    if not re.fullmatch(_TOKEN, name):
        raise ValueError(
            f"'{name}' is not a valid node name: letters, digits and _, not beginning with a "
            "digit; a namespace goes into the attribute 'namespace'"
        )
