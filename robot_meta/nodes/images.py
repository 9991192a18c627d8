"""Pictures, what the camera is, and poses as standard messages, and back; pure functions."""

from __future__ import annotations

from array import array

import numpy as np
from geometry_msgs.msg import Pose as PoseMsg
from sensor_msgs.msg import CameraInfo, Image

from robot_meta.nodes.messages import time_msg
from robot_meta.perception.camera import Color, Depth, Intrinsics
from robot_meta.perception.poses import Pose

COLOR_ENCODING, DEPTH_ENCODING = "rgb8", "16UC1"  # depth in millimetres (REP 118)
MODEL = "plumb_bob"


def image_msg(stamp: float, frame: str, picture: Color | Depth) -> Image:
    """A colour picture (H, W, 3) or a depth picture (H, W), [mm]."""
    height, width = picture.shape[:2]
    msg = Image(height=height, width=width, step=picture.strides[0])
    msg.header.stamp, msg.header.frame_id = time_msg(stamp), frame
    msg.encoding = COLOR_ENCODING if picture.ndim == 3 else DEPTH_ENCODING
    msg.data = array("B", np.ascontiguousarray(picture).tobytes())
    return msg


def camera_info_msg(stamp: float, frame: str, intrinsics: Intrinsics) -> CameraInfo:
    """What OpenCV and ROS need to turn points into pixels; the picture is not rectified."""
    matrix = intrinsics.matrix
    msg = CameraInfo(height=intrinsics.height, width=intrinsics.width, distortion_model=MODEL)
    msg.header.stamp, msg.header.frame_id = time_msg(stamp), frame
    msg.d = list(intrinsics.distortion)
    msg.k = matrix.reshape(-1)
    msg.r = np.eye(3).reshape(-1)
    msg.p = np.hstack([matrix, np.zeros((3, 1))]).reshape(-1)
    return msg


def color_from(msg: Image) -> Color:
    """The colour picture (H, W, 3) of a message.

    Raises:
        ValueError: It is encoded otherwise than as rgb8 or bgr8, or has the wrong length.
    """
    if msg.encoding not in ("rgb8", "bgr8"):
        raise ValueError(f"want a picture as rgb8 or bgr8, got '{msg.encoding}'")
    if msg.step < 3 * msg.width or len(msg.data) != msg.height * msg.step:
        raise ValueError(
            f"want {msg.height} rows of {msg.step} bytes for {msg.width} pixels each, got "
            f"{len(msg.data)} bytes"
        )
    rows = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.step)
    picture = rows[:, : 3 * msg.width].reshape(msg.height, msg.width, 3)
    return np.ascontiguousarray(picture[..., ::-1] if msg.encoding == "bgr8" else picture)


def intrinsics_from(msg: CameraInfo) -> Intrinsics:
    """What a camera_info says.

    Raises:
        ValueError: The camera is not calibrated, or of another lens model.
    """
    if not msg.k[0] > 0.0:
        raise ValueError("the camera_info holds no focal length: the camera is not calibrated")
    if msg.distortion_model not in (MODEL, "") or len(msg.d) not in (0, 5):
        raise ValueError(
            f"want distortion model '{MODEL}' with 5 coefficients, got "
            f"'{msg.distortion_model}' with {len(msg.d)}"
        )
    k1, k2, p1, p2, k3 = list(msg.d) or [0.0] * 5
    return Intrinsics(
        width=msg.width,
        height=msg.height,
        focal=(float(msg.k[0]), float(msg.k[4])),
        center=(float(msg.k[2]), float(msg.k[5])),
        distortion=(k1, k2, p1, p2, k3),
    )


def pose_msg(pose: Pose) -> PoseMsg:
    """A pose; NaN stays NaN."""
    msg = PoseMsg()
    point, turn = msg.position, msg.orientation
    point.x, point.y, point.z = pose.position.tolist()
    turn.x, turn.y, turn.z, turn.w = pose.quat_xyzw.tolist()
    return msg


def pose_from(msg: PoseMsg) -> Pose:
    """The pose of a message."""
    point, turn = msg.position, msg.orientation
    return Pose.from_quat_xyzw((point.x, point.y, point.z), (turn.x, turn.y, turn.z, turn.w))
