"""Records episodes of play into the lifelong store: start, stop, discard, mark, resume."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from geometry_msgs.msg import PoseArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

import robot_meta
from robot_meta.collection.desk_state import NO_SCENE, scene_from
from robot_meta.collection.live_steps import LiveSteps
from robot_meta.collection.period_record import record_of
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.collection.provenance import git_commit
from robot_meta.collection.recorder import Recorder
from robot_meta.collection.steps import RecordedStep
from robot_meta.errors import MissingJoint, RecordingFailed, RobotMetaError
from robot_meta.nodes import qos
from robot_meta.nodes.backends import SCENES
from robot_meta.nodes.parameter_snapshot import ParameterSnapshot
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.robot_topics import topics_of
from robot_meta.nodes.run import run
from robot_meta.twin.desk.predicates import VERSION

_SCENE_TOPICS = {"scene/joint_states": JointState, "scene/object_poses": PoseArray}


@dataclass(frozen=True, kw_only=True)
class EpisodesConfig:
    """Into which store, and whose play it is.

    Attributes:
        robot: Robot type.
        scene: "table", or "desk" where the twin has one: its state is kept with the robot's.
        desk_seed: Which of all desks, -1 for the nominal one.
        store: Folder of the store; made there if there is none.
        who: Who plays.
        instruction: What is meant, until the topic `instruction` says otherwise.
        task: What episodes are attempts at; retention and sampling go by it.
        seed: Of whatever plays, where that is a program.
        search_period: How often new nodes are asked for their parameters, [s].
    """

    robot: str = "fr3"
    scene: Literal["table", "desk"] = "table"
    desk_seed: int = -1
    store: str = "out/store"
    who: str = ""
    instruction: str = ""
    task: str = ""
    seed: int = 0
    search_period: float = 0.5

    def __post_init__(self) -> None:
        if self.scene not in SCENES:
            raise ValueError(f"scene must be one of {list(SCENES)}, got '{self.scene}'")
        if not self.store:
            raise ValueError("store must name a folder")
        if not self.search_period > 0.0:
            raise ValueError(f"search_period must be > 0, got {self.search_period}")


class EpisodesNode(Node):
    """Writes what was asked, sent and measured while an episode is being recorded.

    A kill loses the three newest periods at most: a period waits for the command that was meant
    for it, and the recorder for what follows it.

    Subscribes: what the kind of robot sends of a period, command, scene/joint_states (JointState)
        and scene/object_poses (PoseArray) where there is a desk, instruction (String).
    Publishes: recording (String, latched): the key of the episode, or nothing.
    Serves: start_episode, stop_episode, discard_episode, mark_episode, resume_episode (Trigger).
    """

    def __init__(self) -> None:
        super().__init__("episodes")
        self.failure: BaseException | None = None
        self._config = config = declare_config(self, EpisodesConfig())
        refuse_unknown(self)
        desk = config.scene == "desk"
        record = record_of(config.robot, scene=desk)
        self._robot, self._steps = topics_of(config.robot), LiveSteps(record)
        self._recorder = Recorder(
            Path(config.store), record.fields, record.control_dt, who=config.who
        )
        self._instruction, self._learned = config.instruction, dict[str, Any]()
        topics = {name: self._robot.sent[name] for name in self._robot.period}
        topics |= _SCENE_TOPICS if desk else {}
        self._joiner = PeriodJoiner(topics)
        self.create_subscription(self._robot.command, "command", self._on_command, qos.state())
        for topic, kind in topics.items():
            self.create_subscription(kind, topic, partial(self._on_part, topic), qos.state())
        self.create_subscription(String, "instruction", self._on_instruction, qos.latched())
        self._recording = self.create_publisher(String, "recording", qos.latched())
        for verb, act in {
            "start": self._start,
            "stop": self._stop,
            "discard": self._discard,
            "mark": self._mark,
            "resume": self._recorder.resume,
        }.items():
            self.create_service(Trigger, f"{verb}_episode", partial(self._answer, act))
        self._snapshot = ParameterSnapshot(self, self.get_namespace(), self._on_parameters)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(config.search_period, self._snapshot.look, clock=steady)
        self._publish()
        self.get_logger().info(f"ready to record episodes into {config.store}")

    def close(self) -> None:
        """Stop what is being recorded and make it durable."""
        try:
            if self._recorder.episode and self.failure is None:
                self._stop()
        finally:
            self._recorder.close()

    def _start(self) -> None:
        config = self._config
        now = datetime.now().astimezone()
        about = {
            "instruction": self._instruction,
            "who": config.who,
            "seed": config.seed,
            "started": now.isoformat(timespec="seconds"),
            "config": {**asdict(config), "parameters": dict(self._learned)},
            "state": self._steps.record.names,
            **self._desk_facts(),
            "commit": git_commit(),
            "version": robot_meta.__version__,
        }
        key = f"{now:%Y%m%d_%H%M%S}_{uuid.uuid4().hex[:8]}"
        self._recorder.start(key, config.task, about)

    def _desk_facts(self) -> dict[str, int]:
        """What generated play says of its desk too."""
        if self._config.scene != "desk":
            return {}
        return {"layout_seed": self._config.desk_seed, "predicates": VERSION}

    def _stop(self) -> None:
        if self._recorder.episode:
            self._add_all(self._steps.finish())
        self._recorder.stop()

    def _discard(self) -> None:
        if self._recorder.episode:
            self._stop()
        self._recorder.discard()

    def _mark(self) -> None:
        self._recorder.mark(self._instruction)

    def _answer(
        self, act: Callable[[], None], request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Do what a person asked for; what cannot be done now is said, and harms nothing."""
        try:
            act()
            response.success, response.message = True, self._recorder.episode
        except RecordingFailed as error:
            response.success, response.message = False, str(error)
        except RobotMetaError as error:
            self.failure = error
            response.success, response.message = False, str(error)
        self._publish()
        return response

    def _on_part(self, topic: str, msg: Any) -> None:
        if (parts := self._joiner.put(topic, msg)) is None:
            return
        own = len(self._robot.period)
        try:
            observation, sent = self._robot.step_from(parts[:own])
            seen = scene_from(*parts[own:]) if parts[own:] else NO_SCENE
        except (MissingJoint, ValueError) as error:
            self.get_logger().warning(f"a period is left out: {error}", throttle_duration_sec=5.0)
            return
        self._add_all(self._steps.period(observation, sent, seen))

    def _on_command(self, msg: Any) -> None:
        try:
            command = self._robot.command_from(msg)
        except (MissingJoint, ValueError):  # the guard refuses it too, and says why
            return
        if command is not None:
            self._steps.ask(command)

    def _on_instruction(self, msg: String) -> None:
        self._instruction = msg.data

    def _on_parameters(self, node: str, parameters: dict[str, Any]) -> None:
        self._learned[node] = parameters
        if self._recorder.episode and self.failure is None:
            self._guarded(lambda: self._recorder.learn({node: parameters}))

    def _add_all(self, steps: Iterable[RecordedStep]) -> None:
        """Record steps while an episode is being recorded; the first failure ends the node."""
        for step in steps:
            if self._recorder.episode and self.failure is None:
                self._guarded(partial(self._recorder.add, step))

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except RobotMetaError as error:
            self.failure = error

    def _publish(self) -> None:
        self._recording.publish(String(data=self._recorder.episode))


def main() -> int:
    """Run the node."""
    return run("episodes", EpisodesNode)
