"""Hand-eye calibration in the twin: rendered tags, noise on pixels and joints, known truth."""

import dataclasses

import numpy as np
import pytest

from robot_meta.errors import BadConfig, CalibrationFailed
from robot_meta.perception.calibration import (
    PairCollector,
    PosePair,
    load_pairs,
    save_pairs,
    solve_hand_eye,
)
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.poses import IDENTITY, Pose, angle, distance
from robot_meta.perception.tags import TagConfig, TagDetector
from robot_meta.twin.posture import Posture

JOINT_NOISE = 2e-4  # of the believed posture, [rad]


def tool(studio, posture):
    origins, rotations = studio.arm.chain.joint_frames_in_base(posture)
    return Pose(position=origins[-1], rotation=rotations[-1])


def record(studio, mount, on_tool, card, seed, count=15):
    """Pairs as a person would record them: postures around home from which the tag is seen."""
    rng, spread = np.random.default_rng(seed), np.array([0.3, 0.25, 0.3, 0.3, 0.4, 0.4, 0.7])
    detector, pairs, posture = TagDetector(TagConfig()), [], studio.arm.spec.home.copy()
    camera = studio.open(
        mount, [studio.poster(card, held=not on_tool)], on_tool=on_tool,
        config=CameraConfig(depth=False),
        wait=lambda due, _: Posture(stamp=max(due, 0.0), position=posture),
    )  # fmt: skip
    for _ in range(40 * count):
        posture[:] = studio.arm.spec.home + rng.uniform(-1.0, 1.0, 7) * spread
        frame = camera.grab()
        seen = detector.detect(studio.with_noise(frame.color, rng), camera.intrinsics)
        if 0 in seen:
            believed = tool(studio, posture + rng.normal(0.0, JOINT_NOISE, 7))
            pairs.append(PosePair(tool_in_base=believed, tag_in_camera=seen[0]))
        if len(pairs) == count:
            break
    camera.close()
    assert len(pairs) == count
    return pairs


@pytest.mark.sim
@pytest.mark.parametrize("seed", range(3))
def test_a_camera_on_the_tool_is_found_to_3_mm_and_half_a_degree(studio, seed):
    mount = Pose(position=np.array([0.06, 0.01, -0.05]), rotation=studio.turn([1, 2, 0], 8))
    card = Pose(position=np.array([0.42, 0.0, 0.001]), rotation=np.eye(3))
    found = solve_hand_eye(record(studio, mount, True, card, seed), "tool")
    assert distance(found.camera, mount) <= 0.003
    assert angle(found.camera, mount) <= np.radians(0.5)
    assert found.position_error < 0.005


@pytest.mark.sim
@pytest.mark.parametrize("seed", range(2))
def test_a_camera_that_stands_is_found_from_a_tag_on_the_tool(studio, seed):
    mount = studio.look_at([1.05, -0.1, 0.35], [0.35, 0.0, 0.42])
    card = Pose(position=np.array([0.03, 0.0, 0.07]), rotation=studio.turn([0, 1, 0], 90))
    found = solve_hand_eye(record(studio, mount, False, card, seed, count=20), "base")
    assert distance(found.camera, mount) <= 0.003
    assert angle(found.camera, mount) <= np.radians(0.5)


def exact_pairs(turn, count=8, axes=None, seed=0):
    """Pairs without noise for a camera on the tool; `turn` makes a rotation from an axis [deg]."""
    rng = np.random.default_rng(seed)
    camera = Pose(position=np.array([0.05, 0.0, 0.02]), rotation=turn([0, 0, 1], 30))
    tag = Pose(position=np.array([0.5, 0.1, 0.0]), rotation=turn([1, 1, 0], 20))
    pairs = []
    for k in range(count):
        axis = rng.normal(size=3) if axes is None else axes[k % len(axes)]
        hand = Pose(position=rng.uniform(-0.2, 0.2, 3), rotation=turn(axis, 12.0 * k + 5.0))
        pairs.append(PosePair(tool_in_base=hand, tag_in_camera=(hand @ camera).inverse @ tag))
    return pairs, camera


def test_without_noise_it_is_exact(rotation):
    pairs, camera = exact_pairs(rotation)
    found = solve_hand_eye(pairs, "tool")
    assert distance(found.camera, camera) < 1e-6 and angle(found.camera, camera) < 1e-6
    inverted = [dataclasses.replace(p, tool_in_base=p.tool_in_base.inverse) for p in pairs]
    assert distance(solve_hand_eye(inverted, "base").camera, camera) < 1e-6


def test_too_few_pairs_are_refused(rotation):
    with pytest.raises(CalibrationFailed, match="at least 5 pairs of poses, got 4"):
        solve_hand_eye(exact_pairs(rotation)[0][:4], "tool")


@pytest.mark.parametrize("axes", [[(0, 0, 1)], [(1, 0, 0)]])
def test_turns_about_one_axis_are_refused(rotation, axes):
    with pytest.raises(CalibrationFailed, match="about two different axes"):
        solve_hand_eye(exact_pairs(rotation, axes=axes)[0], "tool")


def test_a_tool_that_only_shifts_is_refused(rotation):
    pairs = [
        PosePair(tool_in_base=dataclasses.replace(p.tool_in_base, rotation=np.eye(3)),
                 tag_in_camera=p.tag_in_camera)
        for p in exact_pairs(rotation)[0]
    ]  # fmt: skip
    with pytest.raises(CalibrationFailed, match="the tool turns too little"):
        solve_hand_eye(pairs, "tool")


def test_a_pair_that_contradicts_the_others_is_named(rotation):
    pairs, _ = exact_pairs(rotation)
    moved = dataclasses.replace(IDENTITY, position=np.array([0.05, 0.0, 0.0]))
    pairs[3] = dataclasses.replace(pairs[3], tag_in_camera=pairs[3].tag_in_camera @ moved)
    with pytest.raises(CalibrationFailed, match="pair 4 of 8 is .* mm"):
        solve_hand_eye(pairs, "tool")


def test_pairs_are_the_same_after_a_file(rotation, tmp_path):
    pairs, camera = exact_pairs(rotation)
    save_pairs(tmp_path / "pairs.json", pairs, "tool")
    again, mount = load_pairs(tmp_path / "pairs.json")
    assert mount == "tool"
    assert distance(solve_hand_eye(again, mount).camera, camera) < 1e-6
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(BadConfig, match="holds no pairs of poses"):
        load_pairs(tmp_path / "bad.json")


def test_a_pair_is_taken_when_the_tool_rests_somewhere_new():
    collector = PairCollector(still=0.5)
    at = lambda x: Pose(position=np.array([x, 0.0, 0.0]), rotation=np.eye(3))  # noqa: E731
    stamps = np.arange(0, 200) * 0.02
    taken = []
    for stamp in stamps:  # one second of rest, one of motion, two of rest
        x = 0.1 * np.clip(stamp - 1.0, 0.0, 1.0)
        collector.add_tool(stamp, at(x))
        if collector.add_tag(stamp, at(-x)):
            taken.append(round(float(stamp), 2))
    assert taken == [0.5, 2.5]
    assert [pair.tool_in_base.position[0] for pair in collector.pairs] == [0.0, 0.1]
