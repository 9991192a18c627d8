"""An arm behind topics, run as a process of its own: what ros2_control and CRISP look like.

python topic_arm.py CONTROLLER RELIABILITY [MODE]
    RELIABILITY   reliable or best_effort, of what it publishes and hears
    MODE          no_controller: nobody listens; no_velocity, other_joints: of its joint states;
                  numb: external torques end after a while

It follows its set point after a lag of 20 ms and tells where it is 250 times a second, joints in
an order of its own and a finger among them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from robot_meta.kinematics import rotation_from_quat_wxyz
from robot_meta.robots.description import arm_description

ARM = arm_description("fr3")
SPEC = ARM.spec
DT, LAG = 0.004, 0.02
NUMB = 3000  # steps with external torques, of an arm that feels nothing afterwards
SHUFFLED = [4, 0, 6, 2, 1, 5, 3]


class TopicArm(Node):
    def __init__(self, controller, reliability, mode=""):
        super().__init__("arm")
        qos = QoSProfile(depth=5, reliability=QoSReliabilityPolicy[reliability.upper()])
        self._mode = mode
        self._position, self._velocity = SPEC.home + 0.01, np.zeros(7)
        self._set_point = self._position.copy()
        self._steps = 0
        self._way = []  # set points of the coming steps
        self._states = self.create_publisher(JointState, "/arm/joint_states", qos)
        self._external = self.create_publisher(JointState, "/arm/external", qos)
        hear = {
            "joint_trajectory": (JointTrajectory, self._on_trajectory),
            "forward_command": (Float64MultiArray, self._on_forward),
            "target_joint": (JointState, self._on_target_joint),
            "target_pose": (PoseStamped, self._on_target_pose),
        }[controller]
        if mode != "no_controller":
            self.create_subscription(hear[0], "/arm/command", hear[1], qos)
        self._posture = None
        if controller == "target_pose":
            self.create_subscription(JointState, "/arm/posture", self._on_posture, qos)
        self.create_timer(DT, self._step)

    def _alone(self):
        """CRISP hears nobody while several publish."""
        return self.count_publishers("/arm/command") == 1

    def _on_trajectory(self, msg):
        (point,) = msg.points
        goal = np.empty(7)
        goal[[SPEC.joint_names.index(name) for name in msg.joint_names]] = point.positions
        after = point.time_from_start.sec + 1e-9 * point.time_from_start.nanosec
        steps = max(1, round(after / DT))
        share = np.arange(1, steps + 1)[:, None] / steps
        self._way = list(self._set_point + share * (goal - self._set_point))

    def _on_forward(self, msg):
        self._way = [np.array(msg.data)]

    def _on_target_joint(self, msg):
        if self._alone():
            goal = np.empty(7)
            goal[[SPEC.joint_names.index(name) for name in msg.name]] = msg.position
            self._way = [goal]

    def _on_posture(self, msg):
        self._posture = np.array(msg.position)

    def _on_target_pose(self, msg):
        """Inverse kinematics of the pose; what it leaves free goes to the posture."""
        if not self._alone():
            return
        p, q = msg.pose.position, msg.pose.orientation
        wanted = rotation_from_quat_wxyz([q.w, q.x, q.y, q.z])
        joints = self._set_point.copy()
        for _ in range(5):
            origins, rotations = ARM.chain.joint_frames_in_base(joints)
            turn = 0.5 * sum(np.cross(rotations[-1][:, i], wanted[:, i]) for i in range(3))
            error = np.concatenate([np.array([p.x, p.y, p.z]) - origins[-1], turn])
            jacobian = ARM.chain.tool_jacobian(joints)
            inverse = np.linalg.pinv(jacobian, rcond=1e-2)
            free = np.zeros(7) if self._posture is None else self._posture - joints
            joints = joints + inverse @ error + (np.eye(7) - inverse @ jacobian) @ free
        self._way = [joints]

    def _step(self):
        if not self.count_publishers("/arm/command"):  # between two tests it goes home
            self._way = [SPEC.home + 0.01]
        if self._way:
            self._set_point = self._way.pop(0)
        before = self._position
        self._position = self._set_point + np.exp(-DT / LAG) * (before - self._set_point)
        self._velocity = (self._position - before) / DT
        names = [SPEC.joint_names[i] for i in SHUFFLED]
        if self._mode == "other_joints":
            names = [f"left_{name}" for name in names]
        state = JointState(
            name=[*names, "finger"],
            position=[*self._position[SHUFFLED], 0.04],
            velocity=[*self._velocity[SHUFFLED], 0.0],
            effort=[*np.zeros(7), 0.0],
        )
        if self._mode == "no_velocity":
            state.velocity = []
        state.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(state)
        self._steps += 1
        if self._mode == "numb" and self._steps > NUMB:
            return
        external = JointState(name=names, effort=[float(i) for i in SHUFFLED])
        external.header.stamp = state.header.stamp
        self._external.publish(external)


if __name__ == "__main__":
    rclpy.init()
    try:
        rclpy.spin(TopicArm(*sys.argv[1:]))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()
