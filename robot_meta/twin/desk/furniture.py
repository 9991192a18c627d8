"""What is on the desk while the twin runs: laid out by seed, read as one vector, with a lamp."""

from __future__ import annotations

import copy

import mujoco
import numpy as np

from robot_meta.twin.desk.fingers import Fingers
from robot_meta.twin.desk.layout import (
    BLOCK_HEIGHT,
    BLOCKS,
    COLOURED,
    PAINTED,
    PLACES,
    DeskLayout,
    optical_axes,
)
from robot_meta.twin.desk.model import DESK
from robot_meta.twin.desk.state import JOINTS
from robot_meta.types import Array

PRESSED, RELEASED = 0.010, 0.006  # depth of the button that switches the lamp, and arms it, [m]
_UNLIT, _LIT = (0.30, 0.30, 0.26, 1.0), (1.0, 0.88, 0.35, 1.0)


class Furniture:
    """The desk in a compiled model.

    The lamp changes each time the button is pressed down; it cannot change again before the
    button was let up.

    Attributes:
        fingers: Of the hand that touches it.
        lamp: Whether it is lit.
        layout: The desk as it was laid out.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data
        self._nominal = copy.copy(model)
        self._joints = np.array([model.joint(DESK + name).qposadr[0] for name in JOINTS])
        self._dofs = np.array([model.joint(DESK + name).dofadr[0] for name in JOINTS])
        self._button = int(self._joints[JOINTS.index("button")])
        starts = [model.joint(DESK + name).qposadr[0] for name in BLOCKS]
        self._poses = np.concatenate([np.arange(start, start + 7) for start in starts])
        ends = [f"{name}_post" for name in ("drawer", "door", "knob", "switch")]
        tops = [model.geom(DESK + name) for name in (*ends, "button_cap")]
        self._tops = [
            (name, geom.id, float(geom.size[1]))
            for name, geom in zip(
                ("drawer", "door", "knob", "switch", "button"), tops, strict=True
            )
        ]
        self._blocks = [(name, model.body(DESK + name).id) for name in BLOCKS]
        self.fingers = Fingers(model, data)
        self.lamp = self._down = False
        self.layout = DeskLayout()

    def lay_out(self, layout: DeskLayout) -> None:
        """Make the desk what `layout` says; `reset` then puts everything in its place."""
        self.layout = layout
        self._place(layout)
        self._paint(layout)
        self._weigh(layout)

    def reset(self) -> None:
        """Everything as the layout finds it, at rest, with the fingers closed."""
        layout = self.layout
        data = self._data
        low, high = self._model.jnt_range[self._model_joints()].T
        share = np.array([layout.joints.get(name, 0.0) for name in JOINTS])
        share[JOINTS.index("button")] = 0.0
        data.qpos[self._joints] = low + share * (high - low)
        poses = []
        for name in BLOCKS:
            x, y, yaw = layout.blocks[name]
            yaw *= layout.side
            turn = [np.cos(0.5 * yaw), 0.0, 0.0, np.sin(0.5 * yaw)]
            poses += [x, layout.side * y, BLOCK_HEIGHT, *turn]
        data.qpos[self._poses] = poses
        self.fingers.reset()
        self.lamp, self._down = layout.lamp, False
        self._shine()

    def show(self, scene: Array) -> None:
        """Stand as `scene` (1 + D,) says, without physics; the inverse of reading `scene`."""
        self.fingers.show(scene[0])
        joints = len(self._joints)
        self._data.qpos[self._joints] = scene[1 : 1 + joints]
        self._data.qpos[self._poses] = scene[2 + joints :]
        lamp = bool(scene[1 + joints] > 0.5)
        if lamp is not self.lamp:
            self.lamp = lamp
            self._shine()

    def update(self) -> None:
        """Notice whether the button was pressed or let up, and go on with what the hand does."""
        self.fingers.update()
        depth = self._data.qpos[self._button]
        if not self._down and depth > PRESSED:
            self._down, self.lamp = True, not self.lamp
            self._shine()
        elif self._down and depth < RELEASED:
            self._down = False

    @property
    def state(self) -> Array:
        """Everything on the desk, (D,), entries as in `STATE`."""
        qpos = self._data.qpos
        return np.concatenate([qpos[self._joints], [float(self.lamp)], qpos[self._poses]])

    @property
    def scene(self) -> Array:
        """What is seen of it, (1 + D,), entries as in `SCENE`."""
        return np.concatenate([[self.fingers.width], self.state])

    @property
    def handles(self) -> dict[str, Array]:
        """Where each thing is touched: top of its post, of the button, centre of a block, [m]."""
        data = self._data
        found = {
            name: data.geom_xpos[geom] + self._up(geom, way) for name, geom, way in self._tops
        }
        found |= {name: data.xpos[body].copy() for name, body in self._blocks}
        return found

    def _up(self, geom: int, length: float) -> Array:
        """From the centre of an upright geom to the end of its axis, (3,), [m]."""
        axis = self._data.geom_xmat[geom, 2::3]
        return np.copysign(length, axis[2]) * axis

    def _model_joints(self) -> list[int]:
        return [self._model.joint(DESK + name).id for name in JOINTS]

    def _place(self, layout: DeskLayout) -> None:
        for name in PLACES:
            body = self._model.body(DESK + name).id
            place = self._nominal.body_pos[body].copy()
            place[:2] += layout.shift.get(name, (0.0, 0.0))
            place[1] *= layout.side
            self._model.body_pos[body] = place
        camera = self._model.camera(DESK + "desk").id
        self._model.cam_pos[camera] = layout.eye
        axes = optical_axes(np.array(layout.eye), np.array(layout.look_at))
        turn = np.zeros(4)
        mujoco.mju_mat2Quat(turn, (axes * [1.0, -1.0, -1.0]).ravel())  # y up, z to the eye
        self._model.cam_quat[camera] = turn

    def _paint(self, layout: DeskLayout) -> None:
        for name in (*PAINTED, *COLOURED):
            material = self._model.material(DESK + name).id
            rgb = self._nominal.mat_rgba[material, :3]
            self._model.mat_rgba[material, :3] = layout.colours.get(name, rgb)

    def _weigh(self, layout: DeskLayout) -> None:
        model, nominal, dofs = self._model, self._nominal, self._dofs
        model.dof_frictionloss[dofs] = layout.friction * nominal.dof_frictionloss[dofs]
        model.dof_damping[dofs] = layout.damping * nominal.dof_damping[dofs]
        for name in BLOCKS:
            body, geom = model.body(DESK + name).id, model.geom(DESK + name).id
            model.body_mass[body] = layout.block_mass * nominal.body_mass[body]
            model.body_inertia[body] = layout.block_mass * nominal.body_inertia[body]
            friction = layout.block_friction * nominal.geom_friction[geom, 0]
            model.geom_friction[geom, 0] = friction
        mujoco.mj_setConst(model, mujoco.MjData(model))

    def _shine(self) -> None:
        self._model.geom(DESK + "lamp").rgba = _LIT if self.lamp else _UNLIT
        self._model.geom(DESK + "lamp").matid = -1
