"""A camera in the twin: pictures of arm and desk as their topics say they stand, with true depth.

The arm is drawn as its collision hulls by default: its meshes have 240 000 faces, which take a
processor without a GPU ten times as long.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_meta.errors import NotConnected
from robot_meta.perception.camera import MILLIMETRE, CameraConfig, Depth, Frame, Intrinsics
from robot_meta.perception.poses import Pose
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.desk.layout import DeskLayout, desk_eye
from robot_meta.twin.posture import PosedModel, Posture
from robot_meta.twin.scenes import TOOL_SITE, Poster, SceneConfig

_NEAR, _FAR = 0.05, 10.0  # what can be seen along the optical axis, [m]


@dataclass(frozen=True, kw_only=True)
class TwinCameraConfig:
    """How the twin's camera differs from a bought one.

    Attributes:
        field_of_view: Vertical, [rad]; by default that of a D435's colour camera at 4:3.
        meshes: Draw the arm's meshes instead of its hulls; wants a GPU.
        samples: Per pixel, against jagged edges; 4 take four times as long as none.
    """

    field_of_view: float = 0.745
    meshes: bool = False
    samples: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.field_of_view < np.pi:
            raise ValueError(f"field_of_view must be in (0, pi), got {self.field_of_view}")
        if not 0 <= self.samples <= 16:
            raise ValueError(f"samples must be in [0, 16], got {self.samples}")


class TwinCamera:
    """Draws the newest posture; see `Camera`. Made, used and closed in one thread.

    Args:
        description: The arm.
        config: As for any camera; serial, exposure and hole filling change nothing here.
        optics: What only a simulated camera has.
        mount: The optical frame in the base, or in the tool where `on_tool`. The fixed camera of a
            desk is where the desk's layout has it instead.
        on_tool: Whether the arm carries the camera.
        scene: Which desk there is, if any.
        posters: What else is to be seen.
        wait: Gives the first posture that is not older than a stamp, or None after a time [s].

    Raises:
        NotConnected: This machine cannot draw.
    """

    def __init__(
        self,
        description: ArmDescription,
        config: CameraConfig,
        optics: TwinCameraConfig,
        *,
        mount: Pose,
        on_tool: bool = False,
        scene: SceneConfig | None = None,
        posters: Sequence[Poster] = (),
        wait: Callable[[float, float], Posture | None],
    ) -> None:
        self._config, self._mount, self._on_tool, self._wait = config, mount, on_tool, wait
        drawn = dataclasses.replace(
            scene or SceneConfig(),
            visual=optics.meshes,
            collision=not optics.meshes,
            furniture=True,
        )
        self._posed = PosedModel(description, drawn, posters)
        self._model, self._data = self._posed.model, self._posed.data
        if self._posed.layout is not None:
            self.lay_out(self._posed.layout)
        self._due = -np.inf
        self.intrinsics = _pinhole(config, optics.field_of_view)
        quality, size = self._model.vis.quality, self._model.vis.global_
        quality.offsamples, quality.shadowsize = optics.samples, 0
        size.offwidth, size.offheight = config.width, config.height
        self._free = mujoco.MjvCamera()
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = [0, 0, 1, 1, 0, 0]
        self._option.sitegroup[:] = 0
        try:
            self._gl = mujoco.GLContext(config.width, config.height)
            self._gl.make_current()
            self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        except (AttributeError, RuntimeError, mujoco.FatalError) as error:
            raise NotConnected(
                f"nothing can be drawn here ({error}); see `robot-meta doctor`"
            ) from None
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(self._model, maxgeom=1000)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._scene.flags[flag] = False
        self._pixels = np.zeros((config.height, config.width, 3), np.uint8)
        self._buffer = np.zeros((config.height, config.width), np.float32)

    def grab(self) -> Frame:
        """See `Camera`; frames are due at whole periods of robot time, and numbered by them."""
        posture = self._wait(self._due, self._config.timeout)
        if posture is None:
            raise NotConnected(
                f"no new joint_states for {self._config.timeout} s: does the robot node run?"
            )
        stamp = posture.stamp
        number = int(np.floor(stamp * self._config.fps + 1e-6))
        self._due = (number + 1) / self._config.fps
        self._draw(posture)
        return Frame(
            stamp=stamp,
            number=number,
            color=self._pixels[::-1].copy(),
            depth=_millimetres(self._buffer[::-1]) if self._config.depth else None,
        )

    def lay_out(self, layout: DeskLayout) -> None:
        """Look at another desk from now on, with its fixed camera where it has it."""
        self._posed.lay_out(layout)
        if not self._on_tool:
            self._mount = desk_eye(layout)

    def close(self) -> None:
        """See `Camera`."""
        if self._gl is not None:
            self._context.free()
            self._gl.free()
            self._gl = None

    def _draw(self, posture: Posture) -> None:
        data, scene = self._data, self._scene
        self._posed.put(posture.position, posture.scene)
        mujoco.mj_camlight(self._model, data)
        mujoco.mjv_updateScene(
            self._model, data, self._option, None, self._free, mujoco.mjtCatBit.mjCAT_ALL, scene
        )
        eye = self._mount
        if self._on_tool:
            tool = data.site(TOOL_SITE)
            eye = Pose(position=tool.xpos, rotation=tool.xmat.reshape(3, 3)) @ eye
        (fx, fy), half_height = self.intrinsics.focal, self._config.height / 2.0
        for camera in scene.camera:  # left and right eye
            camera.pos, camera.forward = eye.position, eye.rotation[:, 2]
            camera.up = -eye.rotation[:, 1]
            camera.frustum_near, camera.frustum_far = _NEAR, _FAR
            camera.frustum_top = _NEAR * half_height / fy
            camera.frustum_bottom = -camera.frustum_top
            camera.frustum_center = 0.0
            camera.frustum_width = _NEAR * self._config.width / 2.0 / fx
        rect = mujoco.MjrRect(0, 0, self._config.width, self._config.height)
        mujoco.mjr_render(rect, scene, self._context)
        depth = self._buffer if self._config.depth else None
        mujoco.mjr_readPixels(self._pixels, depth, rect, self._context)


def _pinhole(config: CameraConfig, field_of_view: float) -> Intrinsics:
    focal = config.height / 2.0 / float(np.tan(field_of_view / 2.0))
    return Intrinsics(
        width=config.width,
        height=config.height,
        focal=(focal, focal),
        center=((config.width - 1) / 2.0, (config.height - 1) / 2.0),
    )


def _millimetres(buffer: np.ndarray) -> Depth:
    """From OpenGL's reversed depth: 1 at the near plane, 0 at the far one and beyond."""
    metres = _NEAR * _FAR / (_NEAR + buffer * (_FAR - _NEAR))
    return np.where(buffer > 0.0, np.round(metres / MILLIMETRE), 0.0).astype(np.uint16)
