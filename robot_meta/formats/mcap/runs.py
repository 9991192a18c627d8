"""From recorded runs to episodes of a store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from robot_meta.collection.decoder import Decoder
from robot_meta.collection.decoders import decoder_of
from robot_meta.collection.desk_state import NO_SCENE, scene_from
from robot_meta.collection.live_steps import LiveSteps
from robot_meta.collection.period_record import record_of
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.collection.recorder import Recorder
from robot_meta.collection.run_reader import RunReader
from robot_meta.collection.steps import RecordedStep
from robot_meta.errors import MissingJoint, RecordingFailed
from robot_meta.replay.journal import STOPPED, read_notes
from robot_meta.twin.desk.predicates import VERSION

_SCENE_TOPICS = ("scene/joint_states", "scene/object_poses")


def import_run(
    run: RunReader,
    store: Path,
    *,
    robot: str = "",
    namespace: str | None = None,
    task: str = "",
    progress: Callable[[], object] = lambda: None,
) -> list[str]:
    """Take a run into a store as the episodes node would have recorded it; twice is once.

    A run in which time ran back, because the robot was started anew, becomes several episodes.

    Args:
        run: The recording.
        store: Folder of the store; made if need be.
        robot: Robot type; "" takes what the run says.
        namespace: Of the robot, such as "/left"; may be None where there is one robot.
        task: What the run was an attempt at.
        progress: Called once per period.

    Returns:
        Keys of its episodes.

    Raises:
        RecordingFailed: It does not say which robot it is of, or holds no period of one.
        UnknownRobot: It is of no robot that is known.
        StoreFull: The disk is full; the same call goes on later.
    """
    base = run.base("joint_states", namespace)
    told = _robot_parameters(run, base)
    robot = robot or str(told.get("robot") or "")
    if not robot:
        raise RecordingFailed(f"{run.path} does not say which robot it is of; give --robot")
    desk = base + _SCENE_TOPICS[0] in run.topics()
    decoder, record = decoder_of(robot), record_of(robot, scene=desk)
    name = run.path.parent.resolve().name
    key = " ".join(filter(None, ("run", name, str(run.manifest.get("started", "")))))
    about = {
        "instruction": _instruction(run),
        "who": str(run.manifest.get("who", "")),
        "seed": told.get("twin.seed"),
        "started": run.manifest.get("started", ""),
        "config": {"robot": robot, "parameters": run.manifest.get("parameters", {})},
        "state": record.names,
        "predicates": VERSION if desk else None,
        "commit": run.manifest.get("commit", ""),
        "version": run.manifest.get("version", ""),
        "imported": f"run {name}",
    }
    keys: list[str] = []
    newest = float("inf")
    done = {note.episode for note in read_notes(store) if note.kind == STOPPED}
    with Recorder(store, record.fields, record.control_dt, who="import") as recorder:
        for step in _steps(run, decoder, LiveSteps(record), base, desk):
            if step.stamp <= newest:
                if recorder.episode:
                    recorder.stop()
                keys.append(f"{key} part {len(keys) + 1}" if keys else key)
                if keys[-1] not in done:
                    recorder.start(keys[-1], task, about)
            newest = step.stamp
            if recorder.episode:
                recorder.add(step)
            progress()
    if not keys:
        raise RecordingFailed(f"{run.path} holds no whole period of {', '.join(decoder.period)}")
    return keys


def _steps(
    run: RunReader, decoder: Decoder[Any, Any, Any, Any], steps: LiveSteps, base: str, desk: bool
) -> Iterator[RecordedStep]:
    """Every period of the run, with what was asked for it."""
    own = len(decoder.period)
    parts = [base + leaf for leaf in decoder.period + (_SCENE_TOPICS if desk else ())]
    joiner = PeriodJoiner(parts)
    for topic, message, _ in run.messages([*parts, base + "command"]):
        try:
            if topic == base + "command":
                if (command := decoder.command_from(message)) is not None:
                    steps.ask(command)
            elif (period := joiner.put(topic, message)) is not None:
                observation, sent = decoder.step_from(period[:own])
                seen = scene_from(*period[own:]) if desk else NO_SCENE
                yield from steps.period(observation, sent, seen)
        except (MissingJoint, ValueError) as error:
            logging.getLogger(__name__).warning("a message is left out: %s", error)
    yield from steps.finish()


def _robot_parameters(run: RunReader, base: str) -> dict[str, Any]:
    """With which parameters the robot node ran."""
    parameters = run.manifest.get("parameters", {})
    return dict(parameters.get(f"{base}robot", {})) if isinstance(parameters, dict) else {}


def _instruction(run: RunReader) -> str:
    """What was asked for in words when the run began."""
    topics = [topic for topic in run.topics() if topic.rpartition("/")[2] == "instruction"]
    return (
        next((str(message.data) for _, message, _ in run.messages(topics)), "") if topics else ""
    )
