"""`robot-meta calibrate hand-eye` beside a camera node, while somebody moves the arm."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.perception.frames import load_frames  # noqa: E402
from robot_meta.perception.poses import angle, distance  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros
HOME = arm_description("fr3").spec.home
COMMAND = "import sys; from robot_meta.cli.main import main; sys.exit(main())"
TRUE = """
root: base
transforms:
  camera_link: {parent: tool, position: [0.06, 0.01, -0.05], quat_xyzw: [0.5, -0.5, 0.5, 0.5]}
  camera_color_optical_frame: {parent: camera_link, position: [0.0, 0.015, 0.0],
                               quat_xyzw: [-0.5, 0.5, -0.5, 0.5]}
  tag_0: {parent: base, position: [0.42, 0.0, 0.001], quat_xyzw: [0, 0, 0, 1]}
"""


@pytest.mark.sim
def test_the_camera_on_the_tool_is_found_and_written_as_frames(processes, client, arm, tmp_path):
    true, believed, out = (tmp_path / name for name in ("true.yaml", "old.yaml", "out.yaml"))
    true.write_text(TRUE)
    believed.write_text(TRUE.replace("[0.06, 0.01, -0.05]", "[0.0, 0.0, 0.0]"))
    processes.node("camera_node", source="twin", fps=10, timeout=60.0, frames_file=true)
    command = processes.python(
        "-c", COMMAND, "calibrate", "hand-eye", "--mount", "tool", "--pairs", "8",
        "--frames", believed, "--out", out, "--save", tmp_path / "pairs.json",
        name="calibrate",
    )  # fmt: skip
    rng, spread = np.random.default_rng(0), np.array([0.15, 0.15, 0.15, 0.15, 0.3, 0.25, 0.5])

    def pairs():
        return command.log.read_text().count("of 8\n")

    def rest_until_taken():
        before, given_up = pairs(), arm.stamp + 2.5

        def over():
            return pairs() > before or arm.stamp > given_up or command.poll() is not None

        arm.until(over, "a pair", pause_s=0.01)

    while command.poll() is None:
        arm.position = HOME + rng.uniform(-1.0, 1.0, 7) * spread
        rest_until_taken()
    assert command.returncode == 0, command.log.read_text()
    assert "the pairs agree to" in command.log.read_text()
    (carrier, found), (_, wanted) = (
        load_frames(path).place("camera_color_optical_frame") for path in (out, true)
    )
    assert carrier == "tool"
    assert distance(found, wanted) <= 0.003
    assert angle(found, wanted) <= np.radians(0.5)

    again = processes.python(
        "-c", COMMAND, "calibrate", "hand-eye", "--from", tmp_path / "pairs.json", name="again"
    )
    assert again.wait(timeout=120) == 0
    report = command.log.read_text().split("camera_color_optical_frame in tool")[1]
    assert again.log.read_text().split("in tool")[1].splitlines()[1] == report.splitlines()[1]


def test_without_robot_and_camera_it_says_what_is_missing(processes):
    command = processes.python("-c", COMMAND, "calibrate", "hand-eye", "--timeout", "1")
    assert command.wait(timeout=120) == 15
    (line,) = command.log.read_text().splitlines()
    assert "no new pair within 1 s, 0 so far" in line
    assert "tool_pose, camera/color/image_raw, tag 0" in line
