"""One contract for every hand: simulated, in the twin's physics, on a protocol server."""

import time

import pytest

from robot_meta.robots.description import arm_description
from robot_meta.robots.gripper import MAX_WIDTH, SimulatedGripper

PATIENCE_S = 60.0


class SteppedClock:
    """Time that goes on whenever somebody looks."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.02
        return self.now


class SteppedFingers:
    """Fingers of a twin that moves on by one period whenever somebody looks."""

    def __init__(self, twin):
        self._twin, self._fingers = twin, twin.fingers

    def __getattr__(self, name):
        return getattr(self._fingers, name)

    def state(self):
        self._twin.step()
        return self._fingers.state()


@pytest.fixture(
    params=[
        "simulated",
        pytest.param("twin", marks=pytest.mark.sim),
        pytest.param("franka", marks=pytest.mark.franka),
    ]
)
def gripper(request):
    if request.param == "simulated":
        yield SimulatedGripper(SteppedClock())
    elif request.param == "twin":
        from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
        from robot_meta.twin.scenes import SceneConfig

        with MujocoRobot(arm_description("fr3"), TwinConfig(scene=SceneConfig(desk=True))) as twin:
            yield SteppedFingers(twin)
    else:
        with request.getfixturevalue("open_franka")(gripper=True) as robot:
            yield robot.gripper


def finished(gripper):
    """The reading once nothing is left to do."""
    end = time.monotonic() + PATIENCE_S
    while (state := gripper.state()).busy:
        assert time.monotonic() < end, state
        if not isinstance(gripper, SimulatedGripper | SteppedFingers):
            time.sleep(0.02)
    return state


def test_it_homes_and_moves_to_a_width(gripper):
    gripper.homing()
    homed = finished(gripper)
    assert homed.succeeded and homed.max_width == pytest.approx(MAX_WIDTH, abs=0.01)
    gripper.move(0.03)
    moved = finished(gripper)
    assert moved.succeeded and moved.width == pytest.approx(0.03, abs=0.002)


def test_a_move_takes_its_time(gripper):
    gripper.move(0.07)
    finished(gripper)
    gripper.move(0.01, speed=0.05)
    assert gripper.state().busy
    assert finished(gripper).width == pytest.approx(0.01, abs=0.002)


def test_grasping_nothing_is_no_success(gripper):
    gripper.move(0.06)
    finished(gripper)
    gripper.grasp(0.03)
    state = finished(gripper)
    assert state.succeeded is False and not state.grasped


def test_a_width_that_it_has_not_is_no_success(gripper):
    gripper.move(0.5)
    assert finished(gripper).succeeded is False


def test_a_stop_ends_what_the_simulated_hand_does():
    gripper = SimulatedGripper(SteppedClock())
    gripper.move(0.0, speed=0.01)
    for _ in range(10):
        before = gripper.state().width
    gripper.move(0.08)
    gripper.stop()
    state = gripper.state()
    assert 0.0 < state.width < before and not state.busy and state.succeeded is False


@pytest.mark.parametrize(
    ("wanted", "grasped"), [(0.03, True), (0.034, True), (0.05, False), (0.01, False)]
)
def test_the_simulated_hand_holds_what_is_about_as_wide_as_it_was_told(wanted, grasped):
    gripper = SimulatedGripper(SteppedClock(), object_width=0.03)
    gripper.grasp(wanted)
    state = finished(gripper)
    assert (state.succeeded, state.grasped) == (grasped, grasped)
    assert state.width == pytest.approx(0.03)
    gripper.move(0.06)
    assert finished(gripper).succeeded and not gripper.state().grasped
