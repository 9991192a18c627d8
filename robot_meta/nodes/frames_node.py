"""What is fixed where, told once to everybody: on /tf_static, or as poses where ROS has no tf2."""

from __future__ import annotations

import importlib.util

from geometry_msgs.msg import PoseStamped, TransformStamped
from rclpy.node import Node

from robot_meta.nodes import messages, qos
from robot_meta.nodes.fixed_frames import FixedFramesConfig
from robot_meta.nodes.images import pose_msg
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.perception.frames import Transform


class FramesNode(Node):
    """Publishes every transform, latched, once it is checked.

    Publishes: /tf_static (tf2_msgs/TFMessage) where tf2_msgs is installed, else one
        frames/CHILD (geometry_msgs/PoseStamped) per frame, in the frame of its parent.
    """

    def __init__(self) -> None:
        super().__init__("frames")
        config = declare_config(self, FixedFramesConfig())
        refuse_unknown(self)
        transforms = config.tree().transforms
        stamp = self.get_clock().now().nanoseconds * 1e-9
        if importlib.util.find_spec("tf2_msgs") is not None:
            self._publish_tf(stamp, transforms)
        else:
            for transform in transforms:
                self._publish_pose(stamp, transform)
        self.get_logger().info(f"{len(transforms)} frames are fixed")

    def _publish_tf(self, stamp: float, transforms: list[Transform]) -> None:
        from tf2_msgs.msg import TFMessage

        publisher = self.create_publisher(TFMessage, "/tf_static", qos.latched())
        publisher.publish(TFMessage(transforms=[transform_msg(stamp, t) for t in transforms]))

    def _publish_pose(self, stamp: float, transform: Transform) -> None:
        msg = PoseStamped(pose=pose_msg(transform.pose))
        msg.header.frame_id, msg.header.stamp = transform.parent, messages.time_msg(stamp)
        self.create_publisher(PoseStamped, f"frames/{transform.child}", qos.latched()).publish(msg)


def transform_msg(stamp: float, transform: Transform) -> TransformStamped:
    """One static transform as tf2 wants it."""
    msg = TransformStamped(child_frame_id=transform.child)
    msg.header.frame_id, msg.header.stamp = transform.parent, messages.time_msg(stamp)
    pose = pose_msg(transform.pose)
    shift = msg.transform.translation
    shift.x, shift.y, shift.z = pose.position.x, pose.position.y, pose.position.z
    msg.transform.rotation = pose.orientation
    return msg


def main() -> int:
    """Run the node."""
    return run("frames", FramesNode)
