"""Fetches a server behind a unix socket for whoever got past the gate: HTTP and websockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import web

from robot_meta.web.private_viser import VISITOR_HEADER

_LARGEST = 64 * 2**20  # of a message: meshes come in one, [byte]
_HTTP_HEADERS = ("Accept", "Accept-Encoding")
_ANSWER_HEADERS = ("Content-Type", "Content-Encoding")
# viser's page brings its scripts and its decoder along; other hosts stay shut out.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'; "
    "base-uri 'none'"
)


class Front:
    """Passes requests on.

    Args:
        path: The unix socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session: aiohttp.ClientSession | None = None

    async def close(self, app: web.Application | None = None) -> None:
        """Let go of all connections; may stand in `on_cleanup`."""
        if self._session is not None:
            await self._session.close()

    async def handle(self, request: web.Request, visitor: str) -> web.StreamResponse:
        """The answer of the server behind; it gets to know who visits."""
        if self._session is None:
            connector = aiohttp.UnixConnector(str(self._path))
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._pass_messages(request, self._session, visitor)
            return await self._pass_answer(request, self._session)
        except aiohttp.ClientConnectionError:
            raise web.HTTPBadGateway(text="the 3-D view is not there\n") from None

    async def _pass_answer(
        self, request: web.Request, session: aiohttp.ClientSession
    ) -> web.Response:
        headers = {
            name: request.headers[name] for name in _HTTP_HEADERS if name in request.headers
        }
        path = "/" + request.match_info.get("rest", "")
        async with session.get(f"http://view{path}", headers=headers) as answer:
            kept = {n: answer.headers[n] for n in _ANSWER_HEADERS if n in answer.headers}
            body = await answer.read()
        kept["Content-Security-Policy"] = POLICY
        return web.Response(status=answer.status, body=body, headers=kept)

    async def _pass_messages(
        self, request: web.Request, session: aiohttp.ClientSession, visitor: str
    ) -> web.WebSocketResponse:
        wanted = request.headers.get("Sec-WebSocket-Protocol", "").replace(" ", "").split(",")
        async with session.ws_connect(
            "http://view/",
            protocols=wanted,
            headers={VISITOR_HEADER: visitor},
            max_msg_size=_LARGEST,
        ) as behind:
            protocols = (behind.protocol,) if behind.protocol else ()
            before = web.WebSocketResponse(protocols=protocols, max_msg_size=_LARGEST)
            await before.prepare(request)
            ways = [
                asyncio.ensure_future(_pass(*way)) for way in ((before, behind), (behind, before))
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                await before.close()
        return before


async def _pass(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    sink: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    """Pass messages on until one side ends."""
    async for message in source:
        if message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
