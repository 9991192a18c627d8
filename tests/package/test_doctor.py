import os
import sys

import pytest

from robot_meta.cli import doctor
from robot_meta.errors import MissingAsset
from robot_meta.preflight import finding, go2, machine, ros
from robot_meta.preflight.finding import FAIL, OK, WARN, Finding
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.inspection import Go2Facts
from robot_meta.safety.walking import WalkingGuardConfig


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for variable in [name for name in os.environ if name.startswith(("ROS_", "RMW_"))]:
        monkeypatch.delenv(variable)


@pytest.mark.parametrize(
    ("levels", "code"), [((OK, OK), 0), ((OK, WARN), 0), ((WARN, FAIL, OK), 1), ((FAIL,), 1)]
)
def test_only_a_failure_fails(levels, code, capsys):
    checks = [lambda level=level: Finding(level, "x", "text", "remedy") for level in levels]
    assert doctor.main([], checks) == code
    assert f"{levels.count(levels[0])} {levels[0]}" in capsys.readouterr().out.splitlines()[-1]


def test_the_remedy_stands_under_its_line(capsys):
    doctor.main([], [lambda: Finding(WARN, "network", "open", "export A=1")])
    assert capsys.readouterr().out.splitlines()[:2] == [
        "WARN network    open",
        "                -> export A=1",
    ]


def test_an_unknown_argument_is_refused():
    with pytest.raises(SystemExit) as ended:
        doctor.main(["--verbose"], [])
    assert ended.value.code == 2


def test_this_machine_has_what_the_tests_need():
    for check in (machine.python, ros.rclpy, machine.model_data):
        assert check().level == OK, check()
    assert machine.torch().level in (OK, WARN)


@pytest.mark.parametrize(
    ("variables", "level", "said"),
    [
        ({}, WARN, "every machine in this subnet"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, OK, "stay on this machine"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "off"}, OK, "stay on this machine"),
        ({"ROS_LOCALHOST_ONLY": "1"}, OK, "stay on this machine"),
        ({"ROS_LOCALHOST_ONLY": "1", "ROS_STATIC_PEERS": "10.0.0.7"}, WARN, "10.0.0.7"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "HOST"}, FAIL, "none of SUBNET"),
        ({"ROS_SECURITY_ENABLE": "true"}, WARN, "falls back"),
        ({"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce"}, OK, "enforced"),
    ],
)
def test_the_network_line_says_who_can_command_the_robot(monkeypatch, variables, level, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = ros.network()
    assert found.level == level
    assert said in found.text
    assert bool(found.remedy) == (level != OK)


@pytest.mark.parametrize(
    ("value", "level"), [("", OK), ("7", OK), ("150", WARN), ("233", FAIL), ("one", FAIL)]
)
def test_a_domain_is_a_number_that_dds_can_use(monkeypatch, value, level):
    monkeypatch.setenv("ROS_DOMAIN_ID", value)
    assert ros.domain().level == level


def test_security_that_the_middleware_cannot_give_is_a_failure(monkeypatch):
    monkeypatch.setenv("ROS_SECURITY_ENABLE", "true")
    monkeypatch.setenv("ROS_SECURITY_STRATEGY", "Enforce")
    monkeypatch.setenv("ROS_SECURITY_KEYSTORE", "/nonexistent")
    found = ros.rclpy()
    assert found.level == FAIL
    assert "security" in found.remedy


def test_an_unknown_middleware_is_a_failure_with_its_remedy(monkeypatch):
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_of_nobody")
    found = ros.rclpy()
    assert found.level == FAIL
    assert "RMW_IMPLEMENTATION" in found.remedy


def test_a_missing_opengl_library_becomes_the_command_that_installs_it(monkeypatch):
    # What PyOpenGL raises when libEGL.so.1 is absent.
    trouble = "AttributeError: 'NoneType' object has no attribute 'eglQueryString'"
    monkeypatch.setattr(machine, "RENDER_PROBE", f"raise SystemExit({trouble!r})")
    found = machine.rendering()
    assert found.level == WARN
    assert found.remedy.startswith("sudo apt-get install")


def test_a_damaged_model_is_named(monkeypatch, tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}")
    monkeypatch.setattr(machine, "resource", lambda name: tmp_path)
    found = machine.weights()
    assert found.level == FAIL
    assert "broken.safetensors" in found.text


def test_no_models_at_all_is_a_failure_with_the_command_that_trains_one(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "resource", lambda name: tmp_path)
    assert machine.weights().remedy.startswith("robot-meta train dynamics")

    def absent(name):
        raise MissingAsset(name, "make setup")

    monkeypatch.setattr(machine, "resource", absent)
    assert machine.weights().remedy.startswith("robot-meta train dynamics")


@pytest.mark.parametrize(("free", "level"), [(9e9, OK), (2e9, WARN), (1e8, FAIL)])
def test_a_disk_that_fills_up_is_seen_before_it_is_full(monkeypatch, free, level):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: usage)
    assert machine.disk().level == level


def test_a_library_that_hangs_or_crashes_takes_only_its_probe_along():
    hung = finding.probe("import time; time.sleep(60)", timeout_s=0.3)
    assert not hung.ok
    assert "no answer" in hung.trouble
    crashed = finding.probe("import os; os.abort()")
    assert not crashed.ok
    assert "code -6" in crashed.trouble
    assert finding.probe("print('a'); print('b')").answer == "b"


def test_a_python_outside_the_range_is_a_failure(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert machine.python().level == FAIL


FIT = {
    "service": "normal", "mode": 1, "charge": 0.8, "voltage": 29.0, "hottest": 40.0,
    "remote": True, "version": (1, 2),
}  # fmt: skip
GUARD, ON_LO = WalkingGuardConfig(), Go2Config(interface="lo", domain=3)


@pytest.mark.parametrize(
    ("row", "changed", "level", "said"),
    [
        ("robot", {}, OK, "rt/lowstate comes on 'lo', DDS domain 3"),
        ("robot", {"trouble": "nothing came"}, FAIL, "not heard on 'lo'"),
        ("robot", {"other_robot": "FR_calf_joint is measured at 3 rad"}, FAIL, "FR_calf_joint"),
        ("firmware", {}, OK, "1.2"),
        ("firmware", {"version": (0, 0)}, WARN, "no version"),
        ("firmware", {"mode": None}, FAIL, "nothing comes on rt/sportmodestate"),
        ("sport", {}, OK, "'normal' runs"),
        ("sport", {"mode": 7}, WARN, "lies"),
        ("sport", {"service": ""}, FAIL, "released"),
        ("sport", {"service": None}, FAIL, "no answer"),
        ("battery", {}, OK, "80%"),
        ("battery", {"charge": 0.2}, WARN, "20%"),
        ("battery", {"charge": 0.05}, FAIL, "the guard holds"),
        ("battery", {"voltage": 23.0}, FAIL, "23.0 V"),
        ("motors", {}, OK, "40 °C"),
        ("motors", {"hottest": 75.0}, WARN, "75 °C"),
        ("motors", {"hottest": 90.0}, FAIL, "the guard holds"),
        ("remote", {}, OK, "L2+B"),
        ("remote", {"remote": False}, FAIL, "nobody can damp"),
    ],
)
def test_what_a_go2_tells_is_judged_by_the_limits_of_its_guard(row, changed, level, said):
    facts = Go2Facts(**{**FIT, **changed})
    judges = {
        "robot": lambda: go2.robot(facts, ON_LO),
        "firmware": lambda: go2.firmware(facts),
        "sport": lambda: go2.sport(facts),
        "battery": lambda: go2.battery(facts, GUARD),
        "motors": lambda: go2.motors(facts, GUARD),
        "remote": lambda: go2.remote(facts),
    }
    found = judges[row]()
    assert (found.level, found.name) == (level, row)
    assert said in found.text
    assert bool(found.remedy) == (level != OK)


@pytest.mark.parametrize(
    ("name", "state", "level", "said"),
    [
        ("", "", FAIL, "no --interface"),
        ("eth77", "", FAIL, "no network interface 'eth77'; it has"),
        ("lo", "unknown", WARN, "this machine alone"),
        ("lo", "down", FAIL, "'lo' is down"),
    ],
)
def test_the_interface_of_a_go2_is_looked_at_first(monkeypatch, name, state, level, said):
    monkeypatch.setattr(go2, "word_in", lambda path: state)
    found = go2.interface(name)
    assert found.level == level and said in found.text and found.remedy


def test_where_the_interface_is_wrong_the_robot_is_not_waited_for(monkeypatch, capsys):
    monkeypatch.setattr(go2, "look", lambda *asked: pytest.fail("it was waited for"))
    assert doctor.main(["--robot", "go2", "--interface", "eth77"], []) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line[0] != " "]
    told = {line.split()[1]: line.split()[0] for line in lines[:-1]}
    rows = ("interface", "robot", "firmware", "sport", "battery", "motors", "remote")
    assert {told[row] for row in rows} == {FAIL}


@pytest.mark.sim
def test_home_is_judged_in_the_cell_that_is_there(tmp_path):
    pytest.importorskip("mujoco")
    cell = tmp_path / "cell.yaml"
    box = "{name: box, size: [0.2, 0.2, 0.4], position: [0.31, 0.0, 0.29]}"
    cell.write_text(f"fixtures: [{box}]")
    findings = {}
    for path in ("", str(cell)):
        found = [check() for check in doctor.before("ros2_control", "fr3", "", path)]
        findings[path] = next(finding for finding in found if finding.name == "home")
    assert findings[""].level == OK
    assert findings[str(cell)].level == FAIL
    assert "SELF_COLLISION (hand/left_finger and fixture/box)" in findings[str(cell)].text
