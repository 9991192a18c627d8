"""Quality of service of each kind of topic, in one place.

State is offered reliable, which serves reliable and best-effort subscribers alike.
"""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)

RECORDER_DEPTH = 2000  # messages that wait while the disk is slow


def _reliable(depth: int) -> QoSProfile:
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.VOLATILE,
    )


def state() -> QoSProfile:
    """Publishing a stream that recorders must not lose a sample of."""
    return _reliable(1000)


def newest() -> QoSProfile:
    """Subscribing to a stream of which only the newest message counts."""
    return _reliable(1)


def picture() -> QoSProfile:
    """Subscribing to pictures, of which a slow reader wants the newest only."""
    profile = _reliable(1)
    profile.reliability = QoSReliabilityPolicy.BEST_EFFORT
    return profile


def periods() -> QoSProfile:
    """Subscribing to what describes a period, so that a late reader still gets the last ones."""
    return _reliable(50)


def command(control_dt: float, *, lockstep: bool) -> QoSProfile:
    """Publishing commands: the newest only; in lockstep there is no wall clock.

    No lifespan: it is counted between the clocks of two machines, and where the sender's is behind
    no command would ever arrive. What is too old the guard knows by the stamp that it answers.
    """
    profile = _reliable(1)
    if not lockstep:
        profile.deadline = Duration(seconds=3.0 * control_dt)
    return profile


def command_input() -> QoSProfile:
    """Subscribing to commands. Asks for no deadline, so that any publisher can be heard."""
    return _reliable(10)


def latched() -> QoSProfile:
    """The last message also reaches whoever comes later."""
    profile = _reliable(1)
    profile.durability = QoSDurabilityPolicy.TRANSIENT_LOCAL
    return profile


def external() -> QoSProfile:
    """Subscribing to drivers that offer best effort; a reliable subscriber would get nothing."""
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST,
        depth=5,
        reliability=QoSReliabilityPolicy.BEST_EFFORT,
        durability=QoSDurabilityPolicy.VOLATILE,
    )
