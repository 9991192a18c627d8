"""A process that drives an FR3 up and down and can be stalled: `owner.py WATCHDOG_S`.

Prints where the shared state is, then moves joint 7 for ever. After `recover` on its input it
clears the stop once and goes on; every line it prints after that is an answer.
"""

import os
import select
import sys
import time

import numpy as np

from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot
from robot_meta.types import Reference

SPEED = 0.2  # of joint 7 on average, [rad/s]


def main() -> None:
    """Drive until the input ends."""
    config = FrankaConfig(watchdog=float(sys.argv[1]), lost_after=60.0, connect_timeout=60.0)
    with FrankaRobot(arm_description("fr3"), "127.0.0.1", config) as robot:
        spec, n = robot.spec, robot.spec.samples_per_tick
        start, first = robot.observe().position, robot.observe().stamp
        print(robot._process.pid, *descriptors(robot._process.pid), flush=True)
        while True:
            stamp = robot.observe().stamp
            phase = SPEED * (stamp - first + np.arange(1, n + 1) * spec.reference_dt) / 0.1
            position, velocity = np.tile(start, (n, 1)), np.zeros((n, spec.num_joints))
            position[:, 6] += 0.1 * np.sin(phase)
            velocity[:, 6] = SPEED * np.cos(phase)
            robot.command(Reference(stamp=stamp, position=position, velocity=velocity))
            if select.select([sys.stdin], [], [], 0.0)[0]:
                if not sys.stdin.readline():
                    return
                print(robot.stopped, flush=True)
                print(robot.recover(), flush=True)
                start, first = robot.observe().position, robot.observe().stamp
            while robot.observe().stamp < stamp + 0.9 * spec.control_dt:
                time.sleep(0.002)


def descriptors(process: int) -> list[str]:
    """Descriptors of the driver process that are memory without a file."""
    folder = f"/proc/{process}/fd"
    links = [(number, os.readlink(f"{folder}/{number}")) for number in os.listdir(folder)]
    return [number for number, target in links if "memfd:robot_meta_franka" in target]


if __name__ == "__main__":
    main()
