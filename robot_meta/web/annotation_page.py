"""The page for annotation: plays clips, asks what happens in them, shows how far people agree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiohttp import web

from robot_meta.annotation.clips import Clip
from robot_meta.errors import RobotMetaError, StoreDamaged
from robot_meta.web.annotating import Annotating
from robot_meta.web.films import Film, Films
from robot_meta.web.server import STATIC, add_headers

_LARGEST = 64 * 2**20  # of what is imported, [byte]


class AnnotationPage:
    """Passes on what the page asks and says.

    Args:
        store: Folder of the store.
        annotating: What is asked and said.
    """

    def __init__(self, store: Path, annotating: Annotating) -> None:
        self._store, self._annotating = store, annotating
        self._painter = ThreadPoolExecutor(1)  # what draws belongs to the thread that made it
        self._films: Films | None = None

    def app(self) -> web.Application:
        """The application; to be made in the event loop that it lives in."""
        app = web.Application(client_max_size=_LARGEST, middlewares=[_tell_trouble])
        app.on_response_prepare.append(add_headers)
        app.on_cleanup.append(self._close)
        app.router.add_get("/", _index)
        app.router.add_get("/next", self._next)
        app.router.add_get("/shown", self._shown_by)
        app.router.add_get("/frame", self._frame)
        app.router.add_get("/overview", self._overview)
        app.router.add_post("/say", self._say)
        app.router.add_post("/take_back", self._take_back)
        app.router.add_get("/annotations.jsonl", self._export)
        app.router.add_post("/import", self._import)
        app.router.add_static("/static", STATIC)
        return app

    async def _next(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("fresh") == "yes":
            await asyncio.to_thread(self._annotating.look_again)
        clips = await asyncio.to_thread(
            self._annotating.ask,
            query.get("who", ""),
            pair=query.get("pair") == "yes",
            asked=query.get("asked", "").strip(),
        )
        return web.json_response({"clips": [await self._shown(clip) for clip in clips]})

    async def _shown_by(self, request: web.Request) -> web.Response:
        """The same clip as another camera saw it."""
        query = request.query
        return web.json_response(await self._shown(_asked(query), query.get("source")))

    async def _shown(self, clip: Clip, source: str | None = None) -> dict[str, Any]:
        """What the page is told of a clip; one that cannot be seen can still be skipped."""
        name = [clip.episode, clip.begin, clip.end]
        try:
            film = await self._film(clip, source)
        except StoreDamaged as error:
            return {"clip": name, "frames": 0, "trouble": str(error)}
        return {
            "clip": name,
            "frames": len(film.frames),
            "fps": film.fps,
            "source": film.source,
            "sources": film.sources,
        }

    async def _frame(self, request: web.Request) -> web.Response:
        query = request.query
        film = await self._film(_asked(query), query.get("source"))
        number = int(query["number"])
        if not 0 <= number < len(film.frames):
            raise ValueError(f"want a frame in [0, {len(film.frames) - 1}], got {number}")
        return web.Response(body=film.frames[number], content_type="image/jpeg")

    async def _overview(self, request: web.Request) -> web.Response:
        who = request.query.get("who", "")
        return web.json_response(await asyncio.to_thread(self._annotating.overview, who))

    async def _say(self, request: web.Request) -> web.Response:
        said = await _content(request)
        clips = tuple(map(_clip, said.get("clips") or []))
        texts = [str(said.get(name, "")) for name in ("text", "choice")]
        await asyncio.to_thread(
            self._annotating.say, str(said.get("who", "")), str(said.get("kind")), clips, *texts
        )
        return web.json_response({})

    async def _take_back(self, request: web.Request) -> web.Response:
        said = await _content(request)
        await asyncio.to_thread(
            self._annotating.take_back, str(said.get("who", "")), str(said.get("id", ""))
        )
        return web.json_response({})

    async def _export(self, request: web.Request) -> web.Response:
        text = await asyncio.to_thread(self._annotating.exported)
        name = {"Content-Disposition": 'attachment; filename="annotations.jsonl"'}
        return web.Response(text=text, content_type="application/x-ndjson", headers=name)

    async def _import(self, request: web.Request) -> web.Response:
        text = (await request.read()).decode("utf-8")
        new = await asyncio.to_thread(self._annotating.take_in, text, "the file")
        return web.json_response({"new": new})

    async def _film(self, clip: Clip, source: str | None) -> Film:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._painter, self._made, clip, source)

    def _made(self, clip: Clip, source: str | None) -> Film:
        if self._films is None:
            self._films = Films(self._store)
        return self._films.of(clip, source)

    async def _close(self, app: web.Application) -> None:
        if self._films is not None:
            await asyncio.get_running_loop().run_in_executor(self._painter, self._films.close)
        self._painter.shutdown()


@web.middleware
async def _tell_trouble(request: web.Request, handler: Any) -> web.StreamResponse:
    """What a person could have caused is one line for them."""
    try:
        answer: web.StreamResponse = await handler(request)
        return answer
    except (ValueError, KeyError, TypeError) as error:
        text = f"missing: {error}" if isinstance(error, KeyError) else str(error)
        return web.Response(status=400, text=text)
    except RobotMetaError as error:
        return web.Response(status=500, text=str(error))


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "annotate.html")


async def _content(request: web.Request) -> dict[str, Any]:
    content = await request.json()
    if not isinstance(content, dict):
        raise ValueError(f"want an object, got {type(content).__name__}")
    return content


def _asked(query: Mapping[str, str]) -> Clip:
    """The clip that a request is about."""
    return _clip([query.get("episode"), int(query["begin"]), int(query["end"])])


def _clip(parts: Any) -> Clip:
    """A clip as the page names it: episode, begin, end."""
    if not (isinstance(parts, list) and len(parts) == 3 and isinstance(parts[0], str)):
        raise ValueError(f"want a clip as [episode, begin, end], got {parts}")
    return Clip(*parts)
