"""The body itself: physics of the arm under perturbations, and what its torque sensors feel."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_meta.robots.description import ArmDescription
from robot_meta.twin import scenes, surroundings
from robot_meta.twin.desk.furniture import Furniture
from robot_meta.twin.desk.layout import desk_layout
from robot_meta.twin.perturbations import Perturbations
from robot_meta.types import Array

_INTEGRATORS = {
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
    "implicit": mujoco.mjtIntegrator.mjINT_IMPLICIT,
    "Euler": mujoco.mjtIntegrator.mjINT_EULER,  # for this arm bit for bit as implicitfast
    "RK4": mujoco.mjtIntegrator.mjINT_RK4,
}
_PAYLOAD_DENSITY = 4000.0  # of the ball that stands for the payload, [kg/m^3]


@dataclass(frozen=True, kw_only=True)
class PlantConfig:
    """How the nominal body is simulated and sensed.

    Attributes:
        integrator: "implicitfast", "implicit", "Euler" or "RK4".
        physics_dt: Time step; the reference spacing must be a multiple of it, [s].
        friction: Coulomb friction of each joint, [Nm]; None for the model's own.
        damping: Viscous friction of each joint, [Nms/rad]; None for the model's own.
        stiction: Extra friction at rest, as a share of the Coulomb friction (Stribeck curve).
        stiction_velocity: Velocity at which the extra has fallen to 1/e, [rad/s].
        position_noise: Standard deviation of position readings, [rad].
        velocity_noise: Standard deviation of velocity readings, [rad/s].
        torque_noise: Standard deviation of each 1 ms sample of the joint torque sensors, [Nm].
        observation_delay: Age of a reading when it is stamped, [s].
        observer_gain: Bandwidth of the external torque estimate, [1/s].
    """

    integrator: str = "implicitfast"
    physics_dt: float = 0.001
    friction: tuple[float, ...] | None = None
    damping: tuple[float, ...] | None = None
    stiction: float = 0.0
    stiction_velocity: float = 0.02
    position_noise: float = 2e-5
    velocity_noise: float = 2e-3
    torque_noise: float = 0.05
    observation_delay: float = 0.001
    observer_gain: float = 30.0

    def __post_init__(self) -> None:
        if self.integrator not in _INTEGRATORS:
            raise ValueError(
                f"integrator must be one of {sorted(_INTEGRATORS)}, got '{self.integrator}'"
            )
        for name in ("physics_dt", "stiction_velocity", "observer_gain"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        noises = ("position_noise", "velocity_noise", "torque_noise")
        for name in ("stiction", "observation_delay", *noises):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be >= 0, got {getattr(self, name)}")


class Plant:
    """The arm with hand and payload, moved by joint torques.

    One law period is `begin` (kinematics of the present state, from which the compensation is
    computed) and then `finish` with a torque. Joint torque sensors sit behind motor and gear, as
    on the Franka arm: they feel neither friction nor a weak actuator. Therefore a weak joint
    leaves the external torque estimate at zero, a payload or a contact does not.

    Attributes:
        position: Joint positions, (J,), [rad]; a live view.
        velocity: Joint velocities, (J,), [rad/s]; a live view.
        compensation: Gravity and Coriolis torque of arm and hand without payload on a level base,
            (J,), [Nm]; valid after `begin`.
        external_torque: Filtered estimate of the torque from outside arm and hand, (J,), [Nm].
        furniture: What stands on the desk, if there is one.
    """

    def __init__(
        self, description: ArmDescription, config: PlantConfig, scene: scenes.SceneConfig
    ) -> None:
        self._config, self._home = config, description.spec.home
        self._model = scenes.build_arm_model(description, scene)
        self._model.opt.integrator = _INTEGRATORS[config.integrator]
        self._model.opt.timestep = config.physics_dt
        # Harder than MuJoCo's default, which lets a joint that is stuck creep within a second.
        joints = len(self._home)
        self._model.dof_solimp[:joints, :2] = 0.999
        self._model.dof_solref[:joints, 0] = 4.0 * config.physics_dt
        if config.friction is not None:
            self._model.dof_frictionloss[:joints] = config.friction
        if config.damping is not None:
            self._model.dof_damping[:joints] = config.damping
        self._substeps = round(description.spec.reference_dt / config.physics_dt)
        if abs(self._substeps * config.physics_dt - description.spec.reference_dt) > 1e-12:
            raise ValueError(
                f"the reference spacing {description.spec.reference_dt} s must be a multiple of "
                f"physics_dt, got {config.physics_dt} s"
            )
        self._nominal = copy.copy(self._model)
        self._data, self._scratch = mujoco.MjData(self._model), mujoco.MjData(self._model)
        self._tool = self._model.site(scenes.TOOL_SITE).id
        self._payload = self._model.body(scenes.PAYLOAD_BODY).id
        self._hold = self._model.equality(surroundings.HOLD).id
        # The joints of the arm come first; behind them is what furniture and fingers add.
        self.position, self.velocity = self._data.qpos[:joints], self._data.qvel[:joints]
        self._torque, self._force = self._data.ctrl[:joints], self._data.qfrc_applied[:joints]
        self._acceleration = self._data.qacc[:joints]
        self._frictionloss = self._model.dof_frictionloss[:joints]
        self._damping = self._model.dof_damping[:joints]
        self._armature = self._model.dof_armature[:joints]
        self._all_compensation = np.zeros(self._model.nv)
        self._all_inverse_dynamics = np.zeros(self._model.nv)
        self.compensation = self._all_compensation[:joints]
        self._inverse_dynamics = self._all_inverse_dynamics[:joints]
        self.external_torque, self._sensed = np.zeros(joints), np.zeros(joints)
        self._all_jacobian = np.zeros((3, self._model.nv))
        self._jacobian = self._all_jacobian[:, :joints]
        self._smoothing = 1.0 - np.exp(-config.observer_gain * description.spec.reference_dt)
        self._payload_inertia = self._data.cinert[self._payload]
        self._hidden = np.zeros_like(self._payload_inertia)
        self.furniture: Furniture | None = None
        if scene.desk:
            self.furniture = Furniture(self._model, self._data)
            self.furniture.lay_out(desk_layout(scene.layout_seed))
        self.set_perturbations(Perturbations())
        self.reset(self._home)

    def reset(self, position: Array) -> None:
        """Stand still at `position` (J,), free of any hold, with a fresh torque estimate."""
        mujoco.mj_resetData(self._model, self._data)
        self.position[:] = position
        if self.furniture is not None:
            self.furniture.reset()
        self.external_torque[:] = 0.0
        self._bias()
        mujoco.mj_forward(self._model, self._data)

    def set_perturbations(self, body: Perturbations) -> None:
        """Make the body `body`, at once."""
        model, nominal = self._model, self._nominal
        joints = len(self._home)
        friction, damping = nominal.dof_frictionloss[:joints], nominal.dof_damping[:joints]
        np.multiply(friction, body.friction_scale, out=self._frictionloss)
        np.multiply(damping, body.damping_scale, out=self._damping)
        self._friction = self._frictionloss.copy()
        self._rubbing = np.flatnonzero(self._friction > 0.0)
        self._rubs_everywhere = len(self._rubbing) == len(self._friction)
        self._spring, self._bias_torque = np.array(body.joint_spring), np.array(body.joint_bias)
        self._drag, self._pull = body.tool_drag, np.array(body.tool_force)
        self._pushed_at_tool = bool(self._drag or self._pull.any())
        model.opt.gravity[:] = _tilted(nominal.opt.gravity, body.base_tilt)
        self._move_tool(body.tool_offset)

        radius = payload_radius(body.payload_mass)
        inertia = 0.4 * body.payload_mass * radius**2
        model.body_mass[self._payload] = body.payload_mass
        model.body_ipos[self._payload] = body.payload_offset
        model.body_inertia[self._payload] = inertia
        model.body_sameframe[self._payload] = mujoco.mjtSameFrame.mjSAMEFRAME_NONE
        mujoco.mj_setConst(model, self._scratch)
        self._bias()

    def begin(self) -> None:
        """Kinematics of the present state and the torque that compensates the known body."""
        mujoco.mj_step1(self._model, self._data)
        # Without the payload's inertia and with level gravity the same recursion is nominal.
        self._hidden[:] = self._payload_inertia
        self._payload_inertia[:] = 0.0
        mujoco.mj_rne(self._nominal, self._data, 0, self._all_compensation)
        self._payload_inertia[:] = self._hidden

    def finish(self, torque: Array, sensor_noise: Array) -> None:
        """Let `torque` (J,) act for one law period; `sensor_noise` (J,) spoils what is felt."""
        model, data, config = self._model, self._data, self._config
        self._torque[:] = torque
        if self._pushed_at_tool:
            self._push_at_tool()
        if config.stiction > 0.0:
            speed = self.velocity / config.stiction_velocity
            np.multiply(
                self._friction,
                1.0 + config.stiction * np.exp(-speed * speed),
                out=self._frictionloss,
            )
        if config.integrator == "RK4":
            mujoco.mj_step(model, data)
        else:
            mujoco.mj_step2(model, data)
        self._feel(torque, sensor_noise)
        for _ in range(self._substeps - 1):
            mujoco.mj_step(model, data)
        if self.furniture is not None:
            self.furniture.update()

    @property
    def nominal_friction(self) -> tuple[Array, Array]:
        """Coulomb [Nm] and viscous [Nms/rad] friction without perturbation, (J,) each."""
        return self._nominal.dof_frictionloss.copy(), self._nominal.dof_damping.copy()

    @property
    def tool_position(self) -> Array:
        """True tool point in the base frame, (3,), [m]."""
        mujoco.mj_kinematics(self._model, self._data)
        return np.array(self._data.site_xpos[self._tool])

    @property
    def contact_force(self) -> Array:
        """True force on the arm by wall, fixtures or what holds it, base frame, (3,), [N].

        What furniture does to the hand is not counted.
        """
        force, data = np.zeros(3), self._data
        if data.eq_active[self._hold] and data.ne:
            force += data.efc_force[: data.ne]
        local = np.zeros(6)
        for i in range(data.ncon if self.furniture is None else 0):
            mujoco.mj_contactForce(self._model, data, i, local)
            contact = data.contact[i]
            sign = 1.0 if self._model.geom_bodyid[contact.geom[1]] else -1.0  # the world is 0
            force += sign * contact.frame.reshape(3, 3).T @ local[:3]
        return force

    def hold_tool(self, held: bool) -> None:
        """Take hold of the tool where it is, or let it go."""
        self._data.mocap_pos[0] = self.tool_position
        self._data.eq_active[self._hold] = held

    def _bias(self) -> None:
        """Torques that depend on the perturbation alone, and springs towards home."""
        joints = len(self._home)
        np.copyto(self._model.jnt_stiffness[:joints], self._spring)
        self._model.qpos_spring[:joints] = self._home
        self._force[:] = self._bias_torque

    def _push_at_tool(self) -> None:
        jacobian = self._jacobian
        mujoco.mj_jacSite(self._model, self._data, self._all_jacobian, None, self._tool)
        force = self._pull - self._drag * (jacobian @ self.velocity)
        np.add(self._bias_torque, jacobian.T @ force, out=self._force)

    def _feel(self, torque: Array, noise: Array) -> None:
        """Estimate the external torque as a momentum observer does.

        Its output is the low-pass filtered difference between the inverse dynamics of the known
        body and the sensed joint torque.
        Source: De Luca et al. 2006, "Collision detection and safe reaction with the DLR-III".
        Differs: uses the simulated acceleration, so that no momentum needs to be integrated.
        """
        data, sensed = self._data, self._sensed
        np.multiply(self._armature, self._acceleration, out=sensed)
        np.subtract(torque, sensed, out=sensed)
        np.subtract(sensed, self._damping * self.velocity, out=sensed)
        rubbing = data.efc_force[data.ne : data.ne + len(self._rubbing)]
        if self._rubs_everywhere:
            sensed += rubbing
        else:
            sensed[self._rubbing] += rubbing
        self._hidden[:] = self._payload_inertia
        self._payload_inertia[:] = 0.0
        mujoco.mj_rne(self._nominal, data, 1, self._all_inverse_dynamics)
        self._payload_inertia[:] = self._hidden
        estimate = self._inverse_dynamics
        np.subtract(estimate, sensed, out=estimate)
        estimate += noise
        estimate -= self.external_torque
        estimate *= self._smoothing
        self.external_torque += estimate

    def _move_tool(self, offset: tuple[float, float, float]) -> None:
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, self._nominal.site_quat[self._tool])
        point = self._nominal.site_pos[self._tool] + turn.reshape(3, 3) @ np.array(offset)
        self._model.site_pos[self._tool] = point
        tip = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_GEOM, "tip")
        if tip >= 0:
            self._model.geom_pos[tip] = point


def payload_radius(mass: float) -> float:
    """Radius of the ball that stands for a payload of `mass` [kg], [m]."""
    return float((mass / (_PAYLOAD_DENSITY * 4.0 / 3.0 * np.pi)) ** (1.0 / 3.0))


def _tilted(gravity: Array, tilt: tuple[float, float]) -> Array:
    """Gravity seen from a base that leans by (roll, pitch)."""
    (cr, cp), (sr, sp) = np.cos(tilt), np.sin(tilt)
    base_in_world = np.array([[cp, sp * sr, sp * cr], [0.0, cr, -sr], [-sp, cp * sr, cp * cr]])
    return base_in_world.T @ gravity
