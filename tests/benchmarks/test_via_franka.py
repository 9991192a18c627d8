"""What the rows of the arm benchmark are given when a Franka server stands for the arm."""

import time

import pytest

pytest.importorskip("rclpy")

from robot_meta.benchmarks.arm_payload import via_franka  # noqa: E402
from robot_meta.benchmarks.arm_payload.run import RunConfig  # noqa: E402
from robot_meta.benchmarks.arm_payload.scenes import Timing  # noqa: E402
from robot_meta.benchmarks.franka.stack import SMALL_MACHINE  # noqa: E402

SOON = Timing(start=1.0, period=1.0, change=1.1, settle=0.5)


class Server:
    """Remembers what it was told and when."""

    def __init__(self):
        self.told = []

    def change(self, body):
        self.told.append((time.time(), body))


def config_of(scene, timing=SOON):
    return RunConfig(
        row="adapted", settings={}, split="test", scene=scene, seed=0, models="m", timing=timing
    )


@pytest.mark.parametrize("scene", via_franka.SCENES)
def test_the_body_changes_when_its_time_comes_not_before(scene):
    server, begin = Server(), time.time() + 0.1
    via_franka._change_later(server, config_of(scene), begin)
    assert not server.told
    deadline = time.time() + 20.0
    while not server.told and time.time() < deadline:
        time.sleep(0.01)
    (when, body) = server.told[0]
    assert when >= begin + 0.1 - 1e-3
    assert body["payload_mass"] > 0.0 and len(body["payload_offset"]) == 3
    assert ("joint_gain" in body) == (scene == "weak")


def test_a_body_that_the_server_cannot_have_is_refused():
    with pytest.raises(ValueError, match="cannot change .*choose one of"):
        via_franka._change_later(Server(), config_of("unseen1"), time.time())


def test_the_planner_is_that_of_a_machine_that_the_server_runs_on_too():
    controller = via_franka._parameters(config_of("payload"))["controller"]
    assert SMALL_MACHINE.items() <= controller.items()
    assert controller["change.hopeless"] == 0.0
