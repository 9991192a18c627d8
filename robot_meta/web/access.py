"""Who may open a page: whoever has its key, from this machine, from the page itself.

A page on the loopback address is not private by itself. Other users of the machine reach it, and
so do foreign web pages in the same browser: by sending requests across sites, by opening
websockets, and by a host name of theirs that suddenly means 127.0.0.1 (DNS rebinding). So each
request must carry the key, name this very host, and come from this very page.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from robot_meta.errors import BadConfig

LOOPBACK = "127.0.0.1"
QUERY = "key"  # http://127.0.0.1:PORT/?key=KEY
_HOSTS = (LOOPBACK, "localhost", "[::1]")
_SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: an HTTP status and one line for the person."""

    status: int
    text: str


@dataclass(frozen=True)
class Access:
    """Judges requests to one page.

    Attributes:
        key: What a browser must know.
        port: Of the page.
    """

    key: str
    port: int

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"http://{LOOPBACK}:{self.port}/?{QUERY}={self.key}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers do not tell ports of one host apart."""
        return f"robot_meta_{self.port}"

    def refusal(
        self,
        method: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        query: Mapping[str, str],
    ) -> Refusal | None:
        """Why this request is not answered, or None where it is.

        Args:
            method: Such as "GET".
            headers: By name, whatever the case.
            cookies: By name.
            query: What follows the question mark.
        """
        hosts = {f"{name}:{self.port}" for name in _HOSTS}
        host = headers.get("Host", "")
        if host not in hosts:
            return Refusal(403, f"this page is at {LOOPBACK}:{self.port}, not at '{host}'")
        origin = headers.get("Origin")
        upgrade = headers.get("Upgrade", "").lower() == "websocket"
        if origin is None and (upgrade or method not in _SAFE_METHODS):
            return Refusal(403, "the request does not say which page it comes from (Origin)")
        if origin is not None and origin != f"http://{host}":
            return Refusal(403, f"the request comes from another page: '{origin}'")
        given = query.get(QUERY) or cookies.get(self.cookie, "")
        if not given:
            return Refusal(401, "open the whole address that was printed at start, key included")
        if not hmac.compare_digest(given.encode(), self.key.encode()):
            return Refusal(
                403, "this key is wrong or outdated: open the address that was printed at start"
            )
        return None


def kept_key(file: Path) -> str:
    """The key in `file`; a new random one is put there first where there is none.

    It is kept so that a page that is open finds its server again after a restart. Delete the file
    to shut out all pages that know it.

    Raises:
        BadConfig: Others may read the file, or it holds no key.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as new:
            new.write(secrets.token_urlsafe(32) + "\n")
    if file.stat().st_mode & 0o077 or file.stat().st_uid != os.getuid():
        raise BadConfig(f"others may read {file}: delete it, and a new key is made")
    key = file.read_text(encoding="utf-8").strip()
    if len(key) < 32 or not key.isascii():
        raise BadConfig(f"{file} holds no key: delete it, and a new one is made")
    return key


def default_key_file() -> Path:
    """Where the key of this user is kept."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state, "robot_meta", "page_key")
