"""Motions of the guard's own: back along the path, home, and what ends them."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3, clearance
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.state import State
from robot_meta.types import Observation

SPEC, T, HOME = FR3.spec, FR3.spec.control_dt, FR3.spec.home
SPEED = RecoveryConfig().speed


def seen(stamp, position):
    zero = np.zeros(7)
    return Observation(
        stamp=stamp, position=position, velocity=zero, torque=zero, external_torque=zero
    )


def drive(bench, periods=60):
    """A path with corners, of 1.2 s, then at rest in HOLD; where it led, (W, J)."""
    bench.tick()
    path = [bench.position]
    for k in range(periods):
        velocity = 0.15 * np.sin(0.05 * k + np.arange(7)) * min(1.0, 0.1 * k)
        bench.tick(bench.ask(velocity))
        path.append(bench.position)
    return path + settle(bench)


def settle(bench):
    bench.guard.hold()
    path = []
    while not bench.guard.at_rest:
        bench.tick()
        path.append(bench.position)
    bench.tick()
    return path


def go(bench, limit=3000):
    """Tick until the guard's own motion is over; where it led, (W, J)."""
    path = [bench.position]
    while bench.guard.state is State.RECOVERY:
        bench.tick()
        path.append(bench.position)
        assert len(path) < limit, "it never ends"
    return np.array(path)


def distance(path, place):
    """How far `place` is from the nearest corner of a path, in its farthest joint, [rad]."""
    return np.abs(np.array(path) - place).max(axis=1).min()


def test_retreat_goes_back_along_the_path_slowly_to_its_beginning(make_bench):
    bench = make_bench()
    driven = drive(bench)
    assert np.abs(driven[0] - driven[-1]).max() > 0.1
    assert bench.guard.retreat()
    back = go(bench)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "RETREAT")
    np.testing.assert_allclose(back[-1], driven[0], atol=1e-3)
    assert max(distance(driven, place) for place in back) < 0.006  # a period's step is 0.004
    assert np.abs(np.diff(back, axis=0)).max() <= 1.2 * SPEED * T
    assert bench.guard.at_rest


def test_a_straight_way_back_is_not_the_path(make_bench):
    """The measure of the test above would notice one."""
    bench = make_bench()
    driven = drive(bench)
    straight = np.linspace(driven[-1], driven[0], 50)
    assert max(distance(driven, place) for place in straight) > 0.02


def test_no_more_is_driven_back_than_the_time_that_is_kept(make_bench):
    bench = make_bench()
    bench.guard = Guard(SPEC, FR3.chain, recovery=RecoveryConfig(retreat_time=0.5))
    bench.tick()
    assert bench.guard.arm()
    driven = drive(bench)
    assert bench.guard.retreat()
    end = go(bench)[-1]
    np.testing.assert_allclose(end, driven[len(driven) - 1 - round(0.5 / T)], atol=0.01)


def test_a_retreat_that_was_ended_goes_on_where_it_was(make_bench):
    bench = make_bench()
    driven = drive(bench)
    assert bench.guard.retreat()
    for _ in range(30):
        bench.tick()
    settle(bench)
    assert bench.guard.reason == "OPERATOR"
    middle = bench.position
    assert distance([driven[0], driven[-1]], middle) > 0.02
    assert bench.guard.retreat()
    back = go(bench)
    np.testing.assert_allclose(back[-1], driven[0], atol=1e-3)
    assert max(distance(driven, place) for place in back) < 0.006


def test_there_is_no_way_back_from_where_nothing_was_driven(make_bench):
    bench = make_bench(armed=False)
    bench.tick()
    answer = bench.guard.retreat()
    assert not answer and "nothing was driven" in answer.message


def test_home_is_reached_slowly_from_anywhere(make_bench):
    bench = make_bench(armed=False, position=HOME + np.array([0.5, 0.1, -0.2, 0.3, 0, 0.2, -1]))
    bench.tick()
    assert bench.guard.home()
    assert (bench.guard.state, bench.guard.reason) == (State.RECOVERY, "HOME")
    way = go(bench)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "HOME")
    np.testing.assert_allclose(way[-1], HOME, atol=1e-3)
    speed = np.abs(np.diff(way, axis=0)).max(axis=1) / T
    assert speed.max() <= SPEED * 1.05
    assert speed[0] <= RecoveryConfig().acceleration * T  # it begins gently
    assert len(way) * T > 1.0 / SPEED


def test_a_way_home_through_the_arm_itself_is_refused_before_it_begins():
    start = HOME + np.array([2.4, 0, 0, 0, 0, 0, 0])
    config = GuardConfig(workspace_lower=(-1.0, -1.0, 0.02), self_distance=0.02)

    def post(position, table_height):
        """How far the tool stays from a post that stands in the way, [m]."""
        tool = FR3.chain.tool_position_in_base(position)[:, :2]
        middle = FR3.chain.tool_position_in_base(HOME + [1.2, 0, 0, 0, 0, 0, 0])[:2]
        return float(np.linalg.norm(tool - middle, axis=1).min() - 0.05)

    for way, word in ((clearance, ""), (post, "SELF_COLLISION")):
        guard = Guard(SPEC, FR3.chain, config, way)
        guard.start(seen(0.0, start))
        answer = guard.home()
        assert word in answer.message and bool(answer) != bool(word)
    assert "straight way" in answer.message and guard.state is State.HOLD


@pytest.mark.parametrize("motion", ["retreat", "home"])
@pytest.mark.parametrize(
    ("ends", "state"),
    [("hold", "HOLD OPERATOR"), ("stop", "ESTOP ESTOP"), ("fault", "INACTIVE joint_reflex")],
)
def test_hold_stop_and_reflex_end_it_at_once(make_bench, motion, ends, state):
    bench = make_bench()
    drive(bench)
    assert getattr(bench.guard, motion)()
    for _ in range(20):
        bench.tick()
    assert np.abs(bench.velocity).max() > 0.5 * SPEED
    getattr(bench.guard, ends)(*(["joint_reflex"] if ends == "fault" else []))
    _, commanded = bench.tick()
    assert not commanded.velocity[1].any()  # slow enough to stop within a period
    assert f"{bench.guard.state.name} {bench.guard.reason}" == state
    at = bench.position
    bench.tick()
    np.testing.assert_array_equal(bench.position, at)


def test_commands_do_not_count_meanwhile(make_bench):
    silent, spoken = make_bench(), make_bench()
    for bench in (silent, spoken):
        drive(bench)
        assert bench.guard.retreat()
    for _ in range(30):
        silent.tick()
        _, commanded = spoken.tick(spoken.ask(0.1))
        assert commanded.altered and commanded.reason == "RETREAT"
    np.testing.assert_array_equal(silent.position, spoken.position)


@pytest.mark.parametrize("motion", ["retreat", "home"])
def test_it_begins_only_in_hold_and_at_rest(make_bench, motion):
    bench = make_bench()
    bench.run(velocity=0.2 * np.eye(7)[6], periods=4)
    assert "hold first" in getattr(bench.guard, motion)().message
    bench.guard.hold()
    assert "braking" in getattr(bench.guard, motion)().message
    settle(bench)
    bench.guard.stop()
    assert "recover first" in getattr(bench.guard, motion)().message
    assert bench.guard.recover()
    assert getattr(bench.guard, motion)()
    assert "already" in getattr(bench.guard, motion)().message
    assert "already" in bench.guard.arm().message


def test_touch_ends_it(make_bench):
    bench = make_bench()
    drive(bench)
    assert bench.guard.retreat()
    bench.tick()
    bench.tick(external_torque=40.0 * np.eye(7)[0])
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "EXTERNAL_TORQUE")


def test_where_something_is_in_the_way_it_gives_up_and_says_what(make_bench):
    bench = make_bench(GuardConfig(lead_limit=(0.05,) * 7))
    bench.guard.hold()
    bench.tick()
    away = HOME + 0.5 * np.eye(7)[6]
    bench = make_bench(GuardConfig(lead_limit=(0.05,) * 7), armed=False, position=away)
    bench.tick()
    assert bench.guard.home()
    periods = 0
    while bench.guard.state is State.RECOVERY:
        bench.tick(measured=away)  # the robot is blocked
        periods += 1
        assert periods < 200
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "LEAD")
    assert np.abs(bench.position - away).max() <= 0.05 * (1 + 1e-6)


def test_after_a_restart_where_the_robot_stands_the_way_back_does_not_press_on(make_bench):
    """A reflex leaves the robot behind its reference: the path begins at the robot."""
    bench = make_bench()
    driven = drive(bench)
    behind = driven[-10]
    bench.guard.fault("joint_reflex")
    bench.guard.start(seen(bench.stamp, behind))
    bench.position, bench.velocity = behind, np.zeros(7)
    assert bench.guard.recover() and bench.guard.state is State.HOLD
    bench.tick()
    assert bench.guard.retreat()
    back = go(bench)
    assert max(distance(driven[:-9], place) for place in back) < 0.004
    assert distance(back, driven[-1]) >= distance([behind], driven[-1])
    np.testing.assert_allclose(back[-1], driven[0], atol=1e-3)


def test_recover_is_refused_until_a_person_acknowledges(make_bench):
    bench = make_bench()
    bench.guard = Guard(SPEC, FR3.chain, recovery=RecoveryConfig(reflex_limit=2))
    bench.tick()
    for _ in range(2):
        bench.guard.fault("joint_reflex")
        refused = bench.guard.recover()
    assert not refused and "acknowledge" in refused.message
    bench.guard.stop()  # does not help
    assert not bench.guard.recover()
    assert bench.guard.acknowledge() and not bench.guard.acknowledge()
    assert bench.guard.state is State.ESTOP
    assert bench.guard.recover() and bench.guard.state is State.HOLD


def test_letting_go_is_not_ended_by_the_touch_that_it_ends(make_bench):
    bench = make_bench().run(velocity=0.0)
    pressed, torque = bench.position - 0.1, 40.0 * np.eye(7)[0]
    bench.tick(measured=pressed, external_torque=torque)
    assert bench.guard.reason == "EXTERNAL_TORQUE" and bench.guard.recover()
    while bench.guard.state is State.RECOVERY:
        assert bench.guard.reason == "LET_GO"
        bench.tick(measured=pressed, external_torque=torque)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "LET_GO")
    np.testing.assert_allclose(bench.position, pressed, atol=1e-6)


def test_there_is_no_way_back_for_a_robot_that_was_guided_elsewhere(make_bench):
    bench = make_bench()
    drive(bench)
    bench.guard.start(seen(bench.stamp, HOME + 0.5 * np.eye(7)[6]))
    bench.tick(measured=HOME + 0.5 * np.eye(7)[6])
    answer = bench.guard.retreat()
    assert not answer and "nothing was driven" in answer.message


def test_in_contact_the_way_home_is_no_faster_than_any_other(make_bench):
    away = HOME + 0.8 * np.eye(7)[6]
    speeds = {}
    for torque in (0.0, 7.0):  # of joint 7, of which 6 Nm are contact
        bench = make_bench(armed=False, position=away)
        bench.guard = Guard(SPEC, FR3.chain, recovery=RecoveryConfig(speed=0.6, acceleration=2.0))
        bench.tick()
        assert bench.guard.home()
        speeds[torque] = 0.0
        for _ in range(40):
            bench.tick(external_torque=torque * np.eye(7)[6])
            speeds[torque] = max(speeds[torque], np.abs(bench.velocity).max())
    limit = bench.guard.config.contact_speed
    assert speeds[7.0] <= limit < 0.5 < speeds[0.0]
