"""Printed tags in rendered pictures: how exactly they are found, and what is left out."""

import numpy as np
import pytest

from robot_meta.perception.poses import Pose, angle, distance
from robot_meta.perception.tags import TagConfig, TagDetector, card_size, tag_picture

pytestmark = pytest.mark.sim


def tag_in_camera(studio, seed, range_m=0.8):
    """Some tag at that distance, turned up to 55 degrees from facing the camera."""
    rng = np.random.default_rng(seed)
    tilted = studio.turn([*rng.normal(size=2), 0.0], rng.uniform(0.0, 55.0))
    position = np.array([rng.uniform(-0.2, 0.2), rng.uniform(-0.15, 0.15), range_m])
    return Pose(
        position=position,
        rotation=tilted @ studio.facing @ studio.turn([0, 0, 1], rng.uniform(0, 360)),
    )


@pytest.mark.parametrize("seed", range(16))
def test_a_tag_of_8_cm_at_80_cm_is_found_to_5_mm_and_2_degrees(studio, seed):
    true = tag_in_camera(studio, seed)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ true)])
    color = studio.with_noise(frame.color, np.random.default_rng(seed))
    found = TagDetector(TagConfig()).detect(color, intrinsics)[0]
    assert distance(found, true) <= 0.005
    assert angle(found, true) <= np.radians(2.0)


def test_a_tag_that_lies_along_the_pixels_is_found_as_well(studio):
    for column in (0.1, 0.1004, 0.1008):  # edges on pixels and between them
        true = Pose(position=np.array([column, -0.05, 0.8]), rotation=studio.facing)
        frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ true)])
        found = TagDetector(TagConfig()).detect(frame.color, intrinsics)[0]
        assert distance(found, true) <= 0.005
        assert angle(found, true) <= np.radians(2.0)


def test_x_is_right_y_is_up_and_z_comes_out_of_the_paper(studio):
    true = Pose(position=np.array([0.05, -0.03, 0.6]), rotation=studio.facing)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ true)])
    found = TagDetector(TagConfig()).detect(frame.color, intrinsics)[0]
    np.testing.assert_allclose(found.rotation, studio.facing, atol=0.03)
    np.testing.assert_allclose(found.position, true.position, atol=0.002)


def test_only_the_tags_that_are_asked_for_are_told_and_told_apart(studio):
    places = {number: tag_in_camera(studio, number) for number in (0, 3, 7)}
    spread = {
        n: Pose(position=np.array([0.2 * i - 0.2, 0.0, 0.8]), rotation=pose.rotation)
        for i, (n, pose) in enumerate(places.items())
    }
    posters = [studio.poster(studio.down @ pose, number=n) for n, pose in spread.items()]
    frame, intrinsics = studio.take(studio.down, posters)
    found = TagDetector(TagConfig(ids=(7, 0))).detect(frame.color, intrinsics)
    assert sorted(found) == [0, 7]
    for number, pose in found.items():
        assert distance(pose, spread[number]) < 0.005


def test_a_number_that_is_seen_twice_is_nowhere(studio):
    left, right = (
        Pose(position=np.array([x, 0.0, 0.8]), rotation=studio.facing) for x in (-0.15, 0.15)
    )
    frame, intrinsics = studio.take(
        studio.down, [studio.poster(studio.down @ pose) for pose in (left, right)]
    )
    assert TagDetector(TagConfig()).detect(frame.color, intrinsics) == {}


def test_a_tag_that_is_half_out_of_the_picture_or_not_there_is_not_found(studio):
    out = Pose(position=np.array([0.42, 0.0, 0.8]), rotation=studio.facing)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ out)])
    assert TagDetector(TagConfig()).detect(frame.color, intrinsics) == {}


def test_a_tag_at_the_edge_of_the_picture_is_found(studio):
    edge = Pose(position=np.array([-0.35, -0.25, 0.8]), rotation=studio.facing)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ edge)])
    found = TagDetector(TagConfig()).detect(frame.color, intrinsics)
    assert distance(found[0], edge) < 0.005


def test_corners_that_fit_no_square_count_for_nothing(studio):
    true = tag_in_camera(studio, 1)
    frame, intrinsics = studio.take(studio.down, [studio.poster(studio.down @ true)])
    strict = TagDetector(TagConfig(max_error=1e-4))
    assert strict.detect(frame.color, intrinsics) == {}


def test_a_card_has_a_white_cell_around_its_square():
    picture = tag_picture(5, cell=10)
    assert picture.shape == (100, 100)
    assert (picture[:10] == 255).all() and (picture[:, -10:] == 255).all()
    assert (picture[10:20, 10:-10] == 0).all()
    assert card_size(0.08) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"family": "36h12"}, r"one of \['16h5', '25h9', '36h10', '36h11'\], got '36h12'"),
        ({"ids": (587,)}, r"ids of 36h11 are 0 to 586, got \(587,\)"),
        ({"ids": (1, 1)}, "different numbers"),
        ({"ids": ()}, "at least one"),
        ({"size": 0.0}, "size must be > 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        TagConfig(**values)
