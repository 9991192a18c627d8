"""What is around one arm and at its end, from one file that driver, guard and twin share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from robot_meta.errors import BadConfig
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.fixture import Fixture, Vector
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.sections import section
from robot_meta.safety.config import GuardConfig

FRANKA_HAND = "franka_hand"
_GUARD, _FRANKA = GuardConfig(), FrankaConfig()


@dataclass(frozen=True, kw_only=True)
class Tool:
    """What is at the flange.

    Attributes:
        tcp: Tool point in the flange frame, [m]; unset for that of the robot type.
        radius: Of the rod from the flange to a `tcp` that stands for the tool wherever distances
            and contacts count; 0 for none, [m].
    """

    tcp: Vector | None = None
    radius: float = 0.01

    def __post_init__(self) -> None:
        if not self.radius >= 0.0:
            raise ValueError(f"tool.radius must be >= 0, got {self.radius}")

    @property
    def rod(self) -> float:
        """Radius of the rod from flange to tool point; 0 where the hand is all there is, [m]."""
        return self.radius if self.tcp is not None else 0.0


@dataclass(frozen=True, kw_only=True)
class KnownLoad:
    """A load besides the tool that the arm carries all the time, as `setLoad` takes it.

    Attributes:
        mass: [kg].
        center: Its centre of mass in the flange frame, [m].
        inertia: About that centre, row by row, [kg m^2].
    """

    mass: float = _FRANKA.load_mass
    center: tuple[float, ...] = _FRANKA.load_center
    inertia: tuple[float, ...] = _FRANKA.load_inertia


@dataclass(frozen=True, kw_only=True)
class Table:
    """The table, which reaches everywhere.

    Attributes:
        height: Its top in the base frame, [m].
        distance: The tool point stays this far above it, [m].
    """

    height: float = _GUARD.table_height
    distance: float = _GUARD.table_distance


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The box that the tool point stays in, base frame, [m]."""

    lower: tuple[float, ...] = _GUARD.workspace_lower
    upper: tuple[float, ...] = _GUARD.workspace_upper


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One arm's surroundings; without a file, those of the packaged defaults.

    Attributes:
        tool: What is at the flange.
        load: What the arm carries all the time.
        gripper: "none" or "franka_hand".
        table: The table.
        workspace: Where the tool point may be.
        fixtures: What else stands there.
    """

    tool: Tool = field(default_factory=Tool)
    load: KnownLoad = field(default_factory=KnownLoad)
    gripper: str = "none"
    table: Table = field(default_factory=Table)
    workspace: Workspace = field(default_factory=Workspace)
    fixtures: tuple[Fixture, ...] = ()

    def __post_init__(self) -> None:
        names = [fixture.name for fixture in self.fixtures]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"several fixtures are called {', '.join(twice)}")
        if self.gripper not in ("none", FRANKA_HAND):
            raise ValueError(f"gripper must be 'none' or '{FRANKA_HAND}', got '{self.gripper}'")
        self.guard(), self.franka()  # they check what is theirs

    def guard(self) -> GuardConfig:
        """The guard's settings in this cell, before anybody overrides one."""
        return GuardConfig(
            workspace_lower=self.workspace.lower,
            workspace_upper=self.workspace.upper,
            table_height=self.table.height,
            table_distance=self.table.distance,
        )

    def franka(self) -> FrankaConfig:
        """The driver's settings in this cell, before anybody overrides one."""
        return FrankaConfig(
            load_mass=self.load.mass,
            load_center=self.load.center,
            load_inertia=self.load.inertia,
            gripper=self.gripper == FRANKA_HAND,
        )


def read_cell(path: str | Path) -> Cell:
    """The cell in a YAML file; an empty path is the default one.

    Raises:
        BadConfig: There is no such file, it names something that a cell has not, or a value is
            wrong.
    """
    if not str(path):
        return Cell()
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"cell {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise BadConfig(f"cell {path} is no YAML: {' '.join(str(error).split())}") from None
    try:
        cell: Cell = section(Cell, {} if content is None else content, "", "a cell")
    except ValueError as error:
        raise BadConfig(f"cell {path}: {error}") from None
    return cell


def arm_in_cell(name: str, cell: Cell, *, speed: float = 1.0) -> ArmDescription:
    """The published data of robot `name` with the tool point of this cell.

    Raises:
        UnknownRobot: No file describes `name`.
    """
    description = arm_description(name, speed=speed)
    if cell.tool.tcp is None:
        return description
    point = description.flange_position + cell.tool.tcp
    chain = dataclasses.replace(description.chain, tool_position=point)
    return dataclasses.replace(description, chain=chain)
