"""The gate in front of a page, over real connections."""

import asyncio
import threading

import aiohttp
import pytest
from aiohttp import web

from robot_meta.errors import BadConfig
from robot_meta.web.access import Access
from robot_meta.web.server import PageServer, add_headers

KEY = "k" * 43


def make_app():
    async def socket(request):
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.send_str("hello")
        return answer

    async def act(request):
        return web.Response(text=request.method)

    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/socket", socket)
    app.router.add_route("*", "/", act)
    return app


@pytest.fixture
def access(free_port):
    access = Access(key=KEY, port=free_port())
    with PageServer(make_app, access):
        yield access


def visit(access, talk):
    """What `talk(session, base)` answers, with a browser's cookie."""

    async def run():
        base = f"http://127.0.0.1:{access.port}"
        jar = aiohttp.CookieJar(unsafe=True)  # or it takes none from an address in numbers
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            return await talk(session, base)

    return asyncio.run(run())


def test_the_key_opens_the_page_leaves_the_address_and_is_kept_from_scripts(access):
    async def talk(session, base):
        async with session.get(access.address, allow_redirects=False) as answer:
            moved = answer.status, answer.headers["Location"], answer.headers["Set-Cookie"]
        async with session.get(base) as answer:
            return moved, answer.status, answer.headers

    (status, where, cookie), again, headers = visit(access, talk)
    assert (status, where, again) == (303, "/", 200)
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("here", 101), ("http://evil.example", 403), (None, 403), ("null", 403)],
)
def test_only_the_page_itself_opens_its_socket(access, origin, status):
    async def talk(session, base):
        async with session.get(access.address):
            pass
        headers = {"Origin": base if origin == "here" else origin} if origin else {}
        try:
            async with session.ws_connect(f"{base}/socket", headers=headers) as line:
                return 101 if (await line.receive_str()) == "hello" else 0
        except aiohttp.WSServerHandshakeError as error:
            return error.status

    assert visit(access, talk) == status


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 403)])
def test_a_name_that_leads_here_by_a_trick_is_refused(access, host, status):
    async def talk(session, base):
        name = {"Host": f"{host}:{access.port}", "Cookie": f"{access.cookie}={KEY}"}
        async with session.get(base, headers=name) as answer:
            return answer.status

    assert visit(access, talk) == status


def test_a_port_that_is_taken_is_one_clear_error_and_leaves_no_thread(access):
    before = threading.active_count()
    with pytest.raises(BadConfig, match=f"port {access.port} cannot be had .*served already"):
        PageServer(make_app, access)
    assert threading.active_count() == before
