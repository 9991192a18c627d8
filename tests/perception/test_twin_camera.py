"""The twin's camera: geometry of colour and depth, pace, and what it does without a robot."""

import numpy as np
import pytest

from robot_meta.collection.cartesian import CartesianAction
from robot_meta.errors import NotConnected
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.frames import TOOL, load_frames
from robot_meta.perception.poses import Pose, distance
from robot_meta.perception.tags import TagConfig, TagDetector
from robot_meta.resources import resource
from robot_meta.robots.description import arm_description
from robot_meta.twin.camera import TwinCameraConfig
from robot_meta.twin.desk.layout import DeskLayout, desk_eye, draw_layout
from robot_meta.twin.desk.state import SCENE
from robot_meta.twin.posture import PosedModel, Posture
from robot_meta.twin.scenes import SceneConfig, build_arm_model

pytestmark = pytest.mark.sim


def pixel(intrinsics, point):
    """Where a point of the optical frame is seen, (column, row)."""
    x, y, z = intrinsics.matrix @ point
    return x / z, y / z


def test_depth_along_the_axis_and_colour_lie_where_the_intrinsics_say(studio):
    card = Pose(position=np.array([0.12, -0.07, 0.7]), rotation=studio.facing)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ card, size=0.04)])
    table = 1000
    near = frame.depth < 850
    rows, columns = np.nonzero(near)
    column, row = pixel(intrinsics, card.position)
    assert abs(columns.mean() - column) < 0.5 and abs(rows.mean() - row) < 0.5
    edge = intrinsics.focal[0] * 0.05 / 0.7  # of the card, margin included, [px]
    assert abs(np.sqrt(near.sum()) - edge) < 1.0
    assert abs(frame.depth[near].mean() - 700) < 1.0
    assert abs(float(frame.depth[10, 320]) - table) <= 1.0, "depth is not the length of the ray"
    assert (frame.color[near].max(axis=1) < 60).any() and (frame.color[near] > 150).all(1).any()


def test_what_is_too_far_away_has_no_depth(studio):
    sky = studio.look_at([0.5, 0.0, 1.0], [3.0, 0.0, 2.5])
    frame, _ = studio.take(sky)
    assert (frame.depth[:200] == 0).all()


def test_the_arm_is_in_the_picture_where_its_joints_put_it(studio):
    mount = studio.look_at([1.3, 0.0, 0.6], [0.4, 0.0, 0.4])
    home = studio.arm.spec.home
    bare, intrinsics = studio.take(mount, posture=studio.aside)
    for posture in (home, home + [0.4, 0, 0, 0, 0, 0, 0]):
        frame, _ = studio.take(mount, posture=posture)
        tool = studio.arm.chain.tool_position_in_base(posture)
        column, row = pixel(intrinsics, (mount.inverse @ at(tool)).position)
        near = frame.depth[round(row) - 15 : round(row) + 1, round(column) - 4 : round(column) + 5]
        far = bare.depth[round(row) - 15 : round(row) + 1, round(column) - 4 : round(column) + 5]
        reach = 1000 * (mount.inverse @ at(tool)).position[2]
        assert np.abs(near[near > 0].astype(float) - reach).min() < 40
        assert not (np.abs(far[far > 0].astype(float) - reach) < 40).any()


def test_a_camera_on_the_tool_moves_with_it_and_a_held_tag_too(studio):
    home = studio.arm.spec.home
    card = Pose(position=np.array([0.48, 0.0, 0.001]), rotation=np.eye(3))
    mount = Pose(position=np.array([0.05, 0.0, 0.0]), rotation=np.eye(3))
    seen = []
    for posture in (home, home + [0.1, 0, 0, 0, 0, 0.05, 0]):
        origins, rotations = studio.arm.chain.joint_frames_in_base(posture)
        eye = Pose(position=origins[-1], rotation=rotations[-1]) @ mount
        frame, intrinsics = studio.take(mount, [studio.poster(card)], posture, on_tool=True)
        found = TagDetector(TagConfig()).detect(frame.color, intrinsics)[0]
        true = eye.inverse @ card
        assert distance(found, true) < 0.004
        seen.append(found)
    assert distance(*seen) > 0.02

    outside = studio.look_at([1.0, 0.1, 0.25], [0.4, 0.0, 0.5])
    held = Pose(position=np.array([0.03, 0.0, 0.07]), rotation=studio.turn([0, 1, 0], 90))
    origins, rotations = studio.arm.chain.joint_frames_in_base(home)
    true = outside.inverse @ Pose(position=origins[-1], rotation=rotations[-1]) @ held
    frame, intrinsics = studio.take(outside, [studio.poster(held, held=True)], home)
    assert distance(TagDetector(TagConfig()).detect(frame.color, intrinsics)[0], true) < 0.004


def test_frames_are_due_by_robot_time_and_what_was_missed_shows_in_their_numbers(studio):
    stamps = iter([0.0, 0.04, 0.08, 0.30, 0.34])
    asked = []

    def wait(due, timeout):
        asked.append(due)
        return Posture(stamp=next(stamps), position=studio.aside)

    camera = studio.open(studio.down, config=CameraConfig(width=64, height=48), wait=wait)
    numbers = [camera.grab().number for _ in range(5)]
    camera.close()
    assert numbers == [0, 1, 2, 9, 10]
    np.testing.assert_allclose(asked[1:], [1 / 30, 2 / 30, 3 / 30, 10 / 30])


def test_without_a_robot_it_says_what_is_missing(studio):
    camera = studio.open(studio.down, wait=lambda due, timeout: None)
    with pytest.raises(NotConnected, match=r"no new joint_states for 2\.0 s"):
        camera.grab()
    camera.close()
    camera.close()


def test_depth_can_be_left_out(studio):
    frame, _ = studio.take(studio.down, config=CameraConfig(depth=False, width=320, height=240))
    assert frame.depth is None and frame.color.shape == (240, 320, 3)


def test_meshes_and_hulls_show_the_same_arm(studio):
    mount = studio.look_at([1.3, -0.4, 0.6], [0.3, 0.0, 0.4])
    small = CameraConfig(width=160, height=120)
    views = [
        studio.take(
            mount, posture=studio.arm.spec.home, config=small,
            optics=TwinCameraConfig(meshes=meshes),
        )[0].depth.astype(int)
        for meshes in (True, False)
    ]  # fmt: skip
    assert (np.abs(views[0] - views[1]) > 60).mean() < 0.03


def test_physics_has_no_furniture_and_no_posters(studio):
    plain = build_arm_model(studio.arm, SceneConfig())
    card = studio.poster(Pose(position=np.zeros(3), rotation=np.eye(3)), held=True)
    full = build_arm_model(studio.arm, SceneConfig(furniture=True), [card])
    assert full.ngeom > plain.ngeom
    np.testing.assert_array_equal(full.body_mass, plain.body_mass)
    assert plain.ntex == 0 and full.ntex == 1


def at(point):
    return Pose(position=np.asarray(point), rotation=np.eye(3))


DESK = SceneConfig(desk=True)


def desk_scene(**changes):
    """The nominal desk, (1 + D,), with some entries changed."""
    posed = PosedModel(arm_description("fr3"), DESK)
    scene = posed._furniture.scene
    for name, value in changes.items():
        scene[SCENE.index(name)] = value
    return scene


def shown(studio, scene, frame="camera_color_optical_frame", posture=None, layout_seed=-1):
    """One frame from a camera of config/desk_frames.yaml, and the camera."""
    carrier, mount = load_frames(resource("config/desk_frames.yaml")).place(frame)
    position = studio.aside if posture is None else posture
    camera = studio.open(
        mount,
        config=CameraConfig(width=320, height=240),
        on_tool=carrier == TOOL,
        scene=SceneConfig(desk=True, layout_seed=layout_seed),
        wait=lambda due, timeout: Posture(stamp=max(due, 0.0), position=position, scene=scene),
    )
    try:
        return camera.grab(), camera
    finally:
        camera.close()


def reddest(color):
    """Middle of what is red, (column, row)."""
    red, green, blue = color.astype(int).transpose(2, 0, 1)
    rows, columns = np.nonzero((red > 2 * green) & (red > 2 * blue) & (red > 60))
    return columns.mean(), rows.mean()


@pytest.mark.parametrize("place", [(0.42, -0.10), (0.36, 0.02), (0.50, -0.02)])
def test_a_block_is_seen_where_the_topics_say_it_is(studio, place):
    where = dict(zip(("red_block_x", "red_block_y"), place, strict=True))
    frame, camera = shown(studio, desk_scene(**where))
    eye = desk_eye(DeskLayout())
    column, row = pixel(camera.intrinsics, (eye.inverse @ at([*place, 0.022])).position)
    assert np.hypot(*(np.array(reddest(frame.color)) - (column, row))) < 3.0


def test_a_camera_on_the_wrist_sees_the_block_below_the_fingers(studio):
    posture = CartesianAction(studio.arm).posture(np.array([0.42, -0.10, 0.12]))
    frame, camera = shown(studio, desk_scene(), "wrist_camera_color_optical_frame", posture)
    origins, rotations = studio.arm.chain.joint_frames_in_base(posture)
    mount = load_frames(resource("config/desk_frames.yaml")).place(
        "wrist_camera_color_optical_frame"
    )[1]
    eye = Pose(position=origins[-1], rotation=rotations[-1]) @ mount
    column, row = pixel(camera.intrinsics, (eye.inverse @ at([0.42, -0.10, 0.03])).position)
    assert np.hypot(*(np.array(reddest(frame.color)) - (column, row))) < 15.0


@pytest.mark.parametrize(
    ("change", "point"),
    [({"drawer": 0.15}, [0.40, 0.30, 0.06]), ({"lamp": 1.0}, [0.72, 0.11, 0.135])],
)
def test_an_open_drawer_and_a_lit_lamp_change_the_picture_there(studio, change, point):
    before, camera = shown(studio, desk_scene())
    after, _ = shown(studio, desk_scene(**change))
    changed = np.abs(after.color.astype(int) - before.color).max(axis=2) > 30
    column, row = pixel(camera.intrinsics, (desk_eye(DeskLayout()).inverse @ at(point)).position)
    near = changed[round(row) - 6 : round(row) + 7, round(column) - 6 : round(column) + 7]
    assert near.mean() > 0.2 and changed.mean() < 0.15


def test_another_desk_is_seen_by_its_own_camera(studio):
    layout = draw_layout(4)
    posed = PosedModel(studio.arm, SceneConfig(desk=True, layout_seed=4))
    frame, camera = shown(studio, posed._furniture.scene, layout_seed=4)
    x, y, _ = layout.blocks["red_block"]
    point = desk_eye(layout).inverse @ at([x, layout.side * y, 0.022])
    column, row = pixel(camera.intrinsics, point.position)
    assert np.hypot(*(np.array(reddest(frame.color)) - (column, row))) < 3.0


def test_the_frames_of_the_nominal_desk_are_where_its_camera_is():
    _, mount = load_frames(resource("config/desk_frames.yaml")).place("camera_color_optical_frame")
    eye = desk_eye(DeskLayout())
    np.testing.assert_allclose(mount.position, eye.position, atol=1e-9)
    np.testing.assert_allclose(mount.rotation, eye.rotation, atol=1e-5)
