"""Hints about a machine that shall serve a robot every millisecond."""

from __future__ import annotations

import resource
from pathlib import Path

from robot_meta.preflight.finding import OK, WARN, Finding

REALTIME = Path("/sys/kernel/realtime")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def kernel() -> Finding:
    """The kernel keeps its word within a millisecond."""
    if word_in(REALTIME) == "1":
        return Finding(OK, "kernel", "PREEMPT_RT")
    text = "no real-time kernel: the 1 kHz law may miss its time under load"
    return Finding(WARN, "kernel", text, "install one, as the vendor's documentation says")


def priority() -> Finding:
    """This user may give a thread real-time priority."""
    most = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
    if most == resource.RLIM_INFINITY or most >= 80:
        return Finding(OK, "priority", "real-time priorities are allowed")
    text = f"real-time priority is allowed up to {most} only"
    return Finding(WARN, "priority", text, "rtprio 99 in /etc/security/limits.conf; log in again")


def governor() -> Finding:
    """The processor does not slow down between two ticks."""
    name = word_in(GOVERNOR)
    if name in ("", "performance"):
        return Finding(OK, "governor", name or "the processor keeps its own speed")
    return Finding(WARN, "governor", name, "cpupower frequency-set -g performance")


def word_in(path: Path) -> str:
    """What a file of the kernel says, "" where it is not there."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
