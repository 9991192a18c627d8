"""`robot-meta annotate`: a page on which people say what happens in recorded play."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from robot_meta.web.access import Access, default_key_file, kept_key

PORT = 8091
EPILOG = """examples:
  robot-meta annotate out/store
      open the address that it prints; Ctrl-C ends it, and nothing that was said is lost
  robot-meta annotate out/play --steps 40 --annotators 3
What is said lies in the store, see `robot-meta annotations show`; any number of people and pages
may write at a time. Episodes that were filmed are shown as the camera saw them, others are drawn
from their states.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta annotate`."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("MUJOCO_GL", "egl")  # read when MuJoCo is imported, below
    from robot_meta.web.annotating import Annotating
    from robot_meta.web.annotation_page import AnnotationPage
    from robot_meta.web.server import PageServer

    annotating = Annotating(args.store, steps=args.steps, wanted=args.annotators, seed=args.seed)
    key = kept_key(args.key_file or default_key_file())
    page = AnnotationPage(args.store, annotating)
    with PageServer(page.app, Access(key=key, port=args.port)) as server:
        print(f"open {server.address}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nended; everything that was said is kept")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta annotate",
        description="Serve a page on this machine on which people annotate recorded play.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("store", type=Path, help="folder of the store")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT})")
    parser.add_argument("--steps", type=int, default=40, help="of a clip (40)")
    parser.add_argument("--annotators", type=int, default=2, help="wanted for every clip (2)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the clips (0)")
    parser.add_argument(
        "--key-file", type=Path, help=f"where the page's key is kept ({default_key_file()})"
    )
    return parser
