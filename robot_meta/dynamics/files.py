"""Models on disk: safetensors with a JSON header; loading one never executes it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.space import StateSpace
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.velocity_space import VelocityCommandSpace
from robot_meta.errors import BadModelFile, ModelMismatch
from robot_meta.legged_types import LeggedSpec
from robot_meta.types import RobotSpec

FORMAT, VERSION = "robot_meta/dynamics", 1

# Kind of state space in the header; files without one are older than the second kind.
_SPACES = {
    "joint_reference": JointReferenceSpace,
    "difference": DifferenceSpace,
    "velocity_command": VelocityCommandSpace,
}
_FIRST_SPACE = "joint_reference"


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a model was trained for and how; a driver that does not match refuses it.

    Attributes:
        robot: Robot type.
        control_dt: [s].
        stiffness: (J,), [Nm/rad]; empty where no joint law stands between action and torque.
        damping: (J,), [Nms/rad]; empty likewise.
        tool_mass: Of the tool that gravity compensation knows, [kg].
        position_range: Lowest and highest joint positions in the training data, (2, J), [rad].
        method: How it was meta-trained.
        training: Resolved configuration, data and figures of the training run.
    """

    robot: str
    control_dt: float
    stiffness: tuple[float, ...]
    damping: tuple[float, ...]
    tool_mass: float
    position_range: tuple[tuple[float, ...], tuple[float, ...]]
    method: str
    training: dict[str, Any]

    def require_match(self, spec: RobotSpec | LeggedSpec) -> None:
        """Raise unless the model was trained for a robot like `spec`.

        Raises:
            ModelMismatch: With every difference.
        """
        pairs = {key: (getattr(self, key), value) for key, value in spec.trained_for.items()}
        differences = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
        if differences:
            raise ModelMismatch(differences)


def save_model(path: Path, model: NeuralDynamics, card: ModelCard) -> None:
    """Write `model` and its card to `path`, all or nothing."""
    tensors: dict[str, Tensor] = {f"params.{name}": t for name, t in model.params.items()}
    tensors |= {f"extras.{name}": t for name, t in model.extras.items()}
    for kind in ("inputs", "deltas"):
        normalizer: Normalizer = getattr(model, kind)
        tensors[f"{kind}.mean"], tensors[f"{kind}.std"] = normalizer.mean, normalizer.std
    header = {
        "format": FORMAT,
        "version": str(VERSION),
        **_space_header(model.space),
        "card": json.dumps(dataclasses.asdict(card)),
    }
    partial = path.with_name(path.name + ".partial")
    save_file({name: t.contiguous() for name, t in tensors.items()}, partial, metadata=header)
    partial.replace(path)


def load_model(path: Path) -> tuple[NeuralDynamics, ModelCard]:
    """Read a model and its card.

    Raises:
        BadModelFile: The file is missing, truncated, or not a dynamics model of this version.
    """
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            for name in file.keys():  # noqa: SIM118 (not a mapping)
                tensors[name] = file.get_tensor(name)
    except FileNotFoundError:
        raise BadModelFile(path, "there is no such file") from None
    except (SafetensorError, OSError) as error:
        raise BadModelFile(
            path, f"truncated or damaged ({error}); copy or train it anew"
        ) from None
    if header.get("format") != FORMAT or header.get("version") != str(VERSION):
        raise BadModelFile(
            path,
            f"want format {FORMAT} version {VERSION}, got {header.get('format')} version "
            f"{header.get('version')}",
        )
    model = NeuralDynamics(
        space=_space(path, header),
        params=_named(tensors, "params."),
        extras=_named(tensors, "extras."),
        inputs=Normalizer(tensors["inputs.mean"], tensors["inputs.std"]),
        deltas=Normalizer(tensors["deltas.mean"], tensors["deltas.std"]),
    )
    _require_shapes(path, model)
    return model, _card(json.loads(header["card"]))


def _space_header(space: StateSpace) -> dict[str, str]:
    if not isinstance(space, (JointReferenceSpace, DifferenceSpace, VelocityCommandSpace)):
        raise ValueError(f"want a state space of {list(_SPACES.values())}, got {type(space)}")
    (kind,) = (kind for kind, space_type in _SPACES.items() if type(space) is space_type)
    return {"space_kind": kind, "space": json.dumps(dataclasses.asdict(space))}


def _space(path: Path, header: dict[str, str]) -> StateSpace:
    kind = header.get("space_kind", _FIRST_SPACE)
    if kind not in _SPACES:
        raise BadModelFile(path, f"want a state space of {list(_SPACES)}, got '{kind}'")
    fields = json.loads(header["space"]).items()
    space: StateSpace = _SPACES[kind](
        **{name: tuple(v) if isinstance(v, list) else v for name, v in fields}
    )
    return space


def _named(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}


def _card(data: dict[str, Any]) -> ModelCard:
    low, high = data["position_range"]
    return ModelCard(
        **{
            **data,
            "stiffness": tuple(data["stiffness"]),
            "damping": tuple(data["damping"]),
            "position_range": (tuple(low), tuple(high)),
        }
    )


def _require_shapes(path: Path, model: NeuralDynamics) -> None:
    space, params = model.space, model.params
    size_in, size_out = space.feature_size, space.delta_size
    first, last = params["layer0.weight"], list(params.values())[-1]
    got = (first.shape[1], last.shape[0], len(model.inputs.mean), len(model.deltas.mean))
    if got != (size_in, size_out, size_in, size_out):
        raise BadModelFile(
            path,
            f"want {size_in} inputs and {size_out} outputs for {space}, got "
            f"network {got[:2]} and normalisers {got[2:]}",
        )
    if not all(torch.isfinite(t).all() for t in (*params.values(), *model.extras.values())):
        raise BadModelFile(path, "holds values that are not finite")
