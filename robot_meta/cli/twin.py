"""`robot-meta twin`: change the twin, fit it to a recorded run, or serve it as a Go2."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta twin`; only what speaks to a running twin needs ROS."""
    if argv[:1] == ["fit"]:
        from robot_meta.cli.twin_fit import main as fit

        return fit(argv[1:])
    if argv[:1] == ["go2-server"]:
        from robot_meta.twin.legged.server import main as serve

        return serve(argv[1:])
    from robot_meta.nodes.twin_client import main as change

    return change(argv)
