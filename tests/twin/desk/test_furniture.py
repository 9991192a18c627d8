"""The desk in the twin: laid out as asked, at rest, felt by the hand, seen by the camera."""

import dataclasses

import mujoco
import numpy as np
import pytest

from robot_meta.resources import resource
from robot_meta.robots.cell import read_cell
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard
from robot_meta.twin.desk.furniture import PRESSED, Furniture
from robot_meta.twin.desk.layout import DeskLayout, draw_layout
from robot_meta.twin.desk.model import DESK, MAX_WIDTH
from robot_meta.twin.desk.state import JOINTS, SCENE, STATE
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.posture import PosedModel
from robot_meta.twin.scenes import SceneConfig, build_arm_model
from robot_meta.types import Reference

ARM = arm_description("fr3")
pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def robot():
    with MujocoRobot(ARM, TwinConfig(scene=SceneConfig(desk=True))) as twin:
        yield twin


def entry(state, name):
    return state[STATE.index(name)]


@pytest.mark.parametrize("seed", range(4))
def test_the_desk_stands_still_as_it_was_laid_out(robot, seed):
    robot.reset(layout=draw_layout(seed))
    before = robot.furniture.state
    for _ in range(50):
        robot.step()
    after = robot.furniture.state
    np.testing.assert_allclose(after, before, atol=2e-3)


def test_the_same_layout_and_seed_give_the_same_motion_whatever_came_before(robot):
    def run(seed):
        robot.reset(layout=draw_layout(seed), seed=seed)
        seen = [robot.step().position for _ in range(20)]
        return np.array(seen), robot.furniture.state

    first = run(3)
    run(4)
    for one, other in zip(first, run(3), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_arm_feels_nothing_of_a_desk_that_it_does_not_touch(robot):
    robot.reset(layout=DeskLayout())
    with MujocoRobot(ARM, TwinConfig()) as alone:
        for _ in range(25):
            here, there = robot.step(), alone.step()
    np.testing.assert_allclose(here.position, there.position, atol=2e-4)
    assert np.abs(here.external_torque).max() < 0.2


def test_the_lamp_changes_once_each_time_the_button_goes_down():
    model = build_arm_model(ARM, SceneConfig(desk=True))
    data = mujoco.MjData(model)
    desk = Furniture(model, data)
    desk.lay_out(DeskLayout())
    desk.reset()
    button = model.joint(DESK + "button").qposadr[0]
    lit = []
    for depth in (0.0, PRESSED + 0.001, PRESSED - 0.001, PRESSED + 0.001, 0.0, PRESSED + 0.001):
        data.qpos[button] = depth
        desk.update()
        lit.append(desk.lamp)
    assert lit == [False, True, True, True, True, False]


def test_the_switch_rests_at_either_end_and_nowhere_between(robot):
    for share in (0.3, 0.7):
        joints = {**DeskLayout().joints, "switch": share}
        robot.reset(layout=dataclasses.replace(DeskLayout(), joints=joints))
        for _ in range(25):
            robot.step()
        assert entry(robot.furniture.state, "switch") == pytest.approx(
            np.copysign(0.45, share - 0.5), abs=0.01
        )


def test_fingers_go_where_they_are_told_and_not_while_stopped(robot):
    robot.reset(layout=DeskLayout())
    robot.grip(MAX_WIDTH)
    for _ in range(40):
        robot.step()
    assert robot.furniture.fingers.width == pytest.approx(MAX_WIDTH, abs=2e-3)
    robot.stop("TEST")
    robot.grip(0.0)
    for _ in range(40):
        robot.step()
    assert robot.furniture.fingers.width == pytest.approx(MAX_WIDTH, abs=2e-3)


def test_a_hand_pressed_on_the_desk_is_felt_and_goes_no_further(robot):
    robot.reset(layout=DeskLayout())
    position = ARM.spec.home.copy()
    n, down = ARM.spec.samples_per_tick, np.array([0.0, 0.0, -0.2, 0.0, 0.0, 0.0])
    for _ in range(132):
        velocity = np.linalg.pinv(ARM.chain.tool_jacobian(position)) @ down
        path = position + np.arange(1, n + 1)[:, None] * ARM.spec.reference_dt * velocity
        robot.command(
            Reference(stamp=robot.time, position=path, velocity=np.tile(velocity, (n, 1)))
        )
        position = path[-1]
        felt = robot.step().external_torque
    assert ARM.chain.tool_position_in_base(position)[2] < -0.03  # where it was told to go
    assert robot.tool_position()[2] > 0.0  # fingers reach 9 mm below the tool
    assert np.abs(felt).max() > 3.0


def test_a_plain_twin_has_no_furniture_and_says_so():
    with MujocoRobot(ARM) as robot, pytest.raises(ValueError, match="scene.desk"):
        robot.grip(0.04)


def test_a_desk_and_a_wall_at_once_are_refused():
    with pytest.raises(ValueError, match="either a wall or a desk"):
        SceneConfig(desk=True, wall_point=(0.5, 0.0, 0.1))


@pytest.mark.parametrize("seed", range(6))
def test_the_camera_sees_everything_on_every_desk(seed):
    """By rays instead of pixels: nothing hides it, and it is inside the field of view."""
    model = build_arm_model(ARM, SceneConfig(desk=True))
    data = mujoco.MjData(model)
    desk = Furniture(model, data)
    desk.lay_out(draw_layout(seed))
    desk.reset()
    data.qpos[:7] = ARM.spec.home
    mujoco.mj_forward(model, data)
    camera = model.camera(DESK + "desk").id
    eye, turn = data.cam_xpos[camera], data.cam_xmat[camera].reshape(3, 3)
    half = np.tan(np.radians(0.5 * model.cam_fovy[camera]))
    for name, point in (*desk.handles.items(), ("lamp", data.geom(DESK + "lamp").xpos)):
        x, y, depth = (point - eye) @ turn
        assert abs(x / depth) < half and abs(y / depth) < half, f"{name} is out of the picture"
        hit = np.full(1, -1, np.int32)
        distance = mujoco.mj_ray(model, data, eye, point - eye, None, 1, -1, hit)
        assert distance > 0.9, f"{name} is behind {model.geom(int(hit[0])).name}"


def test_every_entry_of_the_state_has_a_name():
    model = build_arm_model(ARM, SceneConfig(desk=True))
    desk = Furniture(model, mujoco.MjData(model))
    desk.lay_out(DeskLayout())
    desk.reset()
    assert len(desk.state) == len(STATE) == len(JOINTS) + 1 + 14


@pytest.mark.parametrize("seed", range(8))
def test_everything_can_be_reached_within_the_workspace_of_the_desk_s_cell(robot, seed):
    cell = read_cell(resource("config/desk_cell.yaml"))
    low, high = np.array(cell.workspace.lower), np.array(cell.workspace.upper)
    home = ARM.chain.tool_position_in_base(ARM.spec.home)
    assert (low < home).all() and (home < high).all()
    robot.reset(layout=draw_layout(seed))
    room = 0.05  # that a hand needs beside what it pushes, [m]
    for name, point in robot.furniture.handles.items():
        assert (low[:2] + room < point[:2]).all() and (point[:2] < high[:2] - room).all(), name


@pytest.mark.parametrize("seed", range(3))
def test_what_is_seen_of_a_desk_can_be_shown_by_another_model_of_it(robot, seed):
    robot.reset(layout=draw_layout(seed))
    robot.fingers.move(0.05)
    for _ in range(60):
        robot.step()
    seen = robot.scene()
    posed = PosedModel(ARM, SceneConfig(desk=True, layout_seed=seed))
    posed.put(ARM.spec.home, seen)
    np.testing.assert_allclose(posed._furniture.scene, seen, atol=1e-12)
    assert (posed.lamp is not None) == bool(seen[SCENE.index("lamp")])


def test_the_guard_lets_fingers_move_only_while_it_runs(robot):
    robot.reset(layout=DeskLayout())
    guarded = GuardedRobot(robot, Guard(ARM.spec, ARM.chain))

    def width_after_asking():
        guarded.grip(MAX_WIDTH)
        for _ in range(40):
            robot.step()
        return robot.furniture.fingers.width

    assert width_after_asking() == pytest.approx(0.0, abs=2e-3)
    assert guarded.arm()
    assert width_after_asking() == pytest.approx(MAX_WIDTH, abs=2e-3)
