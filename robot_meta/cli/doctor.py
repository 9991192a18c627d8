"""`robot-meta doctor`: one line per thing this machine must have, and what to type about it."""

from __future__ import annotations

import argparse
import functools
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from robot_meta.preflight import go2, machine, realtime, robot, ros
from robot_meta.preflight.finding import FAIL, Finding
from robot_meta.robots.cell import read_cell
from robot_meta.robots.description import known_robots
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.inspection import Go2Facts
from robot_meta.safety.walking import WalkingGuardConfig

CHECKS: tuple[Callable[[], Finding], ...] = (
    machine.python,
    ros.rclpy,
    ros.network,
    ros.domain,
    ros.launch,
    machine.rendering,
    machine.model_data,
    machine.weights,
    machine.encoders,
    machine.torch,
    machine.processor,
    machine.disk,
)
ARMS, LEGS = ("franka", "ros2_control"), ("go2",)


def main(argv: list[str], checks: Sequence[Callable[[], Finding]] = CHECKS) -> int:
    """Print every finding.

    Returns:
        0, or 1 when a check says FAIL; a WARN concerns only what it names.
    """
    parser = argparse.ArgumentParser(
        prog="robot-meta doctor",
        description="Check this machine. Exit code 1 when something says FAIL.",
        epilog="before a real arm: robot-meta doctor --robot franka --robot-ip 172.16.0.2; "
        "before a Go2: robot-meta doctor --robot go2 --interface eth0. Neither moves it.",
    )
    parser.add_argument(
        "--robot", choices=(*ARMS, *LEGS), help="check what such a robot needs, too"
    )
    parser.add_argument("--robot-ip", default="", help="its address, to see whether it answers")
    parser.add_argument("--interface", default="", help="network interface that a Go2 is on")
    parser.add_argument("--domain", type=int, default=0, help="DDS domain of a Go2 (%(default)s)")
    parser.add_argument("--type", choices=known_robots(), default="fr3", help="of the arm")
    parser.add_argument("--cell", default="", help="file of what is around it and at its end")
    args = parser.parse_args(argv)
    if args.robot is not None:
        usual = [check for check in checks if check is not ros.network]  # asked more strictly
        if args.robot in LEGS:
            checks = (*usual, *before_legs(args.interface, args.domain))
        else:
            checks = (*usual, *before(args.robot, args.type, args.robot_ip, args.cell))
    count: Counter[str] = Counter()
    for check in checks:
        finding = check()
        count[finding.level] += 1
        print(f"{finding.level:<5}{finding.name:<11}{finding.text}", flush=True)
        if finding.remedy:
            print(f"{'':<16}-> {finding.remedy}", flush=True)
    print(", ".join(f"{number} {level}" for level, number in sorted(count.items())))
    return 1 if count[FAIL] else 0


def before(
    backend: str, kind: str, address: str, cell_file: str = ""
) -> list[Callable[[], Finding]]:
    """Checks before a real arm moves in the cell that `cell_file` describes.

    Raises:
        BadConfig: It cannot be read.
    """
    cell = read_cell(cell_file)
    checks: list[Callable[[], Finding]] = [
        partial(ros.command_network, allow_open=False),
        realtime.kernel,
        realtime.priority,
        realtime.governor,
        partial(robot.home, kind, cell),
    ]
    if backend == "franka":
        checks += [
            robot.franka_client,
            partial(robot.thresholds, cell.guard(), cell.franka()),
            partial(robot.reachable, address),
        ]
    return checks


def before_legs(interface: str, domain: int) -> list[Callable[[], Finding]]:
    """Checks before a Go2 walks, with the settings that are the default."""
    guard, config = WalkingGuardConfig(), Go2Config(interface=interface, domain=domain)
    client, network = (
        functools.cache(go2.client),
        functools.cache(partial(go2.interface, interface)),
    )

    @functools.cache
    def facts() -> Go2Facts:
        for found in (client(), network()):
            if found.level == FAIL:
                return Go2Facts(trouble=found.text)
        return go2.look("go2", config)

    def told(name: str, check: Callable[[Go2Facts], Finding]) -> Callable[[], Finding]:
        return lambda: go2.unseen(name) if facts().trouble else check(facts())

    return [
        partial(ros.command_network, allow_open=False),
        client,
        network,
        lambda: go2.robot(facts(), config),
        told("firmware", go2.firmware),
        told("sport", go2.sport),
        told("battery", partial(go2.battery, guard=guard)),
        told("motors", partial(go2.motors, guard=guard)),
        told("remote", go2.remote),
    ]
