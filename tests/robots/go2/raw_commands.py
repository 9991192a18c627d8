"""Sends motor commands, each wrong in one way: `raw_commands.py DOMAIN`; prints how many."""

import sys
import time

from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.motors import Motors
from robot_meta.robots.go2.sdk import Bus

COUNT = 5  # of each kind


def main() -> None:
    """A wrong CRC, a wrong head, a wrong level."""
    bus = Bus(int(sys.argv[1]), "lo")
    crc = bus.crc
    motors = Motors(bus, legged_description("go2").spec)
    head, level = motors._message.head, motors._message.level_flag
    time.sleep(1.0)  # to be found
    for bits, start, flag in ((1, head, level), (0, [0, 0], level), (0, head, 0)):
        bus.crc = lambda message, bits=bits: crc(message) ^ bits
        motors._message.head, motors._message.level_flag = start, flag
        for _ in range(COUNT):
            motors.damp()
            time.sleep(0.1)
    print(3 * COUNT)


if __name__ == "__main__":
    main()
