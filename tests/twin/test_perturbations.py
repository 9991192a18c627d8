"""What can be different about a body, and which bodies are for what."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from robot_meta.twin import splits
from robot_meta.twin.perturbations import (
    FIELDS,
    TWIN_ONLY,
    Perturbations,
    ScheduledChange,
    changes_to,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payload_mass", -0.1),
        ("payload_mass", math.nan),
        ("payload_offset", (0.0, 0.0)),
        ("joint_gain", (1.0,) * 6),
        ("joint_gain", (-0.1,) + (1.0,) * 6),
        ("friction_scale", (math.inf,) + (1.0,) * 6),
        ("command_delay", 0.2),
        ("observation_delay", -0.001),
        ("base_tilt", 0.1),
        ("tool_force", "abc"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Perturbations().changed(name, value)
    with pytest.raises(ValueError, match=name):
        ScheduledChange(stamp=1.0, name=name, value=value)


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="payload_mass"):
        Perturbations().changed("payload", 1.0)


@pytest.mark.parametrize("stamp", [-1.0, math.nan, math.inf])
def test_a_change_at_no_time_is_refused(stamp: float) -> None:
    with pytest.raises(ValueError, match="stamp"):
        ScheduledChange(stamp=stamp, name="payload_mass", value=1.0)


def test_lists_and_arrays_become_tuples_so_that_bodies_compare_and_hash() -> None:
    body = Perturbations(joint_gain=list(np.ones(7)))  # type: ignore[arg-type]
    assert body == Perturbations()
    assert hash(body) == hash(Perturbations())


def test_the_schedule_to_a_body_names_exactly_what_differs() -> None:
    body = Perturbations(payload_mass=1.0, base_tilt=(0.1, 0.0))
    rebuilt = Perturbations()
    for change in changes_to(body, stamp=2.0):
        assert change.stamp == 2.0
        rebuilt = rebuilt.changed(change.name, change.value)
    assert rebuilt == body
    assert changes_to(Perturbations(), stamp=2.0) == ()


def test_twin_only_faults_are_fields() -> None:
    assert set(FIELDS) > TWIN_ONLY
    assert "payload_mass" not in TWIN_ONLY


@pytest.mark.parametrize("split", splits.split_names())
def test_every_draw_lies_in_its_split_and_the_seed_decides_it(split: str) -> None:
    bodies = [splits.draw(split, np.random.default_rng(seed)) for seed in range(200)]
    again = [splits.draw(split, np.random.default_rng(seed)) for seed in range(200)]
    assert bodies == again
    assert len(set(bodies)) > 100
    assert all(splits.contains(split, body) for body in bodies)


@pytest.mark.parametrize("split", splits.split_names())
def test_every_kind_of_a_split_is_drawn(split: str) -> None:
    rng = np.random.default_rng(0)
    seen = [splits.draw(split, rng).differences().keys() for _ in range(300)]
    for kind in splits.kinds(split):
        fields = splits.draw(split, rng, kind=kind).differences().keys()
        assert any(fields & keys for keys in seen)


@pytest.mark.parametrize("scene", splits.held_out_bodies())
@pytest.mark.parametrize("split", splits.split_names())
def test_no_split_contains_a_held_out_body(split: str, scene: str) -> None:
    assert not splits.contains(split, splits.held_out_bodies()[scene])


def test_held_out_bodies_lie_outside_the_training_range_in_a_field_each() -> None:
    """Named one by one, so that widening a range cannot pass unseen."""
    train = [splits.draw("train", np.random.default_rng(seed)) for seed in range(3000)]
    bodies = splits.held_out_bodies()
    gains = np.sort([body.joint_gain for body in train], axis=1)
    assert max(body.payload_mass for body in train) < 1.9 < bodies["payload"].payload_mass
    assert min(gains[:, 0]) > 0.1 > min(bodies["dead"].joint_gain)
    assert min(gains[:, 1]) > 0.42 > sorted(bodies["weak"].joint_gain)[1]
    assert max(abs(np.array(body.joint_bias)).max() for body in train) == 0.0


@pytest.mark.parametrize("split", ["extrapolation", "unseen_kind"])
def test_what_is_called_unseen_is_never_trained_on(split: str) -> None:
    rng = np.random.default_rng(1)
    assert not any(splits.contains("train", splits.draw(split, rng)) for _ in range(500))


def test_unseen_kinds_change_only_fields_that_training_never_reaches() -> None:
    rng = np.random.default_rng(2)
    for kind in splits.kinds("unseen_kind"):
        for _ in range(50):
            body = splits.draw("unseen_kind", rng, kind=kind)
            for name, value in body.differences().items():
                only = dataclasses.replace(Perturbations(), **{name: value})
                assert not splits.contains("train", only), (kind, name)


def test_interpolation_stays_inside_the_training_range() -> None:
    rng = np.random.default_rng(3)
    assert all(splits.contains("train", splits.draw("interpolation", rng)) for _ in range(500))


def test_a_kind_with_weak_joints_weakens_exactly_so_many_and_every_joint_in_turn() -> None:
    rng = np.random.default_rng(4)
    bodies = [splits.draw("train", rng, kind="two_weak_joints") for _ in range(300)]
    weak = np.array([body.joint_gain for body in bodies]) < 1.0
    assert (weak.sum(axis=1) == 2).all()
    assert (weak.sum(axis=0) > 50).all()


@pytest.mark.parametrize("arguments", [("trained", None), ("train", "odd")])
def test_an_unknown_split_or_kind_is_refused(arguments: tuple[str, str | None]) -> None:
    split, kind = arguments
    with pytest.raises(ValueError, match="choose one of"):
        splits.draw(split, np.random.default_rng(0), kind=kind)


def test_the_file_has_a_version() -> None:
    assert splits.splits_version() >= 1
