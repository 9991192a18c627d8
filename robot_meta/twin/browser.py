"""A live 3-D view in the browser, for this machine only: what all robots' views have in common."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import mujoco
import numpy as np
import viser
from mjviser import ViserMujocoScene

from robot_meta.robots.closing import Closing
from robot_meta.types import Array

_log = logging.getLogger(__name__)
_LOOPBACK = "127.0.0.1"
TRAIL = 240  # segments of a trail
BLUE, GREEN = (40, 110, 200), (60, 150, 90)

StateT = TypeVar("StateT")
Vector = tuple[float, float, float]


class BrowserView(Closing, ABC, Generic[StateT]):
    """Serves the newest state that it was given; giving one costs next to nothing.

    A thread of its own draws up to `fps` frames a second, and none while nothing changes.

    Args:
        model: What is shown.
        state: Shown at first.
        eye: Where one looks from at first, [m].
        look_at: And to, [m].
        port: Of the page, where no server is given.
        fps: At most, [1/s].
        server: What serves it, instead of one of its own on the loopback address; closed with it.

    Attributes:
        url: Address for the browser; of no use where the server is a given one.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        state: StateT,
        *,
        eye: Vector,
        look_at: Vector,
        port: int = 8080,
        fps: float = 30.0,
        server: viser.ViserServer | None = None,
    ) -> None:
        if not fps > 0.0:
            raise ValueError(f"fps must be > 0, got {fps}")
        with contextlib.redirect_stdout(io.StringIO()):  # viser prints a banner otherwise
            self._server = server or viser.ViserServer(host=_LOOPBACK, port=port, verbose=False)
        self.url = f"http://{_LOOPBACK}:{self._server.get_port()}"
        self._server.initial_camera.position = eye
        self._server.initial_camera.look_at = look_at
        self._server.gui.configure_theme(show_logo=False, show_share_button=False)
        self._server.gui.main_panel.minimize()
        self._scene = ViserMujocoScene(self._server, model, 1)
        self._scene.camera_tracking_enabled = False
        self._text = self._server.gui.add_markdown("")
        self._drawn: StateT | None = None
        self._state = state
        self._period, self._closing = 1.0 / fps, threading.Event()
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)
        self._thread.start()

    def show(self, state: StateT) -> None:
        """Draw `state` with the next frame; from any thread, at any rate."""
        self._state = state

    def close(self) -> None:
        """End the thread and the server; safe to call twice."""
        if not self._closing.is_set():
            self._closing.set()
            self._thread.join()
            with contextlib.redirect_stdout(io.StringIO()):
                self._server.stop()

    @abstractmethod
    def draw(self, state: StateT, drawn: StateT | None) -> None:
        """Draw `state` where `drawn` is shown, None for nothing; called by the view's thread."""

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._period):
                state = self._state
                if state is not self._drawn:
                    self.draw(state, self._drawn)
                    self._drawn = state
        except Exception:  # a view that fails must not take a robot with it
            _log.exception("the live view stopped")

    def line(self, name: str, points: Array, color: tuple[int, int, int]) -> None:
        """A line through `points` (P, 3), instead of the one of that name."""
        if len(points) < 2:
            self._server.scene.remove_by_name(name)
        else:
            segments = np.stack([points[:-1], points[1:]], axis=1)
            self._server.scene.add_line_segments(name, segments, color, thickness=0.004)


def longer(trail: Array, point: Array, step: float) -> Array:
    """A trail (P, 3) with `point` (3,) at its end, if that is `step` [m] away from the last."""
    if len(trail) and np.linalg.norm(point - trail[-1]) <= step:
        return trail
    return np.concatenate([trail, [point]])[-TRAIL - 1 :]
