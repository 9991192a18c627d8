"""One web page on the loopback address, in a thread of its own, closed to who lacks its key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from robot_meta.errors import BadConfig
from robot_meta.robots.closing import Closing
from robot_meta.web.access import LOOPBACK, QUERY, Access

# Nothing from other hosts, and no other page may frame this one.
POLICY = "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'self'; base-uri 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STATIC = Path(__file__).parent / "static"
_PATIENCE = 20.0  # for the thread to start and to end, [s]


class PageServer(Closing):
    """Serves an application; `app` is made in, and lives in, the thread's event loop.

    Attributes:
        address: What a person opens, with the key.
        loop: The event loop of the thread.

    Raises:
        BadConfig: The port is taken.
    """

    def __init__(self, make_app: Callable[[], web.Application], access: Access) -> None:
        self.address, self._access = access.address, access
        self.loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._run, name="web page", daemon=True)
        self._thread.start()
        try:
            self._wait(self._serve(make_app))
        except OSError as error:
            self.close()
            raise BadConfig(
                f"port {access.port} cannot be had ({error.strerror}): is the page served "
                "already? Choose another port otherwise"
            ) from None

    def close(self) -> None:
        """Say good-bye to all browsers and end the thread."""
        if not self.loop.is_closed():
            if self._runner is not None:
                self._wait(self._runner.cleanup())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _wait(self, work: Awaitable[None]) -> None:
        async def wrapped() -> None:
            await work

        future: Future[None] = asyncio.run_coroutine_threadsafe(wrapped(), self.loop)
        future.result(_PATIENCE)

    async def _serve(self, make_app: Callable[[], web.Application]) -> None:
        app = make_app()
        app.middlewares.append(_gate(self._access))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._access.port).start()


def _gate(access: Access) -> Middleware:
    """Lets through who may, and turns the key in an address into a cookie."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = access.refusal(request.method, request.headers, request.cookies, request.query)
        if refusal is not None:
            return web.Response(status=refusal.status, text=refusal.text + "\n", headers=HEADERS)
        if QUERY in request.query:  # not to stay in the address bar and in the history
            answer = web.Response(status=303, headers={**HEADERS, "Location": request.path})
            answer.set_cookie(access.cookie, access.key, httponly=True, samesite="Strict")
            return answer
        return await handler(request)

    return gate


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: what every answer carries, unless its handler says otherwise."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
