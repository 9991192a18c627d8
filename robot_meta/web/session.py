"""One open page: the words that it may say, and what becomes of them."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from robot_meta.web.hand import Hand

if TYPE_CHECKING:
    from robot_meta.web.operator import Operator

_LONGEST_TEXT = 1000  # of an instruction, in characters
_TAKEN = "somebody else's hand is on the robot: another tab or browser"


class Session:
    """What one page asks for, until its socket ends.

    Args:
        operator: Whom it asks.
        hand: What it moves the robot with.
        send: Sends one message to the page.

    Attributes:
        visitor: Its name.
    """

    def __init__(
        self, operator: Operator, hand: Hand, send: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        self.visitor = secrets.token_hex(8)
        self._operator, self._hand, self._send = operator, hand, send
        self._calls: set[asyncio.Task[None]] = set()
        self._words: dict[str, Callable[[Any], Awaitable[None]]] = {
            "call": self._call,
            "say": self._say,
            "grip": self._grip,
            "push": self._push,
            "beat": self._beat,
            "up": self._up,
        }

    async def hear(self, text: str) -> None:
        """Do what one message of the page asks; nonsense is answered with what was wanted."""
        try:
            message = json.loads(text)
            if not isinstance(message, dict) or len(message) != 1:
                raise ValueError(f"want an object with one of {list(self._words)}")
            ((word, value),) = message.items()
            if word not in self._words:
                raise ValueError(f"want one of {list(self._words)}, got '{word}'")
            await self._words[word](value)
        except (ValueError, TypeError) as error:
            await self._send({"trouble": str(error)})

    def close(self) -> None:
        """The page is gone; its hand is off the robot."""
        self._hand.release(self.visitor)
        for call in self._calls:
            call.cancel()

    async def _call(self, service: Any) -> None:
        async def answer() -> None:
            done, text = await self._operator.call(str(service))
            await self._send({"answer": {"service": service, "done": done, "text": text}})

        task = asyncio.ensure_future(answer())  # a slow answer must not hold up the hand
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _say(self, text: Any) -> None:
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            raise ValueError(f"want an instruction of at most {_LONGEST_TEXT} characters")
        self._operator.say(" ".join(text.split()))

    async def _grip(self, width: Any) -> None:
        if not 0.0 <= float(width) <= 1.0:
            raise ValueError(f"want a width in [0, 1] m, got {width}")
        self._operator.grip(float(width))

    async def _push(self, direction: Any) -> None:
        values = np.array(direction, dtype=float)
        if not self._hand.push(self.visitor, values, time.monotonic()):
            await self._send({"trouble": _TAKEN})

    async def _beat(self, value: Any) -> None:
        self._hand.beat(self.visitor, time.monotonic())

    async def _up(self, value: Any) -> None:
        self._hand.release(self.visitor)
