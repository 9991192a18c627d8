"""The demo from its command to its page, through the real nodes."""

from __future__ import annotations

import pytest

from robot_meta.benchmarks import demo
from robot_meta.benchmarks.arm_payload.scenes import scene
from robot_meta.benchmarks.arm_payload.via_launch import BRIEF


@pytest.mark.ros
@pytest.mark.sim
def test_the_demo_prints_one_table_and_writes_a_page_that_needs_nothing_else(
    untrained_models, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(demo, "Timing", lambda: BRIEF)
    argv = ["--no-view", "--scenes", "weak", "--models", str(untrained_models)]
    assert demo.main([*argv, "--out", str(tmp_path)]) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("weak")]
    assert [line.split()[1] for line in table] == ["adapted", "static"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2  # the scene and the tick times
    assert "http" not in page and "src='data:" in page
    assert "joint_gain</code> (twin only" in page
    assert "<code>payload_mass</code>" in page


def test_what_no_hand_can_do_to_an_arm_is_known_as_such():
    marks = {name: scene("test", name, 0).twin_only for name in ("payload", "weak", "dead")}
    assert marks == {"payload": False, "weak": True, "dead": True}
