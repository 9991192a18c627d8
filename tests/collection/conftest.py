"""Excitation as people start it, for the tests of what comes of it."""

import os
import subprocess
import sys

import pytest

from robot_meta.benchmarks.domains import own_domain


@pytest.fixture(scope="session")
def excite():
    """Runs `robot-meta excite` in lockstep and a ROS domain of its own; the finished process."""

    def run(folder, *words):
        command = [sys.executable, "-m", "robot_meta.cli.main", "excite", "--out", folder]
        with own_domain() as domain:
            return subprocess.run(
                [*command, *words, "lockstep:=true"],
                env={
                    **os.environ,
                    "ROS_DOMAIN_ID": str(domain),
                    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
                    "OMP_NUM_THREADS": "1",
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )

    return run
