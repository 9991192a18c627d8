"""Why the guard changed, refused or stopped something: one code each, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reason(str, Enum):
    """Codes that travel in `Commanded.reason`, on the `state` topic and in diagnostics."""

    START = "START"
    OPERATOR = "OPERATOR"
    RECOVERED = "RECOVERED"
    LET_GO = "LET_GO"
    RETREAT = "RETREAT"
    HOME = "HOME"
    REPEATED_REFLEXES = "REPEATED_REFLEXES"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ESTOP = "ESTOP"
    DRIVER_LOST = "DRIVER_LOST"
    HEARTBEAT_LOST = "HEARTBEAT_LOST"
    NO_COMMAND = "NO_COMMAND"
    COMMAND_SILENCE = "COMMAND_SILENCE"
    STALE_COMMAND = "STALE_COMMAND"
    FUTURE_COMMAND = "FUTURE_COMMAND"
    TIME_REVERSED = "TIME_REVERSED"
    WRONG_LENGTH = "WRONG_LENGTH"
    WRONG_NAMES = "WRONG_NAMES"
    NOT_FINITE = "NOT_FINITE"
    JUMP = "JUMP"
    CORRECTION = "CORRECTION"
    STALE_OBSERVATION = "STALE_OBSERVATION"
    BAD_OBSERVATION = "BAD_OBSERVATION"
    CLOCK_JUMP = "CLOCK_JUMP"
    POSITION = "POSITION"
    VELOCITY = "VELOCITY"
    VELOCITY_CURVE = "VELOCITY_CURVE"
    ACCELERATION = "ACCELERATION"
    JERK = "JERK"
    WORKSPACE = "WORKSPACE"
    TOOL_SPEED = "TOOL_SPEED"
    SELF_COLLISION = "SELF_COLLISION"
    STOPPING = "STOPPING"
    LEAD = "LEAD"
    CONTACT_SPEED = "CONTACT_SPEED"
    EXTERNAL_TORQUE = "EXTERNAL_TORQUE"
    EXTERNAL_FORCE = "EXTERNAL_FORCE"
    FALLEN = "FALLEN"
    TILT = "TILT"
    POSE_JUMP = "POSE_JUMP"
    POSE_FROZEN = "POSE_FROZEN"
    CANNOT_ADAPT = "CANNOT_ADAPT"
    BATTERY = "BATTERY"
    MOTOR_HEAT = "MOTOR_HEAT"
    DEAD_MAN = "DEAD_MAN"
    REMOTE_LOST = "REMOTE_LOST"
    REMOTE_DAMP = "REMOTE_DAMP"
    LYING = "LYING"
    WATCHDOG = "WATCHDOG"
    JOINT_RANGE = "JOINT_RANGE"

    def __str__(self) -> str:
        """The code itself, for messages."""
        return self.value


TOUCH = frozenset({Reason.EXTERNAL_TORQUE, Reason.EXTERNAL_FORCE})  # something is in the way


@dataclass(frozen=True)
class Explanation:
    """What a code means and what a person does about it, one line each."""

    meaning: str
    remedy: str


_NEAR = "Slow down or turn back before it; the planner should know this limit."

EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.START: Explanation(
        "The guard has just been started.", "Look at the robot, then call `arm`."
    ),
    Reason.OPERATOR: Explanation("Somebody asked for a hold.", "Call `arm` to go on."),
    Reason.RECOVERED: Explanation(
        "A stop was cleared; the robot holds.", "Look at the robot, then call `arm`."
    ),
    Reason.LET_GO: Explanation(
        "The reference returns to where the robot stands, or has done so: it presses no more.",
        "Look at the robot, then call `arm`.",
    ),
    Reason.RETREAT: Explanation(
        "The guard takes the robot back along the path just driven, or has done so.",
        "Let it go on, or call `hold`; then `arm`.",
    ),
    Reason.HOME: Explanation(
        "The guard takes the robot to its home posture, or has done so.",
        "Let it go on, or call `hold`; then `arm`.",
    ),
    Reason.REPEATED_REFLEXES: Explanation(
        "The robot stopped itself too often in a short time (`recovery.reflex_limit`).",
        "Find out why the robot stops itself, then call `acknowledge`, `recover` and `arm`.",
    ),
    Reason.ACKNOWLEDGED: Explanation(
        "A person has seen to why the robot stopped itself again and again.",
        "Call `recover`, look at the robot, then `arm`.",
    ),
    Reason.ESTOP: Explanation(
        "The software stop was pressed.", "Remove the danger, then `recover` and `arm`."
    ),
    Reason.DRIVER_LOST: Explanation(
        "The driver lost its robot.", "Check power, cable and robot mode, then `recover`."
    ),
    Reason.HEARTBEAT_LOST: Explanation(
        "The stop device fell silent.", "Check the device and its network, then `recover`."
    ),
    Reason.NO_COMMAND: Explanation(
        "No new command came in this period; the motion coasts, then brakes.",
        "Look at the controller's deadline slack and at the network.",
    ),
    Reason.COMMAND_SILENCE: Explanation(
        "No command came for longer than `max_silence`.", "Check the controller, then `arm`."
    ),
    Reason.STALE_COMMAND: Explanation(
        "The command answers an observation that is too old.", "Speed up the controller."
    ),
    Reason.FUTURE_COMMAND: Explanation(
        "The command answers an observation that has not been sent.",
        "Stamp commands with the stamp of the observation they answer; compare clocks.",
    ),
    Reason.TIME_REVERSED: Explanation(
        "The command is older than one accepted before, or repeats it.",
        "Make sure that only one controller publishes, in order.",
    ),
    Reason.WRONG_LENGTH: Explanation(
        "The command has not one value per joint.", "Compare the robot type on both sides."
    ),
    Reason.WRONG_NAMES: Explanation(
        "The command names other joints.", "Compare the robot type and prefix on both sides."
    ),
    Reason.NOT_FINITE: Explanation(
        "The command holds NaN or infinity.", "Look for the model or planner that made it."
    ),
    Reason.JUMP: Explanation(
        "The commanded position is further from the reference than `jump_position`.",
        "Begin at the position on `commanded` and move on from there.",
    ),
    Reason.CORRECTION: Explanation(
        "Commanded position and velocity contradict each other; the velocity was bent.",
        "Compute the position as `reference.advance` does.",
    ),
    Reason.STALE_OBSERVATION: Explanation(
        "The driver repeats an old measurement.", "Check the connection to the robot."
    ),
    Reason.BAD_OBSERVATION: Explanation(
        "A measurement holds NaN, infinity or a wrong number of joints.", "Check the driver."
    ),
    Reason.CLOCK_JUMP: Explanation(
        "Stamps of measurements went back or leapt ahead.", "Check clocks and load, then `arm`."
    ),
    Reason.POSITION: Explanation("A joint would leave its range.", _NEAR),
    Reason.VELOCITY: Explanation("A joint would be too fast.", _NEAR),
    Reason.VELOCITY_CURVE: Explanation(
        "A joint would be too fast so near to the end of its range.", _NEAR
    ),
    Reason.ACCELERATION: Explanation(
        "A joint would have to accelerate too hard.",
        "Change velocities by `velocity_step` at most.",
    ),
    Reason.JERK: Explanation(
        "A joint would have to change its acceleration too fast.",
        "Change velocities by `velocity_step` at most.",
    ),
    Reason.WORKSPACE: Explanation("The tool would leave its box or touch the table.", _NEAR),
    Reason.TOOL_SPEED: Explanation("The tool would be too fast.", _NEAR),
    Reason.SELF_COLLISION: Explanation(
        "The arm would come too close to itself, to the table or to a fixture of the cell.", _NEAR
    ),
    Reason.STOPPING: Explanation("No stop inside the limits would be left.", _NEAR),
    Reason.LEAD: Explanation(
        "The reference would run too far ahead of the robot, which would press too hard.",
        "Look what blocks the robot.",
    ),
    Reason.CONTACT_SPEED: Explanation(
        "The robot touches something, so that its joints go no faster than `contact_speed`.",
        "Look what the robot touches.",
    ),
    Reason.EXTERNAL_TORQUE: Explanation(
        "A joint feels too much torque from outside.", "Free the robot, then `recover` and `arm`."
    ),
    Reason.EXTERNAL_FORCE: Explanation(
        "The tool feels too much force from outside.", "Free the robot, then `recover` and `arm`."
    ),
    Reason.FALLEN: Explanation(
        "The robot fell; its joints are damped and it does not get up by itself.",
        "Put it on its feet, then `recover` and `arm`.",
    ),
    Reason.TILT: Explanation(
        "The robot leans too far to walk on; it stands.", "Look what it stands on, then `arm`."
    ),
    Reason.POSE_JUMP: Explanation(
        "The position leapt further than the robot can walk in a period.",
        "Check odometry or the position source, then `arm`.",
    ),
    Reason.POSE_FROZEN: Explanation(
        "The position stays exactly the same while the robot is told to walk.",
        "Check odometry or the position source, then `arm`.",
    ),
    Reason.CANNOT_ADAPT: Explanation(
        "The robot moves in a way that the adapted model cannot follow; the controller holds.",
        "Look what became of the robot, then call the controller's `resume`.",
    ),
    Reason.BATTERY: Explanation(
        "The battery is empty but for `battery_hold`; the robot stands.",
        "Let the robot lie down and change its battery.",
    ),
    Reason.MOTOR_HEAT: Explanation(
        "A motor is hotter than `motor_hold`; the robot stands.",
        "Let the robot lie down until it has cooled, then `arm`.",
    ),
    Reason.DEAD_MAN: Explanation(
        "The dead-man button of the remote was let go; the robot stands.",
        "Hold the button, then `arm`.",
    ),
    Reason.REMOTE_LOST: Explanation(
        "The remote is not heard any more; the robot stands.",
        "Switch the remote on and come nearer, hold the button, then `arm`.",
    ),
    Reason.REMOTE_DAMP: Explanation(
        "Somebody pressed the remote's buttons for damping; the robot lies down.",
        "Let go of the buttons, remove the danger, then `recover` and `arm`.",
    ),
    Reason.LYING: Explanation(
        "The robot lay or was damped when it was connected.",
        "Clear the ground around it, then `recover` lets it stand up.",
    ),
    Reason.JOINT_RANGE: Explanation(
        "A joint was measured outside its range; the motors are damped.",
        "Look at the joint, and whether the robot type is right, then `recover` and `arm`.",
    ),
    Reason.WATCHDOG: Explanation(
        "A process that drives the robot showed no life; the process beside it stopped the robot.",
        "Look what kept that process, then `recover` and `arm`.",
    ),
}


def explain(code: str) -> Explanation:
    """Meaning and remedy of a code; codes of other rooms speak for themselves."""
    try:
        return EXPLANATIONS[Reason(code)]
    except ValueError:
        return Explanation(code.replace("_", " ").capitalize() + ".", "See who gave this reason.")
