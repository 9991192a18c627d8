"""`robot-meta annotations page`: a page on which people say what happens in recorded play."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path

from robot_meta.web.access import Access, default_key_file, kept_key

PORT = 8091


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be said of the page."""
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT})")
    parser.add_argument("--steps", type=int, default=40, help="of a clip (40)")
    parser.add_argument("--annotators", type=int, default=2, help="wanted for every clip (2)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the clips (0)")
    parser.add_argument(
        "--key-file", type=Path, help=f"where the page's key is kept ({default_key_file()})"
    )


def serve(args: argparse.Namespace) -> int:
    """Serve the page of `args.store` until Ctrl-C."""
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
