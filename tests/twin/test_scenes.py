"""The model is the described arm: same joints, same tool, same load, gravity on every body."""

from __future__ import annotations

import dataclasses
import warnings

import mujoco
import numpy as np
import pytest

from robot_meta.errors import UnknownRobot
from robot_meta.robots.description import arm_description
from robot_meta.twin.scenes import SceneConfig, build_arm_model

ARM = arm_description("fr3")
pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return build_arm_model(ARM, SceneConfig())


def test_kinematics_agree_with_the_description(model: mujoco.MjModel) -> None:
    data, rng = mujoco.MjData(model), np.random.default_rng(0)
    for _ in range(100):
        data.qpos[:] = rng.uniform(ARM.spec.limits.lower, ARM.spec.limits.upper)
        mujoco.mj_kinematics(model, data)
        origins, rotations = ARM.chain.joint_frames_in_base(data.qpos)
        site = data.site("tool")
        np.testing.assert_allclose(site.xpos, origins[-1], rtol=0, atol=1e-9)
        np.testing.assert_allclose(site.xmat.reshape(3, 3), rotations[-1], rtol=0, atol=1e-9)
        np.testing.assert_allclose(data.xanchor, origins[:-1], rtol=0, atol=1e-9)


def test_the_hand_points_the_same_way_as_the_tool(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:] = ARM.spec.home
    mujoco.mj_kinematics(model, data)
    np.testing.assert_allclose(data.body("hand/hand").xmat, data.site("tool").xmat, atol=1e-9)
    fingers = data.body("hand/left_finger").xpos - data.body("hand/hand").xpos
    down = data.body("hand/hand").xmat.reshape(3, 3)[:, 2]
    np.testing.assert_allclose(fingers, 0.0584 * down, atol=1e-9)


def test_the_hand_weighs_what_the_driver_is_told(model: mujoco.MjModel) -> None:
    parts = [model.body(f"hand/{name}") for name in ("hand", "left_finger", "right_finger")]
    mass = sum(float(part.mass[0]) for part in parts)
    assert mass == pytest.approx(ARM.spec.tool_load.mass)


def test_gravity_acts_on_every_body(model: mujoco.MjModel) -> None:
    assert not model.body_gravcomp.any()
    data = mujoco.MjData(model)
    data.qpos[:] = ARM.spec.home
    mujoco.mj_forward(model, data)
    assert np.abs(data.qfrc_bias).max() > 10.0
    assert not data.qfrc_gravcomp.any()


def test_joints_torques_and_ranges_are_those_of_the_description(model: mujoco.MjModel) -> None:
    assert tuple(model.joint(j).name for j in range(model.njnt)) == ARM.spec.joint_names
    np.testing.assert_allclose(model.jnt_range[:, 0], ARM.spec.limits.lower)
    np.testing.assert_allclose(model.jnt_range[:, 1], ARM.spec.limits.upper)
    np.testing.assert_allclose(model.actuator_ctrlrange[:, 1], ARM.spec.limits.torque)


def test_building_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_arm_model(ARM, SceneConfig(wall_point=(0.5, 0.0, 0.0)))


def test_the_view_model_has_meshes_and_the_same_body() -> None:
    seen, plain = (build_arm_model(ARM, SceneConfig(visual=v)) for v in (True, False))
    assert seen.nmesh > 20
    assert plain.nmesh == 0
    joints = [seen.joint(name).bodyid[0] for name in ARM.spec.joint_names]
    np.testing.assert_allclose(seen.body_mass[joints], plain.body_mass[joints])
    np.testing.assert_allclose(seen.body_inertia[joints], plain.body_inertia[joints])


def test_an_arm_without_a_model_is_an_error() -> None:
    other = dataclasses.replace(ARM, spec=dataclasses.replace(ARM.spec, name="fr9"))
    with pytest.raises(UnknownRobot, match="fr9"):
        build_arm_model(other, SceneConfig())


def test_a_wall_without_a_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="wall_normal"):
        SceneConfig(wall_normal=(0.0, 0.0, 0.0))


def test_the_table_stands_as_high_as_the_scene_says() -> None:
    def top(height: float) -> float:
        scene = SceneConfig(visual=True, table_height=height)
        model = build_arm_model(ARM, scene)
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        box = model.geom("scene/table_top").id
        return float(data.geom_xpos[box, 2] + model.geom_size[box, 2])

    assert top(0.0) == pytest.approx(0.0) and top(0.12) == pytest.approx(0.12)
