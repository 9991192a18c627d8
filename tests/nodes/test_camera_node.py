"""The camera, its frames and what is seen through it, as processes."""

import array

import numpy as np
import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import PoseArray, PoseStamped  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, JointState  # noqa: E402

from robot_meta.collection.cartesian import CartesianAction  # noqa: E402
from robot_meta.collection.decoding import stamp_from  # noqa: E402
from robot_meta.kinematics import quat_xyzw_from_rotation  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.images import (  # noqa: E402
    camera_info_msg,
    color_from,
    image_msg,
    intrinsics_from,
    pose_from,
)
from robot_meta.perception.camera import Intrinsics  # noqa: E402
from robot_meta.perception.frames import load_frames  # noqa: E402
from robot_meta.perception.poses import angle, distance  # noqa: E402
from robot_meta.resources import resource  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

FR3 = arm_description("fr3")
SMALL = {"width": 320, "height": 240, "timeout": 60.0}


def test_a_picture_is_the_same_after_the_messages():
    picture = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    msg = image_msg(1.5, "camera", picture)
    np.testing.assert_array_equal(color_from(msg), picture)
    assert (msg.encoding, msg.step, msg.header.frame_id) == ("rgb8", 48, "camera")
    msg.encoding = "bgr8"
    np.testing.assert_array_equal(color_from(msg), picture[..., ::-1])
    msg.encoding = "mono8"
    with pytest.raises(ValueError, match="want a picture as rgb8 or bgr8, got 'mono8'"):
        color_from(msg)
    msg.encoding, msg.data = "rgb8", array.array("B", bytes(7))
    with pytest.raises(ValueError, match="got 7 bytes"):
        color_from(msg)


def test_intrinsics_are_the_same_after_the_messages():
    lens = Intrinsics(
        width=640, height=480, focal=(610.5, 611.0), center=(318.0, 243.5),
        distortion=(0.1, -0.2, 0.001, 0.002, 0.05),
    )  # fmt: skip
    msg = camera_info_msg(1.0, "camera", lens)
    assert intrinsics_from(msg) == lens
    np.testing.assert_allclose(np.reshape(msg.p, (3, 4))[:, :3], lens.matrix)
    msg.distortion_model = "equidistant"
    with pytest.raises(ValueError, match="want distortion model 'plumb_bob'"):
        intrinsics_from(msg)
    with pytest.raises(ValueError, match="not calibrated"):
        intrinsics_from(CameraInfo())


@pytest.mark.ros
@pytest.mark.sim
def test_the_twin_is_seen_in_colour_and_depth_with_its_stamps(processes, client, arm):
    color = client.hear(Image, "left/camera/color/image_raw")
    depth = client.hear(Image, "left/camera/aligned_depth_to_color/image_raw")
    infos = client.hear(CameraInfo, "left/camera/color/camera_info")
    rows = client.hear(DiagnosticArray, "/diagnostics")
    processes.node(
        "camera_node", namespace="/left", source="twin",
        ros_args=["-r", "joint_states:=/joint_states"], **SMALL,
    )  # fmt: skip
    arm.until(lambda: len(color) > 3 and len(depth) > 3 and infos, "pictures of the twin")
    before = color[-1]
    assert before.header.frame_id == "camera_color_optical_frame"
    assert {stamp_from(m.header.stamp) for m in color} & {
        stamp_from(m.header.stamp) for m in depth
    }
    assert 10.0 < stamp_from(before.header.stamp) <= arm.stamp
    assert (before.width, before.height, before.encoding) == (320, 240, "rgb8")
    assert (depth[-1].encoding, len(depth[-1].data)) == ("16UC1", 320 * 240 * 2)
    millimetres = np.frombuffer(depth[-1].data, np.uint16)
    assert 300 < np.median(millimetres[millimetres > 0]) < 3000
    assert intrinsics_from(infos[0]).width == 320

    arm.position = FR3.spec.home + np.array([0.5, 0, 0, 0, 0, 0, 0])
    moved = arm.stamp + 0.01
    arm.until(lambda: stamp_from(color[-1].header.stamp) > moved, "a later picture")
    assert (color_from(color[-1]).astype(int) - color_from(before)).any()

    def told():
        found = {row.name: row for msg in rows for row in msg.status}.get("/left/camera: twin")
        values = {item.key: int(item.value) for item in found.values} if found else {}
        return values if values.get("frames") else None

    values = arm.until(told, "the camera on diagnostics")
    assert set(values) == {"frames", "dropped", "losses"}
    assert values["losses"] == 0


@pytest.mark.ros
@pytest.mark.sim
def test_a_second_camera_shows_what_is_moved_on_the_desk(processes, client, arm):
    from robot_meta.nodes.scene_topics import scene_msgs
    from robot_meta.twin.desk.state import SCENE
    from robot_meta.twin.posture import PosedModel
    from robot_meta.twin.scenes import SceneConfig

    scene = PosedModel(FR3, SceneConfig(desk=True, layout_seed=4))._furniture.scene
    made = [
        client.node.create_publisher(kind, f"scene/{name}", qos.state())
        for name, kind in (("joint_states", JointState), ("object_poses", PoseArray))
    ]
    color = client.hear(Image, "wrist_camera/color/image_raw")
    processes.node(
        "camera_node", source="twin", scene="desk", desk_seed=4, depth=False,
        camera_name="wrist_camera", frame="wrist_camera_color_optical_frame", **SMALL,
    )  # fmt: skip
    arm.position = CartesianAction(FR3).posture(np.array([0.42, 0.0, 0.15]))
    scene[SCENE.index("red_block_z")] = -0.3  # out of sight, below the desk

    def step_until(condition, what):
        def act():
            for publisher, msg in zip(made, scene_msgs(arm.stamp, scene), strict=True):
                publisher.publish(msg)
            return condition()

        arm.until(act, what)

    def red():
        if not color:
            return -1
        picture = color_from(color[-1]).astype(int)
        return (picture[..., 0] > 2 * picture[..., 1:].max(axis=2)).sum()

    step_until(lambda: red() == 0, "a picture without the block")
    assert color[-1].header.frame_id == "wrist_camera_color_optical_frame"
    for name, value in (("x", 0.42), ("y", 0.0), ("z", 0.022)):
        scene[SCENE.index(f"red_block_{name}")] = value
    step_until(lambda: red() > 500, "the block under the hand")


@pytest.mark.ros
def test_a_camera_that_is_not_plugged_in_is_told_and_waited_for(processes, client):
    pytest.importorskip("pyrealsense2")
    rows = client.hear(DiagnosticArray, "/diagnostics")
    node = processes.node("camera_node", serial="'000'", retry=0.1)

    def told():
        found = [row for msg in rows for row in msg.status if row.name == "/camera: realsense"]
        return found and "no RealSense camera 000 is plugged in" in found[-1].message

    client.spin_until(told, what="word of the missing camera")
    assert node.poll() is None


@pytest.mark.ros
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"source": "webcam"}, ["'realsense' or 'twin'", "webcam"]),
        ({"source": "twin", "camera_name": "a/b"}, ["camera_name", "'a/b'"]),
        ({"source": "twin", "scene": "sofa"}, ["'table', 'desk'", "sofa"]),
        ({"source": "twin", "frame": "eye"}, ["no frame 'eye'", "camera_link"]),
        ({"source": "twin", "hole_filling": "all"}, ["hole_filling", "nearest"]),
        ({"source": "twin", "frames_file": "nowhere.yaml"}, ["nowhere.yaml"]),
    ],
)
def test_a_camera_that_cannot_be_is_one_line(processes, parameters, words):
    node = processes.node("camera_node", **parameters)
    assert node.wait(timeout=120) == 20
    (line,) = node.log.read_text().splitlines()
    assert all(word in line for word in words)


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.parametrize("carried", [False, True])
def test_tags_are_where_they_lie_in_the_base_and_nowhere_when_out_of_sight(
    processes, client, arm, tmp_path, carried
):
    frames = tmp_path / "frames.yaml"
    text = resource("config/frames.yaml").read_text()
    if carried:  # beside the tool, looking along it
        link, rest = text.split("  camera_color_optical_frame")
        head = link.split("  camera_link")[0]
        text = (
            f"{head}  camera_color_optical_frame: {{parent: tool, position: [0.06, 0, -0.02], "
            "quat_xyzw: [0, 0, 0, 1]}\n  tag_0" + rest.split("  tag_0")[1]
        )
        arm.position = FR3.spec.home + np.array([0.4, 0, 0, 0, 0, 0, 0])  # over the tag
    frames.write_text(text)
    tree = load_frames(frames)
    _, place = tree.place("tag_0")
    heard = client.hear(PoseArray, "object_poses")
    common = {"frames_file": frames}
    processes.node("objects_node", tags__ids="[7, 0]", max_age=0.2, **common)
    processes.node("camera_node", source="twin", fps=10, timeout=60.0, **common)

    def seen():
        return heard and np.isfinite(heard[-1].poses[1].position.x)

    arm.until(seen, "the tag")
    msg = heard[-1]
    assert msg.header.frame_id == "base"
    assert np.isnan(msg.poses[0].position.x), "tag 7 is not there"
    found = pose_from(msg.poses[1])
    assert distance(found, place) <= 0.005
    assert angle(found, place) <= np.radians(2.0)


@pytest.mark.ros
def test_what_is_fixed_is_told_to_latecomers_with_unit_quaternions(processes, client):
    pytest.importorskip("geometry_msgs")
    try:
        import tf2_msgs.msg  # noqa: F401

        pytest.skip("tf2_msgs is here: the frames are on /tf_static")
    except ModuleNotFoundError:
        pass
    processes.node("frames_node")
    tree = load_frames(resource("config/frames.yaml"))
    heard = {
        t.child: client.hear(PoseStamped, f"frames/{t.child}", qos.latched())
        for t in tree.transforms
    }
    client.spin_until(lambda: all(heard.values()), what="all frames")
    for transform in tree.transforms:
        (msg,) = heard[transform.child]
        assert msg.header.frame_id == transform.parent
        turn = msg.pose.orientation
        assert np.linalg.norm([turn.x, turn.y, turn.z, turn.w]) == pytest.approx(1.0)
        np.testing.assert_allclose(
            pose_from(msg.pose).quat_xyzw,
            quat_xyzw_from_rotation(transform.pose.rotation),
            atol=1e-9,
        )


@pytest.mark.ros
def test_a_transform_for_tf_says_the_same_as_the_pose_that_stands_in_for_it():
    pytest.importorskip("geometry_msgs")
    from robot_meta.nodes.frames_node import transform_msg

    for transform in load_frames(resource("config/frames.yaml")).transforms:
        msg = transform_msg(12.5, transform)
        stamp = msg.header.stamp
        assert (msg.header.frame_id, msg.child_frame_id) == (transform.parent, transform.child)
        assert stamp.sec + 1e-9 * stamp.nanosec == 12.5
        shift, turn = msg.transform.translation, msg.transform.rotation
        np.testing.assert_allclose([shift.x, shift.y, shift.z], transform.pose.position)
        np.testing.assert_allclose(
            [turn.x, turn.y, turn.z, turn.w], transform.pose.quat_xyzw, atol=1e-12
        )
