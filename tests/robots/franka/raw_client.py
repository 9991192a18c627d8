"""A raw client: motions that nobody checks, on a server that does. Run with .venv-franka-sim.

    raw_client.py NAME     drives the motion NAME and prints what became of it, as JSON

The motions are shared with the tests of the twin, which load this file without pylibfranka.
"""

import json
import sys

import numpy as np

JOINT = 0  # the one that moves; it has room on both sides
STILL = 100  # milliseconds before the motion begins
LENGTH = 600  # milliseconds
JERK = 4000.0  # within the limits of an FR3, [rad/s^3]


def offsets(name: str) -> np.ndarray:
    """Position of the joint over the motion, seen from its start, (LENGTH,), [rad]."""
    t = np.arange(LENGTH - STILL)
    ease = np.clip(t / 400.0, 0.0, 1.0)
    after = {
        "smooth": 0.1 * (10 * ease**3 - 15 * ease**4 + 6 * ease**5),
        "position jump": np.full(len(t), 0.3),
        "velocity": integrated(9.0, JERK),  # passes 2.62 rad/s
        "acceleration": integrated(12.0, JERK),
        "jerk": integrated(8.0, 8.0e3),
    }[name]
    return np.concatenate([np.zeros(STILL), after])


def integrated(acceleration: float, jerk: float) -> np.ndarray:
    """Positions under an acceleration that grows to `acceleration` with `jerk` and stays."""
    ramp = np.minimum(jerk * 1e-3 * np.arange(1, LENGTH - STILL + 1), acceleration)
    return np.cumsum(np.cumsum(ramp)) * 1e-6


MOTIONS = {
    "smooth": "",
    "position jump": "joint_motion_generator_velocity_discontinuity",
    "velocity": "joint_motion_generator_velocity_limits_violation",
    "acceleration": "joint_motion_generator_velocity_discontinuity",
    "jerk": "joint_motion_generator_acceleration_discontinuity",
}
TORQUE_RATE = "controller_torque_discontinuity"


def main(name: str) -> dict:
    """Drive the motion; which errors it ended with, and whether the arm moved afterwards."""
    import pylibfranka

    robot = pylibfranka.Robot("127.0.0.1", pylibfranka.RealtimeConfig.kIgnore)
    try:
        drive = torque_step if name == "torque rate" else position_motion
        drive(robot, pylibfranka, name)
        text = ""
    except pylibfranka.ControlException as error:
        text = str(error)
    there = np.array(at_rest(robot).q)
    for _ in range(300):
        state = robot.read_once()
    result = {
        "text": text,
        "reflex": "Reflex" in str(state.robot_mode),
        "moved": float(np.abs(np.array(state.q) - there).max()),
    }
    robot.automatic_error_recovery()
    result["recovered"] = "Idle" in str(robot.read_once().robot_mode)
    return result


def at_rest(robot):
    """The state once the arm stands still; a reflex brakes it, and it swings out."""
    for _ in range(20_000):  # states, one per millisecond of the robot's time
        state = robot.read_once()
        if np.abs(state.dq).max() < 0.005:
            return state
    raise RuntimeError("the arm does not come to rest")


def position_motion(robot, pylibfranka, name: str) -> None:
    """Follow the motion sample by sample, in the robot's own time."""
    control = robot.start_joint_position_control(pylibfranka.ControllerMode.JointImpedance)
    way, elapsed, start = offsets(name), 0, None
    while True:
        state, period = control.readOnce()
        elapsed += round(1e3 * period.to_sec())
        if start is None:
            start = np.array(state.q_d)
        goal = start.copy()
        goal[JOINT] += way[min(elapsed, LENGTH - 1)]
        command = pylibfranka.JointPositions(goal.tolist())
        command.motion_finished = elapsed >= LENGTH
        control.writeOnce(command)
        if command.motion_finished:
            return


def torque_step(robot, pylibfranka, name: str) -> None:
    """Five newton metres from one millisecond to the next."""
    control = robot.start_torque_control()
    for k in range(200):
        control.readOnce()
        torques = np.zeros(7)
        torques[JOINT] = 5.0 if k > 50 else 0.0
        control.writeOnce(pylibfranka.Torques(torques.tolist()))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
