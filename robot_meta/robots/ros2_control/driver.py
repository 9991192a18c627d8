"""Any arm that speaks topics: controllers of ros2_control and CRISP, with our guard in front.

The reference of the guard is sampled at a fixed rate and streamed to a controller that is already
active; the law behind it, with its gains, is the controller's. What comes back is `joint_states`.
A reference that runs out is held, and held positions go on being sent, so that one sees at the
controller who commands it.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.context import Context
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import JointState

from robot_meta.errors import MissingJoint, NotConnected
from robot_meta.joint_order import by_joint
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription, with_gains
from robot_meta.robots.playback import ReferencePlayback, check_reference
from robot_meta.robots.ros2_control.command_topics import COMMAND_TOPICS, Naming, Sample
from robot_meta.robots.ros2_control.config import Ros2ControlConfig
from robot_meta.robots.topic_node import TopicNode
from robot_meta.types import Array, Observation, Reference

CONTROLLER_LOST = "CONTROLLER_LOST"  # nobody listens to the commands any more
TOUCH_LOST = "TOUCH_LOST"  # external torques come no more, or not of this arm
TOUCH_SILENCE = 0.5  # longest between two external torques, [s]


class Ros2ControlRobot(Closing):
    """An arm behind topics. It holds its measured pose from the moment it is connected.

    Args:
        description: The arm.
        config: Its topics.
        context: Of ROS; the default one, started if need be, where None.

    Raises:
        NotConnected: No state comes, or nobody listens to commands.
        MissingJoint: The states are of another robot.
    """

    def __init__(
        self,
        description: ArmDescription,
        config: Ros2ControlConfig | None = None,
        context: Context | None = None,
    ) -> None:
        self._config = config = config if config is not None else Ros2ControlConfig()
        self._chain = description.chain
        self.spec = with_gains(description.spec, config.stiffness, config.damping)
        self._names = config.joint_names or self.spec.joint_names
        if len(self._names) != self.spec.num_joints:
            raise ValueError(f"want {self.spec.num_joints} joint_names, got {list(self._names)}")
        self._lock = threading.Lock()
        self._playback, self._held_at = ReferencePlayback(self.spec), False
        self._target = np.zeros(2 * self.spec.num_joints)
        self._newest: tuple[float, Observation] | None = None  # when it came, and what
        self._external = np.zeros(self.spec.num_joints)
        self._felt: float | None = None  # when they came last, on the monotonic clock, [s]
        self._trouble: Exception | None = None
        self._stopped, self._topics = "", TopicNode(context)
        self._open_topics(config)
        self._topics.listen()
        try:
            if not self._topics.wait(self._is_there, config.connect_timeout):
                raise self._trouble or NotConnected(self._what_is_missing())
        except BaseException:
            self.close()
            raise
        self._hold_here()
        self._period = 1.0 / config.rate
        self._topics.send(self._period, self._stream)

    def observe(self) -> Observation:
        """The newest state; never waits for the robot."""
        if self._topics.closed.is_set():
            raise NotConnected("the robot's topics are closed; make a new driver")
        if self._trouble is not None:
            raise self._trouble
        with self._lock:
            assert self._newest is not None
            return self._newest[1]

    def command(self, reference: Reference) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        now = self.observe().stamp
        check_reference(reference, self.spec)
        with self._lock:
            assert self._newest is not None
            now += time.perf_counter() - self._newest[0]
            if not self._stopped:
                self._playback.play(reference, self._playback.late_start(reference, now))

    @property
    def stopped(self) -> str:
        """Why it is stopped, "" when it is not."""
        return self._stopped

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; the first reason counts."""
        with self._lock:
            if not self._topics.closed.is_set() and not self._stopped:
                self._stopped = reason or "STOP"
                self._playback.hold_at(self._playback.held)

    def recover(self) -> bool:
        """Clear a stop and hold in place; not while nobody listens or nothing is felt."""
        self.observe()
        if not self._stopped:
            return True
        if not self._listened_to() or not self._feels():
            return False
        self._hold_here()
        self._stopped = ""
        return True

    def close(self) -> None:
        """Stop and disconnect; the controller keeps the last position it was given."""
        self.stop("CLOSED")
        self._topics.close()

    # Topics.

    def _open_topics(self, config: Ros2ControlConfig) -> None:
        newest = QoSProfile(depth=1)
        any_source = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
        node = self._topics.node
        wanted = {config.command_topic: COMMAND_TOPICS[config.controller]}
        if config.posture_topic:
            wanted[config.posture_topic] = COMMAND_TOPICS["target_joint"]
        self._outputs = [
            (node.create_publisher(topic.kind, name, newest), topic.message)
            for name, topic in wanted.items()
        ]
        node.create_subscription(JointState, config.state_topic, self._on_state, any_source)
        if config.external_torque_topic:
            node.create_subscription(
                JointState, config.external_torque_topic, self._on_external, any_source
            )

    def _on_state(self, msg: JointState) -> None:
        try:
            position = self._values(msg, msg.position, "position")
            velocity = self._values(msg, msg.velocity, "velocity")
            torque = self._values(msg, msg.effort or [0.0] * len(msg.name), "effort")
        except (MissingJoint, ValueError) as error:
            if self._newest is None:  # afterwards: the joints of a gripper on the same topic
                self._trouble = error
            return
        stamp = msg.header.stamp.sec + 1e-9 * msg.header.stamp.nanosec
        with self._lock:
            if self._newest is None or stamp > self._newest[1].stamp:
                observation = Observation(
                    stamp=stamp,
                    position=position,
                    velocity=velocity,
                    torque=torque,
                    external_torque=self._external,
                )
                self._trouble, self._newest = None, (time.perf_counter(), observation)

    def _values(self, msg: JointState, values: Any, what: str) -> Array:
        array = by_joint(msg.name, values, self._names, what)
        if not np.isfinite(array).all():
            raise ValueError(f"{what} of the arm is not finite: {array.tolist()}")
        return array

    def _on_external(self, msg: JointState) -> None:
        try:
            self._external = self._values(msg, msg.effort, "external effort")
        except (MissingJoint, ValueError) as error:
            if self._felt is None:
                self._trouble = error
            return  # `_stream` stops the robot when no good ones come
        self._felt = time.perf_counter()

    def _feels(self) -> bool:
        """Whether external torques come, where they should."""
        if not self._config.external_torque_topic:
            return True
        return self._felt is not None and time.perf_counter() - self._felt <= TOUCH_SILENCE

    def _is_there(self) -> bool:
        return self._newest is not None and self._listened_to() and self._feels()

    def _listened_to(self) -> bool:
        return all(publisher.get_subscription_count() for publisher, _ in self._outputs)

    def _what_is_missing(self) -> str:
        config = self._config
        waited = f"for {config.connect_timeout:g} s"
        if self._newest is None:
            return (
                f"no joint states came on {config.state_topic} {waited}. Is the arm's "
                "joint_state_broadcaster active? Topics of that type: "
                f"{self._topics.topics_of(JointState)}"
            )
        if self._listened_to():
            return (
                f"no external joint torques came on {config.external_torque_topic} {waited}. "
                f"Topics of that type: {self._topics.topics_of(JointState)}"
            )
        kind = COMMAND_TOPICS[config.controller].kind
        return (
            f"nobody listened on {self._unheard()} {waited}. Is the controller active? "
            f"Topics of its type: {self._topics.topics_of(kind)}"
        )

    def _unheard(self) -> str:
        silent = [p.topic_name for p, _ in self._outputs if not p.get_subscription_count()]
        return " and ".join(silent)

    # The reference, sample by sample.

    def _hold_here(self) -> None:
        with self._lock:
            assert self._newest is not None
            self._playback.hold_at(self._newest[1].position)

    def _stream(self, missed: int) -> None:
        """Send the sample that is due; missed ones are left out."""
        stride = round(self._period / self.spec.reference_dt)
        naming = Naming(self._names, self._chain, self._config.base_frame)
        with self._lock:
            for _ in range(stride * (1 + missed)):
                self._playback.next(self._target)
            position, velocity = np.split(self._target, 2)
            sample = Sample(position.copy(), velocity.copy(), self._period)
        if not self._listened_to():
            self.stop(CONTROLLER_LOST)
        elif not self._feels():
            self.stop(TOUCH_LOST)
        for publisher, message in self._outputs:
            publisher.publish(self._stamped(message(sample, naming)))

    def _stamped(self, msg: Any) -> Any:
        if isinstance(msg, JointState | PoseStamped):
            msg.header.stamp = self._topics.node.get_clock().now().to_msg()
        return msg
