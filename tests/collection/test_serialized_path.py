"""A path over the wire, read as one table: the same as message by message, or refused."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from nav_msgs.msg import Path  # noqa: E402
from rclpy.serialization import serialize_message  # noqa: E402

from robot_meta.collection.serialized_path import target_from_serialized  # noqa: E402
from robot_meta.nodes.messages import target_msg  # noqa: E402
from robot_meta.planning.paths import figure_eight, hold  # noqa: E402

EIGHT = figure_eight(np.array([0.4, 0.0, 0.5]), start=1_795_278_112.538)


@pytest.mark.parametrize("frame", ["base", ""])
@pytest.mark.parametrize("path", [EIGHT, hold(np.array([0.1, -0.2, 0.3]), start=7.25)])
def test_it_comes_back_bit_for_bit(path, frame):
    target = target_from_serialized(serialize_message(target_msg(path, frame)))
    np.testing.assert_array_equal(target.stamp, path.stamp)
    np.testing.assert_array_equal(target.position, path.position)


@pytest.mark.parametrize("header", ["", "b", "ba", "bas", "base"])
def test_strings_of_any_length_leave_the_poses_where_they_are(header):
    msg = target_msg(EIGHT)
    msg.header.frame_id = header
    data = serialize_message(msg)
    if header in ("", "base"):
        np.testing.assert_array_equal(target_from_serialized(data).position, EIGHT.position)
    else:
        with pytest.raises(ValueError, match="'base'"):
            target_from_serialized(data)


@pytest.mark.parametrize("frame", ["camera", "odom", ""])
def test_one_pose_in_another_frame_is_refused(frame):
    msg = target_msg(EIGHT)
    msg.poses[700].header.frame_id = frame
    with pytest.raises(ValueError, match="every pose in frame 'base'"):
        target_from_serialized(serialize_message(msg))


@pytest.mark.parametrize("cut", [0, 3, 40, -1])
def test_bytes_that_are_no_path_are_refused(cut):
    with pytest.raises(ValueError, match="serialized nav_msgs/Path"):
        target_from_serialized(serialize_message(target_msg(EIGHT))[:cut])


def test_an_empty_path_and_one_that_runs_back_are_refused():
    with pytest.raises(ValueError, match="P >= 1"):
        target_from_serialized(serialize_message(Path()))
    msg = target_msg(EIGHT)
    msg.poses = msg.poses[::-1]
    with pytest.raises(ValueError, match="increase"):
        target_from_serialized(serialize_message(msg))
