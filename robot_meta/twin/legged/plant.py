"""The walk itself: physics under perturbations, with the joint law at every physics step."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.legged import scene
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.types import Array

PHYSICS_DT = 0.0025  # [s]
_GRAVITY = 9.81
_PAYLOAD_SIZE = 0.12  # edge of the cube that stands for a payload, [m]
_BELLY = 0.15  # height of a trunk on folded legs, a little above, [m]
_TOUCH = 15.0  # force on a foot that counts as standing on it, [N]


class LeggedPlant:
    """A robot on its ground.

    Ground that is inclined is a plane under turned gravity, so that it has no end: positions are
    those on the slope.

    Args:
        description: The robot.

    Attributes:
        torque: That the joint law asked for last, (J,), [Nm].
    """

    def __init__(self, description: LeggedDescription) -> None:
        self._spec = description.spec
        self._model = scene.build_legged_model(description, PHYSICS_DT)
        self._data, self._scratch = mujoco.MjData(self._model), mujoco.MjData(self._model)
        model, names = self._model, self._spec.joint_names
        self._q = np.array([int(model.joint(n).qposadr[0]) for n in names])
        self._dq = np.array([int(model.joint(n).dofadr[0]) for n in names])
        motor_of = {int(model.actuator(i).trnid[0]): i for i in range(model.nu)}
        self._motor = np.array([motor_of[model.joint(n).id] for n in names])
        self._feet = np.array([model.geom(leg).id for leg in self._spec.leg_names])
        self._foot_of = {int(geom): foot for foot, geom in enumerate(self._feet)}
        self._trunk = model.body(scene.TRUNK).id
        self._payload = model.body(scene.PAYLOAD).id
        self._ground = {name: model.geom(name).id for name in (scene.FLAT, scene.BLOCKS)}
        model.actuator_ctrlrange[self._motor] = np.outer(self._spec.torque_limit, [-1.0, 1.0])
        self.torque = np.zeros(self._spec.num_joints)

    def reset(self, body: LeggedPerturbations, rng: np.random.Generator) -> None:
        """Stand at the origin on the ground of `body`, facing along x."""
        heights = scene.block_heights(body.step_height, rng)
        self._model.hfield_data[:] = heights
        rough = body.step_height > 0.0
        for name, used in ((scene.FLAT, not rough), (scene.BLOCKS, rough)):
            geom = self._ground[name]
            self._model.geom_contype[geom] = self._model.geom_conaffinity[geom] = int(used)
        self._steps_of_ground = body.step_height
        mujoco.mj_resetData(self._model, self._data)
        self.set_perturbations(body)
        self._data.qpos[:3] = (0.0, 0.0, 0.34)
        self._data.qpos[3:7] = (1.0, 0.0, 0.0, 0.0)
        self._data.qpos[self._q] = self._spec.stand
        self.torque[:] = 0.0
        mujoco.mj_forward(self._model, self._data)

    def set_perturbations(self, body: LeggedPerturbations) -> None:
        """Make it `body` at once.

        Raises:
            ValueError: The ground under a walking robot would change its steps.
        """
        if body.step_height != self._steps_of_ground:
            raise ValueError(
                f"step_height must stay {self._steps_of_ground} m until reset, got "
                f"{body.step_height}"
            )
        model, payload = self._model, self._payload
        down = np.sin(body.slope) * np.array(
            [np.cos(body.slope_heading), np.sin(body.slope_heading), 0.0]
        )
        model.opt.gravity[:] = -_GRAVITY * (down + [0.0, 0.0, np.cos(body.slope)])
        model.geom_friction[self._feet, 0] = body.ground_friction
        model.body_mass[payload] = max(body.payload_mass, 1e-6)
        model.body_ipos[payload] = body.payload_offset
        model.body_inertia[payload] = model.body_mass[payload] * _PAYLOAD_SIZE**2 / 6.0
        model.body_sameframe[payload] = mujoco.mjtSameFrame.mjSAMEFRAME_NONE
        self._gain = body.motor_gain * np.repeat(body.leg_gain, 3)
        mujoco.mj_setConst(model, self._scratch)

    def step(
        self, targets: Array, stiffness: Array, damping: Array, feed: Array | None = None
    ) -> None:
        """One physics step of  τ = g · clip(K (q* − q) − D q̇ + f),  g the share motors deliver.

        Args:
            targets: q*, (J,), [rad].
            stiffness: K, (J,), [Nm/rad].
            damping: D, (J,), [Nms/rad].
            feed: f, (J,), [Nm]; None for none.
        """
        data, limit = self._data, self._spec.torque_limit
        asked = stiffness * (targets - data.qpos[self._q]) - damping * data.qvel[self._dq]
        if feed is not None:
            asked = asked + feed
        self.torque = np.minimum(np.maximum(asked, -limit), limit)
        data.ctrl[self._motor] = self._gain * self.torque
        mujoco.mj_step(self._model, data)

    def push(self, angular_velocity: Array) -> None:
        """Change how the trunk turns by `angular_velocity`, in its own frame, (3,), [rad/s]."""
        self._data.qvel[3:6] += angular_velocity

    def set_down(self, joint_position: Array) -> None:
        """Hold the trunk level and close above the ground, joints as told (J,) [rad]; let go."""
        half = 0.5 * self.heading
        self._data.qpos[2] = _BELLY
        self._data.qpos[3:7] = (np.cos(half), 0.0, 0.0, np.sin(half))
        self._data.qpos[self._q] = joint_position
        self._data.qvel[:] = 0.0
        mujoco.mj_forward(self._model, self._data)

    @property
    def joint_position(self) -> Array:
        """(J,), [rad]."""
        return np.array(self._data.qpos[self._q])

    @property
    def joint_velocity(self) -> Array:
        """(J,), [rad/s]."""
        return np.array(self._data.qvel[self._dq])

    @property
    def position(self) -> Array:
        """Of the trunk on the ground, (3,), [m]."""
        return np.array(self._data.qpos[:3])

    @property
    def rotation(self) -> Array:
        """From the trunk's frame to that of the ground, (3, 3)."""
        return np.array(self._data.xmat[self._trunk].reshape(3, 3))

    @property
    def angular_velocity(self) -> Array:
        """Of the trunk in its own frame, (3,), [rad/s]."""
        return np.array(self._data.qvel[3:6])

    @property
    def gravity(self) -> Array:
        """Direction of gravity in the trunk's frame, (3,), a unit vector."""
        down: Array = self.rotation.T @ (self._model.opt.gravity / _GRAVITY)
        return down

    @property
    def heading(self) -> float:
        """Of the trunk on the ground, within [-π, π], [rad]."""
        rotation = self.rotation
        return float(np.arctan2(rotation[1, 0], rotation[0, 0]))

    @property
    def tilt(self) -> float:
        """Angle between the trunk's and the vertical axis, [rad]."""
        return float(np.arccos(np.clip(-self.gravity[2], -1.0, 1.0)))

    @property
    def standing(self) -> np.ndarray:
        """Which feet press on the ground, (L,)."""
        force, pressed = np.zeros(6), np.zeros(len(self._feet))
        for i, pair in enumerate(self._data.contact.geom.tolist()):
            for geom in pair:
                if geom in self._foot_of:
                    mujoco.mj_contactForce(self._model, self._data, i, force)
                    pressed[self._foot_of[geom]] += force[0]
        return pressed > _TOUCH
