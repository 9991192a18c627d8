"""The operator's page: what is seen, and what is asked of the robot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from robot_meta.web.board import Board
from robot_meta.web.front import Front
from robot_meta.web.hand import Hand
from robot_meta.web.pictures import Pictures
from robot_meta.web.server import STATIC, add_headers
from robot_meta.web.session import Session

_PERIOD = 0.05  # between two looks at the board, [s]
_PICTURE_PERIOD = 0.1  # between two looks for a new picture, [s]
_LARGEST = 64 * 1024  # of a message from the page, [byte]
_BOUNDARY = "picture"


class Operator(Protocol):
    """What a person at the page can ask for; called in the page's event loop."""

    def call(self, service: str) -> Awaitable[tuple[bool, str]]:
        """Call a service: whether it was done, and what it answers."""

    def stop(self) -> None:
        """Press the software stop."""

    def release(self) -> str:
        """Let the software stop go; why that cannot be done from here, or ""."""

    def say(self, instruction: str) -> None:
        """What is meant, in words."""

    def grip(self, width: float) -> None:
        """Wanted width of the gripper, [m]."""


@dataclass(frozen=True)
class OperatorPage:
    """What the page is made of.

    Attributes:
        board: What it shows.
        operator: Whom it asks.
        hand: What it moves the robot with.
        pictures: What the cameras see.
        view: Unix socket of the 3-D view.
    """

    board: Board
    operator: Operator
    hand: Hand
    pictures: Pictures
    view: Path

    def app(self) -> web.Application:
        """The application; to be made in the event loop that it lives in."""
        front = Front(self.view)

        async def view(request: web.Request) -> web.StreamResponse:
            return await front.handle(request, request.match_info["visitor"])

        app = web.Application()
        app.on_response_prepare.append(add_headers)
        app.on_cleanup.append(front.close)
        app.router.add_get("/", _index)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/stop", self._stop)
        app.router.add_post("/release", self._release)
        app.router.add_get("/camera/{number}", self._camera)
        for path in ("/view/{visitor}", "/view/{visitor}/{rest:.*}"):
            app.router.add_get(path, view)
        app.router.add_static("/static", STATIC)
        return app

    async def _stop(self, request: web.Request) -> web.Response:
        self.operator.stop()
        return web.Response(text="")

    async def _release(self, request: web.Request) -> web.Response:
        refusal = self.operator.release()
        return web.Response(status=409 if refusal else 200, text=refusal)

    async def _camera(self, request: web.Request) -> web.StreamResponse:
        """One JPEG after the other, until the browser goes away."""
        try:
            camera = self.pictures.cameras[int(request.match_info["number"])]
        except (ValueError, IndexError):
            raise web.HTTPNotFound(text="no such camera\n") from None
        stream = web.StreamResponse(
            headers={"Content-Type": f"multipart/x-mixed-replace; boundary={_BOUNDARY}"}
        )
        await stream.prepare(request)
        await stream.write(f"--{_BOUNDARY}\r\n".encode())
        shown = 0
        self.pictures.watch(camera, 1)
        try:
            while request.transport is not None:  # until the browser goes away
                number, jpeg = await asyncio.to_thread(self.pictures.jpeg, camera)
                if number != shown:
                    shown = number
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    # The next boundary at once, or the browser waits for it to show the picture.
                    end = f"\r\n--{_BOUNDARY}\r\n"
                    await stream.write(head.encode() + jpeg + end.encode())
                await asyncio.sleep(_PICTURE_PERIOD)
        except ConnectionResetError:
            pass  # the browser went away in the middle of a picture
        finally:
            self.pictures.watch(camera, -1)
        return stream

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """One open page: tells it what is new, and does what it asks, until it goes."""
        socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=_LARGEST)
        await socket.prepare(request)
        session = Session(self.operator, self.hand, socket.send_json)
        tell = asyncio.ensure_future(self._tell(session, socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await session.hear(message.data)
        finally:
            tell.cancel()
            session.close()
        return socket

    async def _tell(self, session: Session, socket: web.WebSocketResponse) -> None:
        cameras = list(self.pictures.cameras)
        await socket.send_json({"hello": {"visitor": session.visitor, "cameras": cameras}})
        version = count = 0
        hand: str | None = None
        while not socket.closed:
            message: dict[str, Any] = {}
            version, facts = self.board.facts_since(version)
            count, samples = self.board.samples_since(count)
            holder = self.hand.holder(time.monotonic())
            whose = "mine" if holder == session.visitor else "other" if holder else "free"
            if facts:
                message["facts"] = facts
            if samples:
                message["samples"] = samples
            if whose != hand:
                message["hand"] = hand = whose
            if message:
                await socket.send_json(message)
            await asyncio.sleep(_PERIOD)


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "operator.html")
