"""What stands around a simulated arm, on topics: the desk in the twin and what was done to it."""

from __future__ import annotations

from collections.abc import Callable

from geometry_msgs.msg import Pose, PoseArray
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from robot_meta.collection.decoding import BASE_FRAME
from robot_meta.collection.desk_state import SCENE_JOINTS, desk_states
from robot_meta.nodes import messages, qos
from robot_meta.twin.desk.predicates import SKILLS, VERSION, Judge
from robot_meta.types import Array


class SceneTopics:
    """Publishes `scene/joint_states`, `scene/object_poses` and `scene/progress`.

    Progress and success are those of `twin/desk/predicates.py`, relative to the desk as it was
    when the episode that `recording` names began, or else when the node began.

    Args:
        node: Whose topics they are.
        look: Gives the scene as it is now, (1 + D,), entries as in `SCENE`.
        period: Between two looks, [s].
    """

    def __init__(self, node: Node, look: Callable[[], Array], period: float) -> None:
        self._look, self._judge = look, Judge(period)
        state = qos.state()
        self._joints = node.create_publisher(JointState, "scene/joint_states", state)
        self._objects = node.create_publisher(PoseArray, "scene/object_poses", state)
        self._progress = node.create_publisher(JointState, "scene/progress", state)
        node.create_subscription(String, "recording", self._on_recording, qos.latched())

    def publish(self, stamp: float) -> None:
        """Send out how it is now, as of `stamp` [s]."""
        scene = self._look()
        joints, objects = scene_msgs(stamp, scene)
        self._joints.publish(joints)
        self._objects.publish(objects)
        progress, done = self._judge.look(desk_states(scene))
        msg = JointState(name=list(SKILLS), position=progress, effort=[float(d) for d in done])
        msg.header.stamp, msg.header.frame_id = joints.header.stamp, str(VERSION)
        self._progress.publish(msg)

    def _on_recording(self, msg: String) -> None:
        if msg.data:
            self._judge.begin()


def scene_msgs(stamp: float, scene: Array) -> tuple[JointState, PoseArray]:
    """A scene (1 + D,) as messages; `scene_from` is the way back."""
    values = scene.tolist()
    count = len(SCENE_JOINTS)
    joints = JointState(name=list(SCENE_JOINTS), position=values[:count])
    objects = PoseArray(poses=[_pose(values[i : i + 7]) for i in range(count, len(values), 7)])
    objects.header.frame_id = BASE_FRAME
    joints.header.stamp = objects.header.stamp = messages.time_msg(stamp)
    return joints, objects


def _pose(values: list[float]) -> Pose:
    """From x, y, z and a quaternion w, x, y, z."""
    msg = Pose()
    point, turn = msg.position, msg.orientation
    point.x, point.y, point.z, turn.w, turn.x, turn.y, turn.z = values
    return msg
