"""The file that says what is fixed where: what is believed, and what is refused."""

import numpy as np
import pytest

from robot_meta.errors import BadConfig
from robot_meta.perception.frames import load_frames, save_frames
from robot_meta.perception.poses import Pose, angle, distance
from robot_meta.resources import resource

GOOD = """
root: base
transforms:
  stand: {parent: base, position: [1, 0, 0.5], quat_xyzw: [0, 0, 1, 0]}
  lens: {parent: stand, position: [0.1, 0, 0], quat_xyzw: [-0.5, 0.5, -0.5, 0.5]}
  finger: {parent: tool, position: [0, 0, 0.1], quat_xyzw: [0, 0, 0, 1]}
"""


@pytest.fixture
def load(tmp_path):
    def write(text):
        path = tmp_path / "frames.yaml"
        path.write_text(text)
        return load_frames(path)

    return write


def test_places_follow_the_tree_down_to_what_carries_all(load):
    tree = load(GOOD)
    carrier, lens = tree.place("lens")
    assert carrier == "base"
    np.testing.assert_allclose(lens.position, [0.9, 0.0, 0.5], atol=1e-12)
    np.testing.assert_allclose(lens.rotation[:, 2], [-1.0, 0.0, 0.0], atol=1e-12)
    assert tree.place("finger")[0] == "tool"


def test_an_optical_frame_looks_along_x_of_its_link_with_y_down():
    tree = load_frames(resource("config/frames.yaml"))
    (optical,) = [t for t in tree.transforms if t.child == "camera_color_optical_frame"]
    np.testing.assert_allclose(optical.pose.rotation[:, 2], [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(optical.pose.rotation[:, 1], [0, 0, -1], atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[0, 0, 1, 0]", "[0, 0, 2, 0]", "'stand': quat_xyzw must have length 1, got 2"),
        ("[0, 0, 1, 0]", "[0, 0, 1]", "'stand': want 4 numbers for quat_xyzw"),
        ("[0, 0, 1, 0]", "[0, 0, .nan, 0]", "'stand': want 4 numbers for quat_xyzw"),
        ("parent: stand", "parent: mast", "'lens' hangs on 'mast', which is not there; there are"),
        ("parent: base", "parent: lens", "hang on themselves: stand on lens on stand"),
        ("  finger:", "  base:", "'base' has a transform"),
        ("  finger:", "  tool:", "'tool' has a transform"),
        ("  finger:", "  fin/ger:", "'fin/ger' is no name for a frame"),
        ("parent: base, ", "", r"'stand' wants \['parent', 'position', 'quat_xyzw'\]"),
        ("root: base", "roots: base", "want the keys root and transforms"),
        ("root: base", "root: [", "frames.yaml"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(load, old, new, message):
    with pytest.raises(BadConfig, match=message):
        load(GOOD.replace(old, new))


def test_a_frame_that_is_not_there_is_refused_with_those_that_are(load):
    with pytest.raises(BadConfig, match=r"no frame 'eye' .* 'finger', 'lens', 'stand', 'tool'"):
        load(GOOD).place("eye")


def test_a_calibrated_lens_moves_what_carries_it_and_survives_the_file(load, tmp_path):
    wanted = Pose.from_quat_xyzw([0.05, 0.0, -0.1], [0.0, 0.6, 0.0, 0.8])
    tree = load(GOOD).moved("lens", "tool", wanted)
    save_frames(tmp_path / "out.yaml", tree)
    again = load_frames(tmp_path / "out.yaml")
    carrier, lens = again.place("lens")
    assert carrier == "tool"
    assert distance(lens, wanted) < 1e-5 and angle(lens, wanted) < 1e-5
    before = {t.child: t for t in load(GOOD).transforms}["lens"]
    after = {t.child: t for t in again.transforms}["lens"]
    assert distance(before.pose, after.pose) < 1e-5, "the lens stays where it is on its stand"
