"""A process that walks a Go2 and can be stalled: `owner.py DOMAIN SILENCE_S`.

Prints the numbers of the driver's processes, then walks for ever. After `recover` on its input it
clears the stop once and walks on; every line it prints after that is an answer.
"""

import select
import sys
import time

import numpy as np

from robot_meta.legged_types import VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.driver import Go2Robot


def main() -> None:
    """Walk until the input ends."""
    config = Go2Config(
        interface="lo",
        domain=int(sys.argv[1]),
        silence=float(sys.argv[2]),
        lost_after=60.0,
        connect_timeout=60.0,
        answer_timeout=10.0,
    )
    with Go2Robot(legged_description("go2"), config) as robot:
        while robot.stopped and not robot.recover():
            time.sleep(0.5)
        print(*(process.pid for process in robot._processes.values()), flush=True)
        while True:
            robot.command(VelocityReference(stamp=robot.time, velocity=np.array([0.2, 0.0, 0.3])))
            if select.select([sys.stdin], [], [], 0.05)[0]:
                if not sys.stdin.readline():
                    return
                print(robot.stopped, flush=True)
                print(robot.recover(), flush=True)


if __name__ == "__main__":
    main()
