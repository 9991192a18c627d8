"""The arm itself, as the driver process holds it: connect, follow, recover, let go.

franky runs the 1 kHz law in C++; nothing here has to be on time. franky is imported when an arm
is connected, and only here and for the gripper.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from robot_meta import errors
from robot_meta.robots.franka import trouble
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.wire import RobotReading
from robot_meta.robots.playback import ReferencePlayback
from robot_meta.robots.robot import USER_STOPPED
from robot_meta.types import Array


def load_franky() -> Any:
    """The franky module.

    Raises:
        NotConnected: It cannot be imported.
    """
    try:
        import franky
    except ImportError as error:
        raise errors.NotConnected(
            f"franky cannot be loaded ({error}): make setup-franka"
        ) from None
    return franky


class FrankaArm:
    """A connection to the arm, and the impedance law that holds it.

    Attributes:
        urdf: The robot's own description of itself.
        lost: Why the connection is lost, "" while it is not.
    """

    def __init__(
        self, address: str, config: FrankaConfig, stiffness: Array, damping: Array
    ) -> None:
        self._franky = load_franky()
        self._address, self._config = address, config
        self._stiffness, self._damping = stiffness, damping
        self._tracker: Any = None
        self._seen, self.lost = 0.0, ""
        self._robot = self._connect()
        self.urdf: str = self._robot.model_urdf
        self._state = self._robot.state

    def mode(self) -> str:
        """Name of the robot's mode, such as "Idle" or "Reflex"."""
        return str(self._state.robot_mode.name)

    def read(self) -> tuple[float, Array]:
        """Robot time [s] and positions (J,) of the newest state; waits a cycle while idle."""
        try:
            state = self._robot.state
        except (self._franky.NetworkException, RuntimeError) as error:  # the latter from Poco
            self.lost = self.lost or " ".join(str(error).split())
            state = self._state
        if state.time.to_msec() != self._state.time.to_msec() or not self._seen:
            self._seen = time.monotonic()
        self._state = state
        return state.time.to_sec(), np.array(state.q)

    def reading(self, playback: ReferencePlayback, stopped: str) -> RobotReading:
        """What `read` saw last, with what is played and why it is stopped."""
        state = self._state
        return RobotReading(
            stamp=state.time.to_sec(),
            seen=self._seen,
            written=time.monotonic(),
            success_rate=state.control_command_success_rate,
            slipped=playback.slipped,
            in_control=self.in_control,
            position=np.array(state.q),
            velocity=np.array(state.dq),
            torque=np.array(state.tau_J_d),
            external_torque=np.array(state.tau_ext_hat_filtered),
            reference=playback.held,
            stopped=stopped,
            lost=self.lost,
        )

    @property
    def in_control(self) -> bool:
        """Whether the law runs."""
        return self._tracker is not None and bool(self._robot.is_in_control)

    def start(self) -> Array:
        """Begin to hold the arm where it stands; that place (J,), [rad]."""
        config = self._config
        self._tracker = self._franky.JointImpedanceTracker(
            self._robot,  # it holds the measured pose until it is told otherwise
            stiffness=self._stiffness,
            damping=self._damping,
            compensate_coriolis=config.coriolis,
            max_delta_tau=config.max_delta_tau,
            friction=self._franky.FrictionCompensationParams(
                coulomb=list(config.friction_coulomb),
                viscous=list(config.friction_viscous),
                max_torque=list(config.friction_max),
            ),
        )
        target: Array = np.array(self._tracker.motion.get_reference().q, dtype=float)
        return target

    def follow(self, target: Array) -> None:
        """Make `target` (2J,), positions and velocities, what the law follows."""
        joints = len(target) // 2
        self._tracker.set_target(target[:joints], target[joints:])

    def why_it_ended(self) -> str:
        """Reason for which the law ended by itself: libfranka's name of the error."""
        self._tracker = None
        try:
            self._robot.join_motion(1.0)
        except (self._franky.NetworkException, RuntimeError) as error:
            self.lost = " ".join(str(error).split())
            return "connection_lost"
        except self._franky.Exception as error:
            self.read()
            if self.mode() == "UserStopped":
                return USER_STOPPED
            return trouble.reflex_name(str(error), self._state)
        return "control_ended"

    def recover(self) -> str:
        """Clear a reflex and connect again where the robot was lost; why that failed, or ""."""
        self.release()
        try:
            if self.lost:
                self._robot = self._connect()
                self.lost = ""
            self.read()
            refusal = trouble.mode_trouble(self.mode(), self._address)
            if refusal is not None:
                return str(refusal)
            if self.mode() == "Reflex" or self._robot.has_errors:
                self._robot.recover_from_errors()
                self.read()
        except self._franky.Exception as error:
            return " ".join(str(error).split())
        except errors.RobotMetaError as error:
            return str(error)
        return "" if self.mode() == "Idle" else f"the robot is in mode {self.mode()}"

    def release(self) -> None:
        """End the law, braked by damping; the robot then holds itself."""
        tracker, self._tracker = self._tracker, None
        if tracker is not None and not self.lost:
            try:
                tracker.stop()
            except self._franky.Exception:
                pass  # it had ended already, and why was told then

    def _connect(self) -> Any:
        franky, config = self._franky, self._config
        realtime = {
            "ignore": franky.RealtimeConfig.Ignore,
            "enforce": franky.RealtimeConfig.Enforce,
        }[config.realtime]
        try:
            robot = franky.Robot(self._address, realtime_config=realtime)
            refusal = trouble.mode_trouble(str(robot.state.robot_mode.name), self._address)
            if refusal is not None:
                raise refusal
            robot.set_collision_behavior(
                list(config.torque_contact),
                list(config.torque_collision),
                list(config.force_contact),
                list(config.force_collision),
            )
            robot.set_load(config.load_mass, list(config.load_center), list(config.load_inertia))
        except franky.Exception as error:
            raise trouble.connection_trouble(error, self._address) from error
        return robot
