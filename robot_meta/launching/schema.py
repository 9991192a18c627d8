"""Which tags and attributes a launch file may have: a subset of ROS 2 Jazzy's XML frontend."""

from __future__ import annotations

from dataclasses import dataclass

ROOT_TAG = "launch"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """What one tag may hold.

    Attributes:
        required: Attributes that must be there.
        optional: Attributes that may be there.
        literal: Those of both that are taken as written, without substitutions.
        children: Names of the special tags it may hold, described in `CHILD_TAGS`.
        actions_inside: Whether it may also hold everything in `TAGS`.
        conditional: Whether it may have `if` or `unless`.
        refusal: Why it is refused, for a tag that ROS has and that would not do what it says.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    literal: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    actions_inside: bool = False
    conditional: bool = True
    refusal: str = ""


_PROCESS_LITERALS = (
    "on_exit",
    "respawn_delay",
    "respawn_max_retries",
    "sigterm_timeout",
    "sigkill_timeout",
    "shell",
)
_PROCESS = ("name", "cwd", "output", "respawn", "launch-prefix", *_PROCESS_LITERALS)
_NAME_VALUE = ("name", "value")

TAGS = {
    "arg": Tag(
        required=("name",),
        optional=("default", "description"),
        literal=("name", "description"),
        children=("choice",),
    ),
    "let": Tag(required=_NAME_VALUE),
    "group": Tag(optional=("scoped",), literal=("scoped",), actions_inside=True),
    "include": Tag(required=("file",), children=("arg",)),
    "node": Tag(
        required=("pkg", "exec"),
        optional=("namespace", "args", "ros_args", *_PROCESS),
        literal=_PROCESS_LITERALS,
        children=("param", "remap", "env"),
    ),
    "executable": Tag(
        required=("cmd",), optional=_PROCESS, literal=_PROCESS_LITERALS, children=("env",)
    ),
    "push_ros_namespace": Tag(required=("namespace",)),
    "push-ros-namespace": Tag(required=("namespace",)),
    "set_parameter": Tag(required=_NAME_VALUE),
    "set_remap": Tag(required=("from", "to")),
    "set_use_sim_time": Tag(
        refusal="in ROS 2 Jazzy it concerns the launch process only, not its nodes; write "
        '<set_parameter name="use_sim_time" value="..."/>'
    ),
    "set_env": Tag(required=_NAME_VALUE),
    "unset_env": Tag(required=("name",)),
    "append_env": Tag(required=_NAME_VALUE, optional=("prepend", "separator")),
    "log": Tag(required=("message",)),
    "shutdown": Tag(optional=("reason",)),
}

# <param> nests: a parameter with parameters inside has no value of its own.
_PARAM = Tag(
    optional=("name", "value", "type", "from"),
    literal=("type",),
    children=("param",),
    conditional=False,
)
CHILD_TAGS = {
    ("arg", "choice"): Tag(required=("value",), literal=("value",), conditional=False),
    ("include", "arg"): Tag(required=_NAME_VALUE, conditional=False),
    ("node", "param"): _PARAM,
    ("param", "param"): _PARAM,
    ("node", "remap"): Tag(required=("from", "to"), conditional=False),
    ("node", "env"): Tag(required=_NAME_VALUE, conditional=False),
    ("executable", "env"): Tag(required=_NAME_VALUE, conditional=False),
}
