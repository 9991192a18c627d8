"""How the twin stands, from its topics, for whoever draws it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from geometry_msgs.msg import PoseArray
from rclpy.node import Node
from sensor_msgs.msg import JointState

from robot_meta.collection.decoding import stamp_from
from robot_meta.collection.desk_state import scene_from
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.errors import RobotMetaError
from robot_meta.joint_order import by_joint
from robot_meta.nodes import qos
from robot_meta.twin.posture import Posture


class PostureTopics:
    """Calls `heard` with each posture, once all that belongs to its stamp is there.

    Args:
        node: Whose subscriptions they are.
        names: Of the arm's joints.
        heard: Takes what was heard, in the executor's thread.
        desk: Whether the scene's topics belong to it.
    """

    def __init__(
        self, node: Node, names: Sequence[str], heard: Callable[[Posture], None], *, desk: bool
    ) -> None:
        self._node, self._names, self._heard = node, names, heard
        topics: dict[str, Any] = {"joint_states": JointState}
        if desk:
            topics |= {"scene/joint_states": JointState, "scene/object_poses": PoseArray}
        self._joiner = PeriodJoiner(topics)
        for topic, kind in topics.items():
            node.create_subscription(kind, topic, partial(self._on_part, topic), qos.external())

    def _on_part(self, topic: str, msg: Any) -> None:
        if (parts := self._joiner.put(topic, msg)) is None:
            return
        state, *scene = parts
        try:
            posture = Posture(
                stamp=stamp_from(state.header.stamp),
                position=by_joint(state.name, state.position, self._names, "position"),
                scene=scene_from(*scene) if scene else None,
            )
        except (RobotMetaError, ValueError) as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._heard(posture)


class NewestPosture:
    """Hands the newest posture from the thread that hears to the one that draws."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._posture: Posture | None = None
        self._ended = False

    def end(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def put(self, posture: Posture) -> None:
        """A newer one is there."""
        with self._changed:
            self._posture = posture
            self._changed.notify_all()

    def wait(self, due: float, timeout: float) -> Posture | None:
        """The newest one, once its stamp is `due` or later; None where that takes too long.

        A stamp that runs backwards belongs to a robot that was started anew, and counts at once.
        """
        with self._changed:
            before = self._posture

            def come() -> bool:
                now = self._posture
                if self._ended or now is None:
                    return self._ended
                return now.stamp >= due or (before is not None and now.stamp < before.stamp)

            came = self._changed.wait_for(come, timeout) and not self._ended
            return self._posture if came else None
