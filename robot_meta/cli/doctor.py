"""`robot-meta doctor`: one line per thing this machine must have, and what to type about it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence

from robot_meta.cli import machine_checks, ros_checks
from robot_meta.cli.finding import FAIL, Finding

CHECKS: tuple[Callable[[], Finding], ...] = (
    machine_checks.python,
    ros_checks.rclpy,
    ros_checks.network,
    ros_checks.domain,
    ros_checks.launch,
    machine_checks.rendering,
    machine_checks.model_data,
    machine_checks.weights,
    machine_checks.encoders,
    machine_checks.torch,
    machine_checks.processor,
    machine_checks.disk,
)


def main(argv: list[str], checks: Sequence[Callable[[], Finding]] = CHECKS) -> int:
    """Print every finding.

    Returns:
        0, or 1 when a check says FAIL; a WARN concerns only what it names.
    """
    parser = argparse.ArgumentParser(
        prog="robot-meta doctor",
        description="Check this machine. Exit code 1 when something says FAIL.",
    )
    parser.parse_args(argv)
    count: Counter[str] = Counter()
    for check in checks:
        finding = check()
        count[finding.level] += 1
        print(f"{finding.level:<5}{finding.name:<11}{finding.text}", flush=True)
        if finding.remedy:
            print(f"{'':<16}-> {finding.remedy}", flush=True)
    print(", ".join(f"{number} {level}" for level, number in sorted(count.items())))
    return 1 if count[FAIL] else 0
