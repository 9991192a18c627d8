"""`robot-meta calibrate`: find out where the camera is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from robot_meta.perception.calibration import (
    HandEye,
    Mount,
    PosePair,
    load_pairs,
    save_pairs,
    solve_hand_eye,
)
from robot_meta.perception.frames import TOOL, load_frames, save_frames
from robot_meta.perception.tags import TagConfig
from robot_meta.resources import resource

EPILOG = """example, with robot and camera nodes running:
  robot-meta calibrate hand-eye --mount tool --tag 0 --size 0.08 --out my_frames.yaml
Move the arm by hand or with `target_pose`: the command itself moves nothing. Wherever the tool
rests for half a second with the tag in sight, a pair of poses is taken. Turn the tool by 20
degrees and more about two axes. Then launch with frames_file:=my_frames.yaml.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta calibrate`."""
    args = _parser().parse_args(argv)
    tree = load_frames(args.frames or resource("config/frames.yaml"))
    tree.place(args.frame)
    if args.pairs_file is not None:
        pairs, mount = load_pairs(args.pairs_file)
    else:
        mount = args.mount
        tags = TagConfig(ids=(args.tag,), size=args.size)
        pairs = _record(tags, args.namespace, args.pairs, args.timeout, args.save, mount)
    found = solve_hand_eye(pairs, mount)
    carrier = TOOL if mount == "tool" else tree.root
    print(_report(found, carrier, args.frame, len(pairs)))
    if args.out is not None:
        save_frames(args.out, tree.moved(args.frame, carrier, found.camera))
        print(f"written to {args.out}; launch with frames_file:={args.out}")
    return 0


def _record(
    tags: TagConfig, namespace: str, count: int, timeout: float, save: Path | None, mount: Mount
) -> list[PosePair]:
    """Pairs from the running nodes; each is saved at once where a file is named."""
    import rclpy
    from rclpy.utilities import try_shutdown

    from robot_meta.nodes.pair_recorder import PairRecorder

    def tell(pairs: list[PosePair]) -> None:
        print(f"pair {len(pairs)} of {count}", flush=True)
        if save is not None:
            save_pairs(save, pairs, mount)

    rclpy.init(args=[])
    try:
        return PairRecorder(tags, namespace).record(count, timeout, tell)
    finally:
        try_shutdown()


def _report(found: HandEye, carrier: str, frame: str, count: int) -> str:
    position = np.array2string(found.camera.position, precision=4, separator=", ")
    quat = np.array2string(found.camera.quat_xyzw, precision=5, separator=", ")
    return (
        f"{frame} in {carrier}, from {count} pairs:\n"
        f"  position  {position} m\n"
        f"  quat_xyzw {quat}\n"
        f"the pairs agree to {1e3 * found.position_error:.1f} mm and "
        f"{np.degrees(found.angle_error):.2f} degrees (root mean square)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta calibrate",
        description="Find out where the camera is.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    eye = kinds.add_parser(
        "hand-eye",
        help="from poses of the tool and of one printed tag",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    eye.add_argument(
        "--mount",
        choices=("tool", "base"),
        default="base",
        help="what carries the camera; with base, the tool carries the tag (default: base)",
    )
    eye.add_argument("--tag", type=int, default=0, help="number of the tag (36h11)")
    eye.add_argument("--size", type=float, default=0.08, help="edge of its black square, [m]")
    eye.add_argument("--pairs", type=int, default=15, help="how many to take (default: 15)")
    eye.add_argument("--timeout", type=float, default=120.0, help="for the next pair, [s]")
    eye.add_argument("--namespace", default="", help="of robot and camera, such as /left")
    eye.add_argument("--save", type=Path, help="keep the pairs in this file")
    eye.add_argument("--from", dest="pairs_file", type=Path, help="solve saved pairs again")
    eye.add_argument("--frame", default="camera_color_optical_frame", help="optical frame")
    eye.add_argument("--frames", type=Path, help="what is fixed where (default: the shipped file)")
    eye.add_argument("--out", type=Path, help="write the frames with the camera in its place")
    return parser
