"""Every topic and service of the graph, once; the README's table and the recorder use it too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic: relative name, type, publisher, and whether latecomers get the last message.

    `robots` are the kinds of robots that have it. Pictures are not recorded: a run would grow by
    100 GB in an hour.
    """

    name: str
    kind: str
    publisher: str
    meaning: str
    latched: bool = False
    recorded: bool = True
    robots: tuple[str, ...] = ("arm", "legs")


@dataclass(frozen=True)
class Service:
    """One service."""

    name: str
    kind: str
    server: str
    meaning: str


def _camera_topics(name: str, node: str, what: str) -> tuple[Topic, ...]:
    """Pictures and intrinsics of one camera, named as the drivers of bought ones do."""
    image, info = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
    color, depth = f"{name}/color", f"{name}/aligned_depth_to_color"
    return (
        Topic(
            f"{color}/image_raw",
            image,
            node,
            f"{what}, rgb8, in its optical frame; not recorded",
            recorded=False,
        ),
        Topic(
            f"{color}/camera_info",
            info,
            node,
            "its intrinsics, plumb_bob; same stamp as the picture",
        ),
        Topic(
            f"{depth}/image_raw",
            image,
            node,
            "depth of every colour pixel, 16UC1 [mm], 0 for none; not recorded",
            recorded=False,
        ),
        Topic(f"{depth}/camera_info", info, node, "the same intrinsics"),
    )


TOPICS = (
    Topic(
        "joint_states",
        "sensor_msgs/msg/JointState",
        "robot",
        "joint positions, velocities and commanded torques; consumers index by name",
    ),
    Topic(
        "odom",
        "nav_msgs/msg/Odometry",
        "robot",
        "of a walking robot: newest place on the ground, and mean velocity over the period that "
        "ended, seen along its heading; same stamp as joint_states, as are all up to `command`",
        robots=("legs",),
    ),
    Topic(
        "attitude",
        "geometry_msgs/msg/Vector3Stamped",
        "robot",
        "of a walking robot: mean roll and pitch over the period that ended, and the newest "
        "heading, which counts turns [rad]; exact, where a quaternion is not",
        robots=("legs",),
    ),
    Topic(
        "imu",
        "sensor_msgs/msg/Imu",
        "robot",
        "of a walking robot: mean angular velocity over the period that ended; no acceleration",
        robots=("legs",),
    ),
    Topic(
        "foot_contacts",
        "sensor_msgs/msg/JointState",
        "robot",
        "of a walking robot: share of the period that ended for which each foot stood, as "
        "position, by leg",
        robots=("legs",),
    ),
    Topic(
        "commanded",
        "geometry_msgs/msg/TwistStamped",
        "robot",
        "of a walking robot: velocity that the guard sent for the period that begins at the stamp "
        "(linear x and y, angular z); the frame id holds the code of the rule that altered it, or "
        "nothing",
        robots=("legs",),
    ),
    Topic(
        "commanded_before",
        "geometry_msgs/msg/TwistStamped",
        "robot",
        "of a walking robot: the same for the period that ended there",
        robots=("legs",),
    ),
    Topic(
        "command",
        "geometry_msgs/msg/TwistStamped",
        "controller or teleop",
        "of a walking robot: velocity wanted for the period after the one that begins at the "
        "stamp, in the robot's own frame; frame id NO_COMMAND: there is none",
        robots=("legs",),
    ),
    Topic(
        "external_joint_torques",
        "sensor_msgs/msg/JointState",
        "robot",
        "estimated torque from outside, as effort; same stamp as joint_states",
        robots=("arm",),
    ),
    Topic(
        "commanded",
        "trajectory_msgs/msg/JointTrajectory",
        "robot",
        "what the guard sent: reference at the start and the end of the period that begins at the "
        "stamp; the frame id holds the code of the rule that altered it, or nothing",
        robots=("arm",),
    ),
    Topic(
        "command",
        "trajectory_msgs/msg/JointTrajectory",
        "controller or exciter or teleop",
        "reference wanted two periods after the stamp, which is the one of the joint_states that "
        "it answers",
        robots=("arm",),
    ),
    Topic(
        "tool_pose",
        "geometry_msgs/msg/PoseStamped",
        "robot",
        "tool centre point in the base frame, from the measured joints",
        robots=("arm",),
    ),
    Topic(
        "target",
        "nav_msgs/msg/Path",
        "task",
        "where the tool should be (frame `base`), or a walking robot and heading where (frame "
        "`odom`), each pose with its own time",
        latched=True,
    ),
    Topic(
        "target_pose",
        "geometry_msgs/msg/PoseStamped",
        "anybody",
        "a single place to go to, instead of a path",
    ),
    Topic(
        "state",
        "std_msgs/msg/String",
        "robot",
        "BOOT, HOLD, RUNNING, RECOVERY, INACTIVE or ESTOP, and the code of the reason",
        latched=True,
    ),
    Topic(
        "adaptation",
        "diagnostic_msgs/msg/DiagnosticArray",
        "controller",
        "loss before and after the update, whether it was rejected, surprise and change alarm, "
        "window, contact, plan, age and deadline slack",
    ),
    Topic(
        "controller_state",
        "std_msgs/msg/String",
        "controller",
        "TRACKING or HOLD, and the code of the reason; CANNOT_ADAPT stays until `resume`",
        latched=True,
    ),
    Topic(
        "gripper_command",
        "sensor_msgs/msg/JointState",
        "operator or teleop",
        "where the cell has a gripper: width as position, speed as velocity; with an effort [N] "
        "it grasps, at width 0 whatever is there; refused unless the robot is armed",
        robots=("arm",),
    ),
    Topic(
        "gripper_state",
        "sensor_msgs/msg/JointState",
        "robot",
        "width as position, effort 1 while something is held; the frame id says BUSY, or what "
        "went wrong",
        robots=("arm",),
    ),
    Topic(
        "scene/joint_states",
        "sensor_msgs/msg/JointState",
        "robot",
        "the desk in the twin: fingers (width between them), drawer, door, knob, button, switch, "
        "and lamp 0 or 1; same stamp as joint_states",
    ),
    Topic(
        "scene/object_poses",
        "geometry_msgs/msg/PoseArray",
        "robot",
        "its red and its blue block in the base frame, in this order; same stamp",
    ),
    Topic(
        "scene/progress",
        "sensor_msgs/msg/JointState",
        "robot",
        "per skill the share that is done, as position, and effort 1 once it is done and lasts; "
        "since the episode began, or else the node; same stamp",
    ),
    Topic(
        "teleop_pose",
        "geometry_msgs/msg/PoseStamped",
        "anybody",
        "where the hand that drives the tool is, base frame (device:=pose); only its motion since "
        "the clutch closed counts; to be repeated at 100 Hz like the clutch",
    ),
    Topic(
        "teleop_clutch",
        "std_msgs/msg/Bool",
        "anybody",
        "true while that hand holds on; to be repeated at 100 Hz or faster: false, or silence of "
        "`max_gap` (15 ms), brings the tool to rest, 100 ms after the last word at most; silence "
        "of `max_silence` (100 ms) is a hand that let go",
    ),
    Topic(
        "teleop_gripper",
        "std_msgs/msg/Float64",
        "anybody",
        "how far that hand wants the fingers open, [m]; counts once it changes",
    ),
    Topic(
        "page_pose",
        "geometry_msgs/msg/PoseStamped",
        "web",
        "the same of the hand on the operator's page, which counts beside any device: who takes "
        "hold first has the robot",
        robots=("arm",),
    ),
    Topic(
        "page_clutch",
        "std_msgs/msg/Bool",
        "web",
        "true while that hand is down; repeated as long as its browser says so",
        robots=("arm",),
    ),
    Topic(
        "page_gripper",
        "std_msgs/msg/Float64",
        "web",
        "how far somebody at the page wants the fingers open, [m]; said once",
        robots=("arm",),
    ),
    Topic(
        "teleop_keys",
        "std_msgs/msg/String",
        "anybody",
        "a key that was pressed, one message a press (`robot-meta teleop keys`); `let go` when "
        "the terminal is left or lost",
    ),
    Topic(
        "teleop_state",
        "std_msgs/msg/String",
        "teleop",
        "OPEN, CLOSED or WAITING (for the hand to let go once) or LOST; the share of full speed; "
        "what is wrong with the device",
        latched=True,
    ),
    Topic(
        "estop",
        "std_msgs/msg/Bool",
        "stop device",
        "true stops; false lets `recover` work again, it resumes nothing; a second device has a "
        "topic of its own (`stop_topics`)",
        latched=True,
    ),
    Topic(
        "page_estop",
        "std_msgs/msg/Bool",
        "web",
        "the same of the operator's page; it lets go of nothing but its own stop",
        latched=True,
    ),
    Topic(
        "estop_heartbeat",
        "std_msgs/msg/UInt64",
        "stop device",
        "a counter that must keep changing; its loss is a stop where heartbeat_required is set",
    ),
    Topic(
        "/diagnostics",
        "diagnostic_msgs/msg/DiagnosticArray",
        "every node",
        "rate, jitter and age of every loop and callback; every stop with code, count and remedy; "
        "every change of state at once, and the last of them each second",
    ),
    *_camera_topics("camera", "camera", "what the camera sees"),
    *_camera_topics("wrist_camera", "wrist_camera", "the same from the hand"),
    Topic(
        "object_poses",
        "geometry_msgs/msg/PoseArray",
        "objects",
        "tags in the base frame, one pose per entry of `tags.ids`, in that order; NaN where it is "
        "not seen",
    ),
    Topic(
        "/tf_static",
        "tf2_msgs/msg/TFMessage",
        "frames",
        "what is fixed where (`frames_file`), where ROS has tf2_msgs; elsewhere poses "
        "`frames/CHILD` (PoseStamped, latched) in the frame of the parent",
        latched=True,
    ),
    Topic(
        "instruction",
        "std_msgs/msg/String",
        "anybody",
        "what is meant, in words; the newest is kept with the next episode",
        latched=True,
    ),
    Topic(
        "recording",
        "std_msgs/msg/String",
        "episodes",
        "key of the episode that is being recorded, or nothing",
        latched=True,
    ),
    Topic("/clock", "rosgraph_msgs/msg/Clock", "robot", "robot time, in lockstep only"),
)

SERVICES = (
    Service(
        "arm",
        "std_srvs/srv/Trigger",
        "robot",
        "HOLD to RUNNING: commands are followed from now on",
    ),
    Service("hold", "std_srvs/srv/Trigger", "robot", "RUNNING or RECOVERY to HOLD: brake, stay"),
    Service("estop", "std_srvs/srv/Trigger", "robot", "software stop; latched until `recover`"),
    Service(
        "recover",
        "std_srvs/srv/Trigger",
        "robot",
        "INACTIVE (reflex, watchdog) or ESTOP to HOLD, in place; a pressed stop must be released "
        "first, and `arm` is a second, own step",
    ),
    Service(
        "acknowledge",
        "std_srvs/srv/Trigger",
        "robot",
        "a person has looked why reflexes were repeated; before that `recover` refuses",
    ),
    Service(
        "retreat",
        "std_srvs/srv/Trigger",
        "robot",
        "HOLD to RECOVERY: slowly back along the path just driven, then HOLD",
    ),
    Service(
        "home",
        "std_srvs/srv/Trigger",
        "robot",
        "HOLD to RECOVERY: slowly and straight to the home posture, then HOLD",
    ),
    Service(
        "gripper_homing",
        "std_srvs/srv/Trigger",
        "robot",
        "find the ends of the fingers' range; refused unless the robot is armed",
    ),
    Service(
        "machine_time",
        "std_srvs/srv/Trigger",
        "robot",
        "the time of the robot's machine, nanoseconds as text, for those on another one",
    ),
    Service(
        "resume",
        "std_srvs/srv/Trigger",
        "controller",
        "go on after CANNOT_ADAPT, from the meta-learned model",
    ),
    Service(
        "start_episode",
        "std_srvs/srv/Trigger",
        "episodes",
        "record from now on; the answer is the key of the episode",
    ),
    Service(
        "stop_episode",
        "std_srvs/srv/Trigger",
        "episodes",
        "end it; answered when all of it is on the disk",
    ),
    Service(
        "discard_episode",
        "std_srvs/srv/Trigger",
        "episodes",
        "the episode, or else the newest one, is not to be used; it is marked, not deleted",
    ),
    Service(
        "mark_episode",
        "std_srvs/srv/Trigger",
        "episodes",
        "note the present step in the journal, with the instruction as its text",
    ),
    Service(
        "resume_episode",
        "std_srvs/srv/Trigger",
        "episodes",
        "go on with the newest episode, also after a crash or a discard",
    ),
)
