"""From settings to a controller that is ready to act: robot data, weights, adapter, planner.

The controller node and anything that runs the loop in one process build it here, so that the same
settings give the same commands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from robot_meta.controller import ArmController, Controller, ControllerConfig
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.attention import ContextAdapter
from robot_meta.dynamics.change import AdaptationMonitor, ChangeConfig
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.history import HistoryAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.mixture import MemoryConfig, MixtureAdapter
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.recurrent import RecurrentAdapter
from robot_meta.dynamics.recursive import RecursiveAdapter
from robot_meta.dynamics.residual import ResidualAdapter
from robot_meta.dynamics.subspace import SubspaceAdapter
from robot_meta.embodiments.arm import Arm
from robot_meta.embodiments.walker import Walker
from robot_meta.errors import BadModelFile
from robot_meta.planning.cem import CEM, CEMConfig
from robot_meta.planning.icem import ICEM, ICEMConfig
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import Planner
from robot_meta.planning.random_shooting import RandomShooting
from robot_meta.resources import resource
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.robots.description import arm_description, kind_of, legged_description
from robot_meta.safety.config import GuardConfig

AnyController = Controller[Any, Any, Any, Any]
Dynamics = tuple[NeuralDynamics, Adapter, AdaptationMonitor]
"""Model, what adapts it, and what watches both."""


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """How the model is fitted to the newest transitions.

    Attributes:
        kind: "subspace" (closed form, in the subspace of last layers that training found),
            "last_layer" (closed form, the whole layer), "recursive" (the same, all transitions,
            older ones fainter), "mixture" (the same from several priors, which remembers bodies
            it met), "gradient" (GrBAL), "finetune" (the same steps on the plain model, MB+DE),
            "history" (static net that sees the last transitions), "recurrent" (ReBAL), "context"
            (transformer over the window), "residual" (mean residual as a disturbance) or "none"
            (static model).
        window: M, transitions used; "history" uses as many as it was trained for.
        ridge_scale: Of "subspace", "last_layer", "recursive" and "mixture": factor on the
            meta-learned ridge; smaller trusts the transitions more.
        forgetting: Of "recursive": weight that a transition keeps per period.
        steps: Of "gradient" and "finetune": inner steps; unset for as many as trained for.
        rate_scale: Of "gradient": factor on the meta-learned inner rates.
        rate: Of "finetune": inner rate.
        layers: Of "finetune": layers that move, counted from the input; empty for all.
        memory: Of "mixture": what is remembered.
        no_harm: When an update is rejected.
    """

    kind: str = "last_layer"
    window: int = 64
    ridge_scale: float = 1.0
    forgetting: float = 0.97
    steps: int | None = None
    rate_scale: float = 1.0
    rate: float = 0.03
    layers: tuple[int, ...] = ()
    memory: MemoryConfig = field(default_factory=MemoryConfig)
    no_harm: NoHarmConfig = NO_HARM

    def __post_init__(self) -> None:
        if self.kind not in _ADAPTERS:
            raise ValueError(f"adapter kind must be one of {list(_ADAPTERS)}, got '{self.kind}'")


@dataclass(frozen=True, kw_only=True)
class BuildConfig:
    """What a controller is made of.

    Attributes:
        robot: Robot type.
        model: Weights file; empty for the shipped one that fits robot and adapter.
        speed_scale: Share of the robot's velocity limits that its guard allows.
        cell: File that says where the tool point is; empty for that of the robot type.
        planner_kind: "mppi", "icem", "cem" or "random_shooting"; all take `planner.sampling`.
        adapter: How it adapts.
        change: When a change of the body is noticed, and when it is hopeless to adapt to.
        controller: The rest.
        guard: What the robot's guard enforces.
    """

    robot: str = "fr3"
    model: str = ""
    speed_scale: float = 1.0
    cell: str = ""
    planner_kind: str = "mppi"
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    change: ChangeConfig = field(default_factory=ChangeConfig)
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    guard: GuardConfig = field(default_factory=GuardConfig)

    def __post_init__(self) -> None:
        if self.planner_kind not in _PLANNERS:
            raise ValueError(
                f"planner_kind must be one of {list(_PLANNERS)}, got '{self.planner_kind}'"
            )
        if not 0.0 < self.speed_scale <= 1.0:
            raise ValueError(f"speed_scale must be in (0, 1], got {self.speed_scale}")


def model_path(config: BuildConfig) -> Path:
    """The weights file that `config` asks for.

    Raises:
        MissingAsset: The shipped weights are not there.
    """
    if config.model:
        return Path(config.model).expanduser()
    _, trained = _ADAPTERS[config.adapter.kind]
    return resource(f"models/{config.robot}_{trained}.safetensors")


def build_controller(config: BuildConfig) -> AnyController:
    """The controller, without a target yet.

    Raises:
        UnknownRobot: No such robot.
        BadModelFile: The weights cannot be read.
        ModelMismatch: They were trained for another robot.
    """
    kind = _KINDS[kind_of(config.robot)]
    model, adapter, monitor = build_dynamics(config)
    return kind.controller(
        kind.embodiment(config),
        model,
        adapter,
        _planner(config, model.space.action_size),
        config.controller,
        monitor,
    )


def build_dynamics(config: BuildConfig) -> Dynamics:
    """What the controller knows of the robot: the model, what adapts it, and what watches both.

    Raises:
        UnknownRobot: No such robot.
        BadModelFile: The weights cannot be read, or were not trained for this adapter.
        ModelMismatch: They were trained for another robot.
    """
    description = _KINDS[kind_of(config.robot)].description(config.robot)
    path = model_path(config)
    model, card = load_model(path)
    card.require_match(description.spec)
    kind = config.adapter.kind
    if kind in _READERS and card.method != kind:
        raise BadModelFile(
            path, f"was trained for '{card.method}'; adapter '{kind}' needs weights trained for it"
        )
    make_adapter, _ = _ADAPTERS[kind]
    change = config.change
    if kind == "none":  # what does not try to adapt cannot fail to
        change = dataclasses.replace(change, hopeless=0.0)
    return model, make_adapter(model, config.adapter), AdaptationMonitor(model, change)


def _planner(config: BuildConfig, action_size: int) -> Planner:
    return _PLANNERS[config.planner_kind](config.controller.planner, action_size)


def _arm(config: BuildConfig) -> Arm:
    description = arm_in_cell(config.robot, read_cell(config.cell), speed=config.speed_scale)
    settings = config.controller
    return Arm(
        description.spec, description.chain, config.guard, settings.tracking, settings.contact
    )


def _walker(config: BuildConfig) -> Walker:
    description = legged_description(config.robot, speed=config.speed_scale)
    return Walker(description.spec, config.controller.walking)


class _Kind(NamedTuple):
    """What a kind of robot needs: its controller, how it is driven, what is published of it."""

    controller: type[AnyController]
    embodiment: Callable[[BuildConfig], Any]
    description: Callable[[str], Any]


_KINDS = {
    "arm": _Kind(ArmController, _arm, arm_description),
    "legs": _Kind(Controller, _walker, legged_description),
}

_PLANNERS: dict[str, Callable[[MPPIConfig, int], Planner]] = {
    "mppi": MPPI,
    "icem": lambda c, size: ICEM(ICEMConfig(sampling=c.sampling), size),
    "cem": lambda c, size: CEM(CEMConfig(sampling=c.sampling), size),
    "random_shooting": lambda c, size: RandomShooting(c.sampling, size),
}

# Adapters that read the transitions with a network of their own, which only training makes.
_READERS = ("subspace", "history", "recurrent", "context")

# Kind of adapter: how it is made, and for what its shipped weights were trained.
_ADAPTERS: dict[str, tuple[Callable[[NeuralDynamics, AdapterConfig], Adapter], str]] = {
    "subspace": (
        lambda model, c: SubspaceAdapter(model, c.window, c.ridge_scale, c.no_harm),
        "subspace",
    ),
    "last_layer": (
        lambda model, c: LastLayerAdapter(model, c.window, c.ridge_scale, c.no_harm),
        "last_layer",
    ),
    "recursive": (
        lambda model, c: RecursiveAdapter(model, c.window, c.ridge_scale, c.forgetting, c.no_harm),
        "last_layer",
    ),
    "mixture": (
        lambda model, c: MixtureAdapter(
            model, c.window, c.ridge_scale, c.memory, no_harm=c.no_harm
        ),
        "last_layer",
    ),
    "gradient": (
        lambda model, c: GradientAdapter(
            model, c.window, c.steps, c.rate_scale, no_harm=c.no_harm
        ),
        "gradient",
    ),
    "finetune": (
        lambda model, c: GradientAdapter(
            model, c.window, c.steps, rate=c.rate, layers=c.layers, no_harm=c.no_harm
        ),
        "plain",
    ),
    "history": (lambda model, c: HistoryAdapter(model, c.no_harm), "history"),
    "recurrent": (lambda model, c: RecurrentAdapter(model, c.window, c.no_harm), "recurrent"),
    "context": (lambda model, c: ContextAdapter(model, c.window, c.no_harm), "context"),
    "residual": (lambda model, c: ResidualAdapter(model, c.window, c.no_harm), "plain"),
    "none": (lambda model, c: NoAdapter(model, c.window), "plain"),
}
