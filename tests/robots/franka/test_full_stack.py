"""The launch file on the enforcing server: nodes, guard, driver process, libfranka, no reflex."""

from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from robot_meta.benchmarks.franka import server as servers  # noqa: E402
from robot_meta.benchmarks.franka.judge import figures, judge_of, streams_of, worst  # noqa: E402
from robot_meta.benchmarks.franka.stack import follow_path  # noqa: E402
from robot_meta.collection.decoding import commanded_from  # noqa: E402

pytestmark = [pytest.mark.franka, pytest.mark.ros, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
SECONDS = 10.0
WATCHDOG = 2.0  # a busy machine stops healthy processes; another test is about the watchdog


@pytest.fixture(scope="module")
def run(franka_servers, tmp_path_factory):
    franka_servers.stop()  # it may stand anywhere
    franka_servers.require(str(ROOT / servers.PYTHON), "make setup-franka-sim")
    franka_servers.start(servers.one_clock(ROOT / servers.PYTHON))
    return follow_path(tmp_path_factory.mktemp("stack"), SECONDS, watchdog=WATCHDOG)


def test_the_arm_moves_without_a_reflex(run):
    result = figures(run)
    assert result["reflexes"] == 0, run.states
    assert result["moving_periods"] > 20
    assert result["moving_success_rate"] > 0.9
    assert result["torn"] == 0


def test_the_reference_of_the_whole_run_keeps_every_limit(run):
    names = run.description.spec.joint_names
    commanded = [commanded_from(msg, names) for _, msg, _ in run.reader.messages(["/commanded"])]
    judge = judge_of(run.description)
    for stream in streams_of(run.description, commanded):
        assert not (broken := judge.violations(stream)), worst(broken)


def test_the_judge_would_see_a_limit_that_is_broken(run):
    names = run.description.spec.joint_names
    commanded = [commanded_from(msg, names) for _, msg, _ in run.reader.messages(["/commanded"])]
    longest = max(streams_of(run.description, commanded), key=len)
    assert judge_of(run.description).violations(1.5 * longest)
