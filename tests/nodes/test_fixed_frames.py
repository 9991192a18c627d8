"""What is fixed where: the file, and the desk's own camera."""

from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PoseStamped  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.fixed_frames import FIXED_CAMERA, FixedFramesConfig  # noqa: E402
from robot_meta.nodes.images import pose_from  # noqa: E402
from robot_meta.perception.poses import angle, distance  # noqa: E402
from robot_meta.resources import resource  # noqa: E402
from robot_meta.twin.desk.layout import desk_eye, desk_layout, draw_layout  # noqa: E402

DESK_FRAMES = str(resource("config/desk_frames.yaml"))


def camera(seed, scene="desk", frames_file=DESK_FRAMES):
    config = FixedFramesConfig(scene=scene, desk_seed=seed, frames_file=frames_file)
    return config.tree().place(FIXED_CAMERA)[1]


@pytest.mark.parametrize("seed", [-1, 0, 4])
def test_the_frame_of_the_fixed_camera_is_where_that_desk_has_its_camera(seed):
    eye = desk_eye(desk_layout(seed))
    assert distance(camera(seed), eye) < 1e-9 and angle(camera(seed), eye) < 1e-6
    assert (distance(camera(seed), camera(-1)) > 0.01) is (seed >= 0)


def test_a_bought_camera_is_where_the_file_says():
    assert distance(camera(4, scene="table"), camera(-1)) < 1e-9


def test_what_the_tool_carries_stays_where_it_is_and_a_file_without_a_fixed_camera_is_fine(
    tmp_path,
):
    wrist = "wrist_camera_color_optical_frame"
    trees = [
        FixedFramesConfig(scene="desk", desk_seed=seed, frames_file=DESK_FRAMES).tree()
        for seed in (-1, 4)
    ]
    assert distance(*(tree.place(wrist)[1] for tree in trees)) == 0.0
    bare = tmp_path / "bare.yaml"
    bare.write_text("root: base\ntransforms: {}\n")
    assert FixedFramesConfig(scene="desk", frames_file=str(bare)).tree().transforms == []


def test_an_unknown_scene_is_said():
    with pytest.raises(ValueError, match="scene must be one of"):
        FixedFramesConfig(scene="kitchen")


@pytest.mark.ros
@pytest.mark.skipif(find_spec("tf2_msgs") is not None, reason="tf2_msgs is here: see /tf_static")
def test_the_frame_that_is_published_is_that_of_the_desk_that_is_seen(processes, client):
    processes.node("frames_node", scene="desk", desk_seed=4, frames_file=DESK_FRAMES)
    names = ("camera_link", FIXED_CAMERA)
    heard = [client.hear(PoseStamped, f"frames/{name}", qos.latched()) for name in names]
    client.spin_until(lambda: all(heard), what="the frames")
    link, inside = (pose_from(msgs[0].pose) for msgs in heard)
    eye = desk_eye(draw_layout(4))
    np.testing.assert_allclose((link @ inside).position, eye.position, atol=1e-9)
    assert angle(link @ inside, eye) < 1e-6
