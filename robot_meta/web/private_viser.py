"""A viser server that only this user's processes reach, and that knows who its visitors are.

viser has no key of its own, and listens on a TCP port that every user of the machine reaches. It
is made to listen on a socket in a private folder instead, where `front.Front` fetches it for those
who have the key.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import viser
import websockets.asyncio.server as library
from websockets.asyncio.server import ServerConnection

VISITOR_HEADER = "X-Visitor"
# Whose message is being handled; to be read in asynchronous callbacks of viser.
visitor: ContextVar[str] = ContextVar("visitor", default="")


def private_viser(path: Path) -> viser.ViserServer:
    """A server on the unix socket `path`, in a folder that only its owner may enter."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    serve = library.serve

    def serve_here(
        handler: Callable[[ServerConnection], Awaitable[None]],
        host: str,
        port: int,
        **options: Any,
    ) -> Any:
        async def named(connection: ServerConnection) -> None:
            assert connection.request is not None
            visitor.set(connection.request.headers.get(VISITOR_HEADER, ""))
            await handler(connection)

        return serve(named, unix=True, path=str(path), **options)

    # viser takes a host and a port only; what it calls to listen is replaced while it starts.
    setattr(library, "serve", serve_here)  # noqa: B010
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # viser prints a banner otherwise
            return viser.ViserServer(verbose=False)
    finally:
        setattr(library, "serve", serve)  # noqa: B010
