"""Topics, services, parameters and codes as Markdown, from the code that defines them.

`python -m robot_meta.nodes.tables` prints all of it: docs/interface.md. The README holds a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from robot_meta import errors
from robot_meta.build import BuildConfig
from robot_meta.collection.video.writer import VideoConfig
from robot_meta.nodes import legged_backends
from robot_meta.nodes.arm_task import ArmTaskConfig
from robot_meta.nodes.backends import NOT_OF_TWIN, ArmNodeConfig
from robot_meta.nodes.camera_node import CameraNodeConfig
from robot_meta.nodes.controller_node import ControllerNodeConfig
from robot_meta.nodes.driven import PERTURBATIONS
from robot_meta.nodes.episodes_node import EpisodesConfig
from robot_meta.nodes.exciter_node import ExciterConfig
from robot_meta.nodes.fields import FieldFact, facts
from robot_meta.nodes.fixed_frames import FixedFramesConfig
from robot_meta.nodes.legged_backends import LeggedNodeConfig
from robot_meta.nodes.legged_task import LeggedTaskConfig
from robot_meta.nodes.objects_node import ObjectsConfig
from robot_meta.nodes.recorder_node import RecorderConfig
from robot_meta.nodes.schedule import LeggedScheduleConfig, ScheduleConfig
from robot_meta.nodes.teleop_node import TeleopConfig
from robot_meta.nodes.topics import SERVICES, TOPICS
from robot_meta.nodes.video_node import VideoNodeConfig
from robot_meta.nodes.view_node import ViewConfig
from robot_meta.nodes.web_node import WebConfig
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.tags import TagConfig
from robot_meta.robots.cmd_vel.config import CmdVelConfig
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.ros2_control.config import Ros2ControlConfig
from robot_meta.safety.guard import GuardConfig
from robot_meta.safety.reasons import EXPLANATIONS
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.walking import WalkingGuardConfig
from robot_meta.twin.camera import TwinCameraConfig
from robot_meta.twin.incidents import IncidentConfig
from robot_meta.twin.legged.incidents import LeggedIncidentConfig
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.legged.robot import LeggedTwinConfig
from robot_meta.twin.mujoco_robot import TwinConfig


def parameters() -> dict[str, list[FieldFact]]:
    """Parameters of every node, in the order in which they are declared.

    Those of an arm stand under the plain name of the node.
    """
    twin, build = TwinConfig(), BuildConfig()
    return {
        "robot": [
            *facts(ArmNodeConfig()),
            *facts(GuardConfig(), "guard."),
            *facts(RecoveryConfig(), "recovery."),
            *facts(twin, "twin.", skip=NOT_OF_TWIN),
            *facts(twin.perturbations, PERTURBATIONS),
            *facts(ScheduleConfig(), "twin."),
            *facts(IncidentConfig(), "twin."),
            *facts(FrankaConfig(), "franka."),
            *facts(Ros2ControlConfig(), "ros2_control."),
        ],
        "robot of legs": [
            *facts(LeggedNodeConfig()),
            *facts(WalkingGuardConfig(), "guard."),
            *facts(LeggedTwinConfig(), "twin.", skip=legged_backends.NOT_OF_TWIN),
            *facts(LeggedPerturbations(), PERTURBATIONS),
            *facts(LeggedScheduleConfig(), "twin."),
            *facts(LeggedIncidentConfig(), "twin."),
            *facts(Go2Config(), "go2.", skip=legged_backends.NOT_OF_GO2),
            *facts(CmdVelConfig(), "cmd_vel."),
        ],
        "controller": [
            *facts(ControllerNodeConfig(), skip=("build",)),
            *facts(build, skip=("controller", "guard")),
            *facts(build.controller),
        ],
        "exciter": facts(ExciterConfig()),
        "teleop": facts(TeleopConfig()),
        "task": facts(ArmTaskConfig()),
        "task of legs": facts(LeggedTaskConfig()),
        "recorder": facts(RecorderConfig()),
        "episodes": facts(EpisodesConfig()),
        "video": [*facts(VideoNodeConfig()), *facts(VideoConfig())],
        "view": facts(ViewConfig()),
        "web": facts(WebConfig()),
        "camera": [
            *facts(CameraNodeConfig()),
            *facts(CameraConfig()),
            *facts(TwinCameraConfig(), "twin."),
        ],
        "objects": [*facts(ObjectsConfig()), *facts(TagConfig(), "tags.")],
        "frames": facts(FixedFramesConfig()),
    }


def topics_table() -> str:
    """Every topic: name, type, publisher, meaning."""
    rows = [
        (f"`{t.name}`", t.kind, t.publisher, t.meaning + (" (latched)" if t.latched else ""))
        for t in TOPICS
    ]
    return _table(("topic", "type", "from", "meaning"), rows)


def services_table() -> str:
    """Every service: name, type, server, meaning."""
    rows = [(f"`{s.name}`", s.kind, s.server, s.meaning) for s in SERVICES]
    return _table(("service", "type", "of", "meaning"), rows)


def parameters_table(node: str) -> str:
    """Every parameter of one node: name, default, meaning."""
    rows = [(f"`{f.name}`", _default(f), f.meaning) for f in parameters()[node]]
    return _table(("parameter", "default", "meaning"), rows)


def reasons_table() -> str:
    """Every code with which the guard alters, refuses or stops."""
    rows = [(f"`{reason}`", e.meaning, e.remedy) for reason, e in EXPLANATIONS.items()]
    return _table(("code", "meaning", "what to do"), rows)


def exit_codes_table() -> str:
    """What a command or node ends with when an error stops it."""
    kinds = [kind for kind in vars(errors).values() if _is_error(kind)]
    rows = [
        (str(kind.exit_code), f"`{kind.__name__}`", str(kind.__doc__).splitlines()[0])
        for kind in sorted(kinds, key=lambda kind: kind.exit_code)
    ]
    return _table(("code", "error", "meaning"), rows)


def markdown() -> str:
    """All tables."""
    parts = ["# Interface", "## Topics", topics_table(), "## Services", services_table()]
    for node in parameters():
        name, _, kind = node.partition(" ")
        parts += [f"## Parameters of `{name}` {kind}".rstrip(), parameters_table(node)]
    parts += ["## Why the guard altered, refused or stopped", reasons_table()]
    return "\n\n".join(parts)


def _is_error(kind: object) -> bool:
    root = errors.RobotMetaError
    return isinstance(kind, type) and issubclass(kind, root) and kind is not root


def _default(fact: FieldFact) -> str:
    value = fact.default
    if value is None:
        return "unset"
    if fact.kind.array:
        items = [str(item) for item in value]
        if len(items) > 3 and len(set(items)) == 1:
            return f"{len(items)} x {items[0]}"
        return f"[{', '.join(items)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value != "" else '""'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())
