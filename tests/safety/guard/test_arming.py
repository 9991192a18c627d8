"""Who may do what, when; settings; and what is counted."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import velocity_step
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.state import State

SPEC = FR3.spec
HOME = FR3.spec.home
STEP = velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP


def test_it_begins_in_hold_and_ignores_commands_until_armed(make_bench):
    bench = make_bench(armed=False)
    bench.tick()
    _, commanded = bench.tick(bench.ask(SLOW))
    assert (bench.guard.state, commanded.reason) == (State.HOLD, "START")
    np.testing.assert_array_equal(bench.position, HOME)


def test_a_stop_brakes_is_latched_and_keeps_its_first_reason(make_bench):
    bench = make_bench().run()
    bench.guard.stop("ESTOP")
    bench.guard.stop("HEARTBEAT_LOST")
    bench.guard.hold("OPERATOR")
    assert not bench.guard.arm()
    assert (bench.guard.state, bench.guard.reason) == (State.ESTOP, "ESTOP")
    assert bench.freezes()
    assert bench.guard.recover() and bench.guard.state is State.HOLD
    assert bench.guard.arm()


def test_it_does_not_arm_while_it_still_brakes(make_bench):
    bench = make_bench().run(velocity=SLOW * np.eye(7)[6], periods=1)
    bench.guard.hold()
    assert "braking" in bench.guard.arm().message


@pytest.mark.parametrize(
    ("position", "word"),
    [
        (HOME + 3.0 * np.eye(7)[0], "fr3_joint1"),
        (HOME + 2.0 * np.eye(7)[0], "WORKSPACE"),
    ],
)
def test_it_does_not_arm_where_it_must_not_be_and_says_what_to_do(make_bench, position, word):
    answer = make_bench(armed=False, position=position).guard.arm()
    assert not answer and word in answer.message and "guide" in answer.message


def test_limits_are_read_only_while_armed(make_bench):
    bench = make_bench()
    with pytest.raises(ValueError, match="read-only"):
        bench.guard.configure(GuardConfig(tool_speed=0.1))
    bench.guard.hold()
    bench.guard.configure(GuardConfig(tool_speed=0.1))
    assert bench.guard.config.tool_speed == 0.1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tool_speed": 0.0},
        {"tool_speed": float("nan")},
        {"workspace_lower": (0.0, 0.0)},
        {"workspace_lower": (1.0, 0.0, 0.0)},
        {"lead_limit": (0.1, -0.1)},
        {"max_command_age": 0},
        {"position_gain": 2.0},
        {"table_height": 5.0},
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GuardConfig(**wrong)


def test_settings_for_another_number_of_joints_are_refused():
    with pytest.raises(ValueError, match="lead_limit must have 7 values"):
        Guard(SPEC, FR3.chain, GuardConfig(lead_limit=(0.1,) * 6))


def test_the_share_of_altered_periods_is_counted_from_the_first_command_on(make_bench):
    bench = make_bench()
    for _ in range(3):
        bench.tick()
    for _ in range(9):
        bench.tick(bench.ask(SLOW / 3))
    bench.tick()
    assert bench.guard.altered_share == pytest.approx(0.1)
    assert bench.guard.counts == {"NO_COMMAND": 1}
