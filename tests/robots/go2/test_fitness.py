"""Whether a Go2 is fit to walk: asked by the doctor before, and by the driver when it is armed."""

import pytest

from robot_meta.cli import doctor

pytestmark = pytest.mark.go2


def doctor_of(server, capsys, monkeypatch):
    """Exit code of the doctor, and its lines by name."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    asked = ["--robot", "go2", "--interface", "lo", "--domain", str(server.domain)]
    code = doctor.main(asked, [])
    lines = capsys.readouterr().out.splitlines()[:-1]
    return code, {line.split()[1]: line for line in lines if line[0] != " "}


def test_the_doctor_hears_a_robot_that_is_fit_and_names_what_is_not(
    go2_server, capsys, monkeypatch
):
    go2_server.calm_down()
    before = go2_server.report()["requests"]
    code, rows = doctor_of(go2_server, capsys, monkeypatch)
    assert code == 0, rows
    assert rows["robot"].startswith("OK") and "rt/lowstate" in rows["robot"]
    for words in (("battery", 0.05, 23.0), ("heat", 3, 90), ("remote", "off"), ("service",)):
        go2_server.say(*words)
    try:
        code, rows = doctor_of(go2_server, capsys, monkeypatch)
    finally:
        go2_server.say("service", "normal")
        go2_server.calm_down()
    assert code == 1
    for row in ("sport", "battery", "motors", "remote"):
        assert rows[row].startswith("FAIL"), rows[row]
    assert go2_server.report()["requests"] == before, "looking at a robot asks nothing of it"


def test_a_robot_that_lost_its_motion_service_or_its_remote_is_not_armed(open_go2, go2_server):
    with open_go2() as robot:
        assert robot.unfit() == ""
        go2_server.say("remote", "off")
        begin = robot.time
        while robot.time < begin + 0.5:
            robot.observe()
        assert "remote" in robot.unfit()
        go2_server.say("service")
        try:
            assert "no motion service runs" in robot.unfit()
        finally:
            go2_server.say("service", "normal")
            go2_server.calm_down()
