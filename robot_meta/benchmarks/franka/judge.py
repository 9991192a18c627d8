"""A recorded run held against every limit, and how well commands reached the arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from robot_meta.benchmarks.franka.stack import StackRun
from robot_meta.collection.decoding import commanded_from
from robot_meta.robots.description import ArmDescription
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.limits import StreamJudge, Violation
from robot_meta.safety.profile import Ramp
from robot_meta.safety.reasons import Reason
from robot_meta.twin.collision import SelfCollision
from robot_meta.types import Array, Commanded

AT_START = (Reason.START, Reason.RECOVERED)
CLEARANCE_EVERY = 10  # samples: distances are slow to measure


def figures(run: StackRun) -> dict[str, float]:
    """What the run comes to."""
    names = run.description.spec.joint_names
    commanded = [commanded_from(msg, names) for _, msg, _ in run.reader.messages(["/commanded"])]
    streams = list(streams_of(run.description, commanded))
    violations = [v for stream in streams for v in judge_of(run.description).violations(stream)]
    states = [state.partition(" ") for state in run.states]
    holds = [why for state, _, why in states if state == "HOLD" and why not in AT_START]
    asked = [c for c in commanded if c.velocity.any()]
    return {
        "reflexes": float(sum(reason.islower() for reason in run.stops)),  # libfranka's names
        "stops": float(len(run.stops)),
        "holds": float(len(holds)),
        "rearmed": float(run.rearmed),
        "violations": float(sum(v.count for v in violations)),
        "pictures_hz": run.pictures_hz,
        "judged_samples": float(sum(map(len, streams))),
        "torn": float(torn(commanded)),
        "no_command_share": float(np.mean([c.reason == Reason.NO_COMMAND for c in asked])),
        **_tracking(run),
        **_driver(run),
    }


def judge_of(description: ArmDescription) -> StreamJudge:
    """Holds streams of the launched guard, as it is by default, against every limit."""
    config, clearance = GuardConfig(), SelfCollision(description)
    lower = np.array(config.workspace_lower)
    lower[2] = config.floor
    return StreamJudge(
        limits=description.spec.limits,
        reference_dt=description.spec.reference_dt,
        chain=description.chain,
        workspace_lower=lower,
        workspace_upper=np.array(config.workspace_upper),
        tool_speed=config.tool_speed,
        self_distance=config.self_distance,
        clearance=lambda stream: clearance(stream[::CLEARANCE_EVERY], config.table_height),
    )


def streams_of(description: ArmDescription, commanded: list[Commanded]) -> Iterator[Array]:
    """The references at 1 kHz, (t, J) each: the guard's own ramps between recorded ends.

    A stream ends where the next period does not begin at its end: after a stop the reference
    begins anew where the arm stands.
    """
    spec = description.spec
    ramp = Ramp(spec.limits, spec.control_dt, spec.reference_dt)
    stream: list[Array] = []
    for before, period in zip([None, *commanded], commanded, strict=False):
        joined = before is not None and (
            np.array_equal(before.position[1], period.position[0])
            and np.array_equal(before.velocity[1], period.velocity[0])
        )
        if not joined:
            if stream:
                yield np.concatenate(stream)
            stream = [period.position[:1]]
        positions, _ = ramp.period(period.position[0], period.velocity[0], period.velocity[1])
        stream.append(positions)
    if stream:
        yield np.concatenate(stream)


def torn(commanded: list[Commanded]) -> int:
    """How often a moving reference did not go on where it was; a lost record looks like that."""
    return sum(
        (before.velocity[1].any() or after.velocity[0].any())
        and not np.array_equal(before.position[1], after.position[0])
        for before, after in zip(commanded, commanded[1:], strict=False)
    )


def worst(violations: list[Violation]) -> str:
    """The rules that were broken, in words."""
    return ", ".join(f"{v.rule} by {v.excess:.3g} over {v.limit:.3g}" for v in violations)


def _tracking(run: StackRun) -> dict[str, float]:
    """Distance of the tool from its target while that moves, believing the joint positions."""
    description = run.description
    (target, *_) = run.reader.targets()
    steps = list(run.reader.steps(description.spec.joint_names))
    stamp = np.array([observation.stamp for observation, _ in steps])
    moves = (stamp >= target.stamp[0]) & (stamp <= target.stamp[-1])
    position = np.array([observation.position for observation, _ in steps])
    tool = description.chain.tool_position_in_base(position[moves])
    error = 1e3 * np.linalg.norm(tool - target.at(stamp[moves]), axis=1)
    return {
        "seconds": float(stamp[moves][-1] - stamp[moves][0]),
        "tool_rms_mm": float(np.sqrt(np.mean(error**2))),
        "tool_p99_mm": float(np.quantile(error, 0.99)),
    }


def _driver(run: StackRun) -> dict[str, float]:
    """The driver's own figures, as it told them last."""
    newest: dict[str, float] = {}
    for _, msg, _ in run.reader.messages(["/diagnostics"]):
        for status in msg.status:
            if status.name == "/robot: driver" and status.values:
                newest = {item.key: float(item.value) for item in status.values}
    return newest
