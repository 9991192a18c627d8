"""What libfranka's exceptions mean, and what a person does about it: one line each."""

from __future__ import annotations

import re
import socket
from typing import Any

from robot_meta import errors

FCI_PORT = 1337
PANDA = (
    "a Panda goes through ros2_control (backend:=ros2_control), since this libfranka does not "
    "speak to it"
)
_ERROR_NAMES = re.compile(r'"([a-z_]+)"')


def connection_trouble(error: Exception, address: str) -> errors.RobotMetaError:
    """The error of this project for an exception that franky raised while it connected."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if kind == "IncompatibleVersionException":
        server = re.search(r"server version:? *(\d+)", text, re.IGNORECASE)
        if server is not None and int(server.group(1)) <= 5:
            return errors.VersionMismatch(f"{address} runs the interface of a Panda: {PANDA}")
        return errors.VersionMismatch(
            f"{address} and libfranka speak different versions ({text}). Install the "
            "franky-control that fits the robot's system version, or update the robot."
        )
    if kind == "RealtimeException":
        return errors.NoRealtimeKernel(
            f"franka.realtime is 'enforce' and this kernel has no real time ({text}). Boot a "
            "PREEMPT_RT kernel and let this user use it, or set 'ignore' to try things out."
        )
    if "refused" in text:
        return errors.RobotInterfaceOff(
            f"{address} refuses port {FCI_PORT}: the Franka Control Interface is not active "
            "there. Open the brakes and activate FCI in Desk, and check that the address is the "
            "robot's."
        )
    if "Host not found" in text:
        return errors.RobotUnreachable(f"no host '{address}' is known; check robot_ip")
    if "timeout" in text.lower():
        return _nobody(address)
    return errors.RobotUnreachable(f"no Franka answers at {address} ({text}); check robot_ip")


def silence_trouble(address: str, waited: float) -> errors.RobotMetaError:
    """The error for an address that gave no answer for `waited` [s]: is anybody there at all?"""
    try:
        socket.create_connection((address, FCI_PORT), timeout=2.0).close()
    except OSError:
        return _nobody(address)
    return errors.RobotBusy(
        f"{address} takes connections but answered nothing within {waited:.0f} s: another client "
        "has the robot. End it (another launch, another machine, a program in Desk) and try again."
    )


def _nobody(address: str) -> errors.RobotMetaError:
    return errors.RobotUnreachable(
        f"nothing answers at {address}: wrong robot_ip, no cable, or another network. Try `ping`."
    )


def mode_trouble(mode: str, address: str) -> errors.RobotMetaError | None:
    """Why a robot in `mode` (franky's name of it) may not move; None where it may."""
    remedies = {
        "UserStopped": "its user stop is pressed. Release it when everybody is clear",
        "Guiding": "somebody guides it by hand. Let go of the buttons at the hand",
        "Other": "it is not ready: brakes closed or another mode. Open the brakes in Desk",
    }
    if mode not in remedies:
        return None
    return errors.RobotNotReady(f"{address} answers but may not move: {remedies[mode]}.")


def reflex_name(text: str, state: Any) -> str:
    """The name that libfranka gives to what ended a motion, from its text or the state."""
    found = _ERROR_NAMES.search(text)
    if found is not None:
        return found.group(1)
    for flags in (state.current_errors, state.last_motion_errors):
        names = error_names(flags)
        if names:
            return names[0]
    return "control_ended"


def error_names(flags: Any) -> list[str]:
    """Names of the errors that are set."""
    return [name for name in dir(flags) if not name.startswith("_") and getattr(flags, name)]
