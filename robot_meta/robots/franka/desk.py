"""Bringing an FR3 up through Desk, its web interface: self-test, brakes, control interface.

Everything is asked of franky's client; what it raises becomes one line here. Desk's certificate is
its own and is not checked by that client: use a cable or a network that nobody else is in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from robot_meta import errors
from robot_meta.robots.closing import Closing
from robot_meta.robots.franka.arm import load_franky

INTERFACES = ("v1", "legacy")  # of Desk: system 5 and later, and before
SELF_TEST = "SelfTestsElapsed"  # Desk's name for a self-test that is due
POLL = 0.2  # [s]


class DeskSession(Closing):
    """A session in Desk; leaving the block gives control back.

    Args:
        address: Of the robot, as for its control interface.
        user: Who logs in.
        password: Of that user.
        interface: One of `INTERFACES`.
        timeout: Longest wait for Desk, for control and for brakes, [s].

    Raises:
        LoginRefused: Wrong user or password.
        RobotUnreachable: No Desk answers.
        VersionMismatch: Desk speaks the other interface.
    """

    def __init__(
        self,
        address: str,
        user: str,
        password: str,
        *,
        interface: str = "v1",
        timeout: float = 30.0,
    ) -> None:
        self._franky = load_franky()
        self._address, self._user, self._timeout = address, user, timeout
        self._interface = interface
        kinds = {"v1": self._franky.Desk, "legacy": self._franky.DeskWebSession}
        self._desk: Any = kinds[interface](address, user, password)
        self._ask(lambda: self._desk.open(timeout=timeout))

    def close(self) -> None:
        """Give control back and disconnect; safe to call twice."""
        if self._desk.is_open:
            self._ask(self._desk.close)

    def state(self) -> dict[str, str]:
        """How it stands: mode, brakes, and what has to be seen to first, "" for nothing."""
        return {
            "mode": str(self._ask(lambda: self._desk.operating_mode.name)).lower(),
            "brakes": str(self._ask(lambda: self._desk.brake_state.name)).lower(),
            "due": self._due(),
        }

    def bring_up(self, *, self_test: bool = False, tell: Callable[[str], None]) -> None:
        """Take control, test if that is due, open the brakes, switch the control interface on.

        Args:
            self_test: Whether a self-test that is due may be run: it closes and opens brakes.
            tell: Called with each thing that was done.

        Raises:
            RobotBusy: Somebody else has control in Desk.
            RobotNotReady: A person has to do something first.
        """
        self._take_control()
        tell("control taken")
        due = self._due()
        if due == SELF_TEST and self_test:
            tell("self-test runs")
            self._ask(self._desk.execute_self_test)
            if self._interface == "v1":
                self._ask(self._desk.recover)
            due = self._due()
        if due:
            raise errors.RobotNotReady(f"{self._address}: {_remedy(due)}")
        if self.state()["mode"] != "execution":
            self._ask(self._desk.set_mode_execution)
            tell("execution mode")
        if self.state()["brakes"] != "unlocked":
            self._ask(self._desk.unlock_brakes)
            self._wait_for_brakes("unlocked")
            tell("brakes opened")
        self._ask(self._desk.enable_fci)
        tell("control interface (FCI) on")

    def shut_down(self, *, tell: Callable[[str], None]) -> None:
        """Take control and close the brakes.

        Raises:
            RobotBusy: Somebody else has control in Desk.
            RobotNotReady: They do not close.
        """
        self._take_control()
        self._ask(self._desk.lock_brakes)
        self._wait_for_brakes("locked")
        tell("brakes closed")

    def _take_control(self) -> None:
        self._ask(lambda: self._desk.take_control(wait_timeout=self._timeout))

    def _wait_for_brakes(self, wanted: str) -> None:
        """Wait until they are all "locked" or "unlocked"; one after the other moves."""
        end = time.monotonic() + self._timeout
        while True:
            try:
                if self._desk.brake_state.name.lower() == wanted:
                    return
            except self._franky.DeskError as error:
                if isinstance(error, self._franky.FrankaAPIError):
                    raise self._trouble(error) from error
            if time.monotonic() > end:
                raise errors.RobotNotReady(
                    f"{self._address}: the brakes are not {wanted} after {self._timeout:.0f} s. "
                    "Is the emergency stop or the user stop pressed?"
                )
            time.sleep(POLL)

    def _due(self) -> str:
        """What Desk wants to have seen to before the robot moves, "" for nothing."""
        if self._interface == "v1":
            recovery = self._ask(self._desk.get_recovery_status)
            return "" if recovery is None else str(recovery["type"])
        faults = self._ask(lambda: self._desk.system_status)["safety"]["recoverableErrors"]
        return SELF_TEST if faults["td2Timeout"] else ""

    def _ask(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except self._franky.DeskError as error:
            raise self._trouble(error) from error
        except (OSError, HTTPException) as error:
            raise errors.RobotUnreachable(
                f"no Desk answers at https://{self._address} ({' '.join(str(error).split())}): "
                "wrong address, no cable, or the robot has not started up yet"
            ) from error

    def _trouble(self, error: Exception) -> errors.RobotMetaError:
        """The error of this project for one of franky's."""
        text = " ".join(str(error).split())
        if isinstance(error, self._franky.TakeControlTimeoutError):
            return errors.RobotBusy(
                f"{self._holder()} has control of {self._address} in Desk: let them release it "
                f"(waited {self._timeout:.0f} s)"
            )
        if not isinstance(error, self._franky.FrankaAPIError):
            return errors.RobotNotReady(f"{self._address}: {text}")
        if error.http_code in (401, 403):
            return errors.LoginRefused(
                f"Desk at {self._address} knows no user '{self._user}' with this password"
            )
        if error.http_code == 404:
            other = next(name for name in INTERFACES if name != self._interface)
            return errors.VersionMismatch(
                f"Desk at {self._address} does not speak interface '{self._interface}': try "
                f"--interface {other}"
            )
        return errors.RobotNotReady(f"Desk at {self._address} refuses: {text}")

    def _holder(self) -> str:
        """Who has control now."""
        if self._interface != "v1":
            return "somebody else"
        held = self._ask(
            lambda: self._desk.send_api_request("/api/system/control-token", method="GET")
        )
        return str(held.get("owner") or "somebody else")


def _remedy(due: str) -> str:
    """What a person does about something that Desk wants to have seen to."""
    if due == SELF_TEST:
        return (
            "its self-test is due. When everybody is clear, run the same command with --self-test"
        )
    return f"Desk asks for a recovery ({due}): open Desk in a browser and follow it"
