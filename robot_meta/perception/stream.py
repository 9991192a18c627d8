"""A camera that keeps delivering: opened, read and opened again in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from robot_meta.errors import NotConnected
from robot_meta.perception.camera import Camera, Frame


@dataclass(frozen=True, kw_only=True)
class StreamState:
    """How a stream is doing.

    Attributes:
        connected: Whether frames come now.
        frames: Delivered since the start.
        dropped: Frames that the camera counted and that did not arrive.
        losses: How often a camera that had delivered fell silent.
        trouble: Why no frames come, or "".
    """

    connected: bool = False
    frames: int = 0
    dropped: int = 0
    losses: int = 0
    trouble: str = "is being opened"


class CameraStream:
    """Hands every frame to `deliver`; a camera that is missing or lost is looked for again.

    Nobody waits for the camera: whatever it does, only the thread of the stream is held up.

    Args:
        open_camera: Opens the camera; called in the thread, with `NotConnected` where it cannot.
        deliver: Takes each frame, in the thread.
        retry: Pause before the camera is opened again, [s].

    Attributes:
        state: How it is doing.
        failure: An error that no waiting will mend; the thread has ended with it.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        deliver: Callable[[Camera, Frame], None],
        *,
        retry: float,
    ) -> None:
        self._open, self._deliver, self._retry = open_camera, deliver, retry
        self.state = StreamState()
        self.failure: BaseException | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self, timeout: float = 10.0) -> None:
        """End the thread, which lets go of the camera; safe to call twice."""
        self._closing.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                try:
                    self._read(self._open())
                except NotConnected as error:
                    self._lost(str(error))
                self._closing.wait(self._retry)
        except BaseException as error:
            self.failure = error

    def _read(self, camera: Camera) -> None:
        last: int | None = None
        try:
            while not self._closing.is_set():
                frame = camera.grab()
                missed = 0 if last is None else max(0, frame.number - last - 1)
                last = frame.number
                self._deliver(camera, frame)
                self._delivered(missed)
        finally:
            camera.close()

    def _delivered(self, missed: int) -> None:
        old = self.state
        self.state = StreamState(
            connected=True,
            frames=old.frames + 1,
            dropped=old.dropped + missed,
            losses=old.losses,
            trouble="",
        )

    def _lost(self, trouble: str) -> None:
        old = self.state
        self.state = StreamState(
            frames=old.frames,
            dropped=old.dropped,
            losses=old.losses + old.connected,
            trouble=trouble,
        )
