import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.diagnostics import ERROR, OK, WARN  # noqa: E402
from robot_meta.nodes.guard_rows import LOG_ROWS, change_row, guard_row, log_row  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.safety.guard import Guard  # noqa: E402
from robot_meta.safety.life import LifeCycle  # noqa: E402
from robot_meta.safety.recovery import RecoveryConfig  # noqa: E402
from robot_meta.safety.state import Event  # noqa: E402


def values(row):
    return {value.key: value.value for value in row.values}


@pytest.fixture
def life():
    life = LifeCycle(RecoveryConfig())
    life.happens(Event.START, "START", 0.5)
    return life


def test_a_change_says_what_happened_and_what_to_do(life):
    life.happens(Event.ARM, "", 1.0)
    running = change_row("robot: change", life.log[-1])
    assert (running.level, running.message) == (OK, "HOLD -> RUNNING")
    assert values(running) == {"before": "HOLD", "event": "arm", "after": "RUNNING"}
    life.happens(Event.STOP, "ESTOP", 2.0)
    stopped = change_row("robot: change", life.log[-1])
    assert stopped.level == ERROR and "recover" in values(stopped)["remedy"]


def test_the_log_tells_the_newest_changes_first(life):
    for k in range(LOG_ROWS):
        life.happens(Event.ARM, "", float(k))
        life.happens(Event.HOLD, "OPERATOR", float(k))
    told = list(values(log_row("robot: log", life.log)).items())
    assert len(told) == LOG_ROWS
    assert told[0] == (f"{LOG_ROWS - 1:.3f} #{2 * LOG_ROWS + 1}", "RUNNING -> HOLD OPERATOR")


def test_the_row_of_the_guard_has_its_state_and_a_remedy():
    arm = arm_description("fr3")
    row = guard_row("robot: guard", Guard(arm.spec, arm.chain), "BOOT START", 3)
    assert row.level == WARN and row.message.startswith("BOOT START: ")
    assert values(row)["stalls"] == "3" and "arm" in values(row)["remedy"]
