"""Who may open a page: only who has the key, by this host's name, from this very page."""

import stat

import pytest

from robot_meta.errors import BadConfig
from robot_meta.web.access import Access, kept_key

KEY = "k" * 43
ACCESS = Access(key=KEY, port=8090)
HOST = {"Host": "127.0.0.1:8090"}
PAGE = {**HOST, "Origin": "http://127.0.0.1:8090"}
COOKIE = {"robot_meta_8090": KEY}
SOCKET = {"Upgrade": "websocket"}


def status(method="GET", headers=HOST, cookies=COOKIE, query=()):
    refusal = ACCESS.refusal(method, headers, cookies, dict(query))
    return refusal.status if refusal else 200


@pytest.mark.parametrize(
    ("what", "request_", "answer"),
    [
        ("the address that was printed", {"cookies": {}, "query": [("key", KEY)]}, 200),
        ("a browser that has been here", {}, 200),
        ("no key", {"cookies": {}}, 401),
        ("a wrong key", {"cookies": {}, "query": [("key", "x" * 43)]}, 403),
        ("a wrong key beside the right cookie", {"query": [("key", "x")]}, 403),
        ("a cookie of another time", {"cookies": {"robot_meta_8090": "old"}}, 403),
        ("a cookie of another port's page", {"cookies": {"robot_meta_8091": KEY}}, 401),
        ("a name that was made to mean this host", {"headers": {"Host": "evil.org:8090"}}, 403),
        ("another port", {"headers": {"Host": "127.0.0.1:80"}}, 403),
        ("no host", {"headers": {}}, 403),
        ("localhost", {"headers": {"Host": "localhost:8090"}}, 200),
        ("a post of this page", {"method": "POST", "headers": PAGE}, 200),
        ("a post from nowhere", {"method": "POST"}, 403),
        (
            "a post of another page",
            {"method": "POST", "headers": {**HOST, "Origin": "http://evil.example"}},
            403,
        ),
        ("a post of a sandbox", {"method": "POST", "headers": {**HOST, "Origin": "null"}}, 403),
        ("a socket of this page", {"headers": {**PAGE, **SOCKET}}, 200),
        ("a socket from nowhere", {"headers": {**HOST, **SOCKET}}, 403),
        (
            "a socket of another server of this host",
            {"headers": {**HOST, **SOCKET, "Origin": "http://127.0.0.1:9999"}},
            403,
        ),
    ],
)  # fmt: skip
def test_only_the_page_itself_with_its_key_is_answered(what, request_, answer):
    assert status(**request_) == answer, what


def test_a_refusal_says_what_to_do():
    assert "printed at start" in ACCESS.refusal("GET", HOST, {}, {}).text
    assert ACCESS.address == f"http://127.0.0.1:8090/?key={KEY}"


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / "state" / "key"
    key = kept_key(file)
    assert len(key) >= 43
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_key(file) == key, "pages that are open find their server again"
    assert kept_key(tmp_path / "other") != key


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [("short\n", 0o600, "holds no key"), (KEY, 0o644, "others may read")],
)
def test_a_key_that_is_none_or_known_to_others_is_refused(tmp_path, content, mode, words):
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises(BadConfig, match=words):
        kept_key(file)
