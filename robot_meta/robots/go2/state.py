"""What a Go2's messages come to: motion, battery, motors, remote."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from robot_meta.errors import UnsupportedRobot
from robot_meta.kinematics import rotation_from_quat_wxyz
from robot_meta.legged_types import LeggedObservation, LeggedSpec, Vitals
from robot_meta.robots.body_estimate import BodyEstimator, Felt, TurnCounter
from robot_meta.robots.description import LeggedDescription
from robot_meta.robots.go2.config import BUTTONS, Go2Config
from robot_meta.types import Array

READ_DT = 0.02  # between two readings that are taken in, [s]
MARGIN = 0.1  # by which a joint may be measured outside its range, [rad]
LYING = (5, 7)  # modes of the motion service: lying, damped
DAMP_BUTTONS = {"L2", "B"}  # of the remote; the robot damps its motors by itself


class Go2State:
    """Takes in messages and makes observations of the newest control period of them.

    Args:
        description: The robot.
        config: How its messages are read.

    Attributes:
        felt: The newest reading; None before the first.
        sound: Whether it is finite.
        tilt: Angle between the trunk's and the vertical axis, [rad].
        buttons: Of the remote that are held; None while no remote is heard.
        tick: The robot's own time of the newest reading, [s].
        observation: Means over the newest control period; None before the first.
    """

    def __init__(self, description: LeggedDescription, config: Go2Config) -> None:
        self._spec, self._config = description.spec, config
        self._estimator, self._turns = BodyEstimator(description.legs), TurnCounter()
        self._window = round(self._spec.control_dt / READ_DT)
        self._place: Array | None = None
        self.observation: LeggedObservation | None = None
        self.felt: Felt | None = None
        self.tilt, self.tick, self.sound = 0.0, -math.inf, False
        self.buttons: set[str] | None = None

    def take_sport(self, message: Any) -> None:
        """Take in a SportModeState_: where the motion service thinks it is."""
        place = np.array(message.position[:2], dtype=float)
        if np.isfinite(place).all():
            self._place = place

    def take(self, message: Any) -> bool:
        """Take in a LowState_; whether there is a new observation."""
        tick = 1e-3 * message.tick
        self.buttons = held_buttons(message.wireless_remote)
        felt = self._felt(message)
        dt = tick - self.tick
        if 0.0 <= dt < READ_DT - 1e-9:
            return False
        self.tick, self.felt = tick, felt
        self.sound = all(np.isfinite(value).all() for value in vars(felt).values())
        if not self.sound:  # the guard holds; nothing of it may stay
            if self.observation is not None:
                self.observation = dataclasses.replace(
                    self.observation, stamp=tick, attitude=np.full(2, math.nan)
                )
            return self.observation is not None
        self.tilt = float(np.arccos(np.clip(-felt.gravity[2], -1.0, 1.0)))
        outside = self._place if self._config.pose_source == "sport" else None
        self._estimator.take(felt, dt if 0.0 < dt < 1.0 else 0.0, outside)
        motors = message.motor_state[: self._spec.num_joints]
        torque = np.array([m.tau_est for m in motors])
        observation = self._estimator.observation(tick, felt, torque, keep=self._window - 1)
        vitals = Vitals(
            charge=0.01 * message.bms_state.soc,
            voltage=float(message.power_v),
            temperature=np.array([float(m.temperature) for m in motors]),
            dead_man=None if self.buttons is None else self._config.dead_man in self.buttons,
        )
        self.observation = dataclasses.replace(observation, vitals=vitals)
        return True

    def _felt(self, message: Any) -> Felt:
        imu, motors = message.imu_state, message.motor_state[: self._spec.num_joints]
        quat = np.array(imu.quaternion, dtype=float)
        rotation = rotation_from_quat_wxyz(quat / max(float(np.linalg.norm(quat)), 1e-9))
        return Felt(
            angular_velocity=np.array(imu.gyroscope, dtype=float),
            gravity=-rotation[2],
            heading=self._turns.count(float(np.arctan2(rotation[1, 0], rotation[0, 0]))),
            joint_position=np.array([m.q for m in motors]),
            joint_velocity=np.array([m.dq for m in motors]),
            standing=np.array(message.foot_force) > self._config.foot_force,
        )


def held_buttons(remote: Any) -> set[str] | None:
    """Buttons that are held, of the 40 bytes that the robot passes on; None for no remote."""
    data = bytes(remote)
    if not any(data[:2]):
        return None
    bits = data[2] | data[3] << 8
    return {button for i, button in enumerate(BUTTONS) if bits >> i & 1}


def require_model(joint_position: Array, spec: LeggedSpec) -> None:
    """Raise unless joints are where those of this robot can be.

    Raises:
        UnsupportedRobot: They are not: another robot, or another order.
    """
    low, high = spec.joint_lower - MARGIN, spec.joint_upper + MARGIN
    for name, q, lower, upper in zip(spec.joint_names, joint_position, low, high, strict=True):
        if not lower <= q <= upper:
            raise UnsupportedRobot(
                f"{name} is measured at {q:.2f} rad, and on a {spec.name} it lies between "
                f"{lower + MARGIN:.2f} and {upper - MARGIN:.2f}: another robot, or joints in "
                f"another order than {list(spec.joint_names[:3])}..."
            )
