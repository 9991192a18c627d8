"""A live 3-D view of the arm in the browser, for this machine only."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import threading
from dataclasses import dataclass

import mujoco
import numpy as np
import viser
from mjviser import ViserMujocoScene

from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.plant import payload_radius
from robot_meta.twin.scenes import PAYLOAD_BODY, TOOL_SITE, SceneConfig, build_arm_model
from robot_meta.types import Array

_log = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
_TRAIL = 240  # segments of the tool's trail
_TRAIL_STEP = 0.002  # shortest segment, [m]
_ORANGE, _BLUE, _GREEN = (217, 84, 26), (40, 110, 200), (60, 150, 90)
_EYE, _LOOK_AT = (1.25, -1.05, 0.85), (0.3, 0.0, 0.3)  # base frame, [m]


@dataclass(frozen=True, kw_only=True)
class ViewState:
    """What the view shows.

    Attributes:
        position: Joint positions, (J,), [rad].
        payload_mass: Of the ball in the hand, 0 for none, [kg].
        payload_offset: Its centre in the tool frame, (3,), [m].
        target: Path the tool should follow, base frame, (P, 3), [m]; (0, 3) for none.
        text: One line in the corner.
    """

    position: Array
    payload_mass: float = 0.0
    payload_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    target: Array = dataclasses.field(default_factory=lambda: np.zeros((0, 3)))
    text: str = ""


class LiveView(Closing):
    """Serves the newest state that it was given; giving one costs next to nothing.

    A thread of its own draws up to `fps` frames a second, and none while nothing changes. Building
    the scene takes about two seconds: do it before a robot in the same process moves.

    Args:
        description: The arm.
        port: Of the page, where no server is given.
        fps: At most, [1/s].
        server: What serves it, instead of one of its own on the loopback address; closed with it.

    Attributes:
        url: Address for the browser; of no use where the server is a given one.
    """

    def __init__(
        self,
        description: ArmDescription,
        *,
        port: int = 8080,
        fps: float = 30.0,
        server: viser.ViserServer | None = None,
    ) -> None:
        if not fps > 0.0:
            raise ValueError(f"fps must be > 0, got {fps}")
        self._model = build_arm_model(description, SceneConfig(visual=True))
        self._data = mujoco.MjData(self._model)
        with contextlib.redirect_stdout(io.StringIO()):  # viser prints a banner otherwise
            self._server = server or viser.ViserServer(host=_LOOPBACK, port=port, verbose=False)
        self.url = f"http://{_LOOPBACK}:{self._server.get_port()}"
        self._server.initial_camera.position = _EYE
        self._server.initial_camera.look_at = _LOOK_AT
        self._server.gui.configure_theme(show_logo=False, show_share_button=False)
        self._server.gui.main_panel.minimize()
        self._scene = ViserMujocoScene(self._server, self._model, 1)
        self._scene.camera_tracking_enabled = False
        self._text = self._server.gui.add_markdown("")
        self._ball: viser.IcosphereHandle | None = None
        self._trail = np.zeros((0, 3))
        self._drawn: ViewState | None = None
        self._state = ViewState(position=description.spec.home)
        self._period, self._closing = 1.0 / fps, threading.Event()
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)
        self._thread.start()

    def show(self, state: ViewState) -> None:
        """Draw `state` with the next frame; from any thread, at any rate."""
        self._state = state

    def clear_trail(self) -> None:
        """Forget where the tool has been."""
        self._trail = np.zeros((0, 3))

    def close(self) -> None:
        """End the thread and the server; safe to call twice."""
        if not self._closing.is_set():
            self._closing.set()
            self._thread.join()
            with contextlib.redirect_stdout(io.StringIO()):
                self._server.stop()

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._period):
                if self._state is not self._drawn:
                    self._draw(self._state, self._drawn)
        except Exception:  # a view that fails must not take a robot with it
            _log.exception("the live view stopped")

    def _draw(self, state: ViewState, drawn: ViewState | None) -> None:
        data, scene = self._data, self._server.scene
        data.qpos[:] = state.position
        mujoco.mj_kinematics(self._model, data)
        self._scene.update_from_mjdata(data)
        if drawn is None or state.target is not drawn.target:
            _draw_line(scene, "/target", state.target, _BLUE)
        self._extend_trail(data.site(TOOL_SITE).xpos)
        _draw_line(scene, "/trail", self._trail, _GREEN)
        if drawn is None or state.payload_mass != drawn.payload_mass:
            if self._ball is not None:
                self._ball.remove()
            radius = payload_radius(state.payload_mass)
            self._ball = scene.add_icosphere("/payload", radius, _ORANGE) if radius else None
        if self._ball is not None:
            held = data.body(PAYLOAD_BODY)
            self._ball.position = held.xpos + held.xmat.reshape(3, 3) @ state.payload_offset
        if drawn is None or state.text != drawn.text:
            self._text.content = state.text
        self._drawn = state

    def _extend_trail(self, tool: Array) -> None:
        if not len(self._trail) or np.linalg.norm(tool - self._trail[-1]) > _TRAIL_STEP:
            self._trail = np.concatenate([self._trail, [tool]])[-_TRAIL - 1 :]


def _draw_line(
    scene: viser.SceneApi, name: str, points: Array, color: tuple[int, int, int]
) -> None:
    """A line through `points` (P, 3), instead of the one of that name."""
    if len(points) < 2:
        scene.remove_by_name(name)
    else:
        segments = np.stack([points[:-1], points[1:]], axis=1)
        scene.add_line_segments(name, segments, color, thickness=0.004)
