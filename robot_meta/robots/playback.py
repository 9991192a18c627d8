"""What every driver does with a reference: check it, play it, hold its end."""

from __future__ import annotations

import numpy as np

from robot_meta.types import Array, Reference, RobotSpec


class ReferencePlayback:
    """Plays the newest reference sample by sample and holds the last one when it runs out.

    Attributes:
        held: Position of the newest sample that was played, (J,), [rad].
        slipped: Samples by which a motion was held or leapt ahead, since no reference was there in
            time.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._spec = spec
        self.slipped = 0
        self.hold_at(spec.home)

    def hold_at(self, position: Array) -> None:
        """Forget the reference and stay at `position` (J,)."""
        self.held = np.array(position, dtype=float)
        self._samples = np.zeros((0, 2 * self._spec.num_joints))
        self._next = 0

    def play(self, reference: Reference, first: int = 0) -> None:
        """Follow a checked `reference` from its sample `first` on, instead of the one before."""
        if not self._revise(reference):
            self._samples = np.concatenate([reference.position, reference.velocity], axis=1)
            self._next = first

    def append(self, reference: Reference, slack: int) -> None:
        """Follow a checked `reference` after what is left of the one before.

        What begins at rest begins `slack` samples later, so that every reference after it may come
        up to that much too late or too early. Where more than twice that is left, time was lost
        somewhere: the new reference then replaces the old one.
        """
        if self._revise(reference):
            return
        new = np.concatenate([reference.position, reference.velocity], axis=1)
        left = self._samples[self._next :]
        if len(left) > 2 * slack:
            left = left[:0]
        elif not len(left) and not self._samples[-1:, self._spec.num_joints :].any():
            rest = np.concatenate([self.held, np.zeros(self._spec.num_joints)])
            left = np.tile(rest, (slack, 1))
        self._samples, self._next = np.concatenate([left, new]), 0

    def join(self, reference: Reference, now: float, slack: int) -> None:
        """Follow a checked `reference` behind the one before, if that makes it little late.

        A period that begins a few samples late takes all following ones along: they find as many
        samples left of the one before, so that the stream goes on without a slip.

        Args:
            reference: The next period.
            now: Robot time, [s].
            slack: Most samples by which it may be late.
        """
        if self._revise(reference):
            return
        due, left = self.late_start(reference, now), self._samples[self._next :]
        if due + len(left) <= slack:
            self.play(reference)
            self._samples = np.concatenate([left, self._samples])
        else:
            if len(left) and left[0, self._spec.num_joints :].any():
                self.slipped += len(left) + due
            self.play(reference, due)

    def _revise(self, reference: Reference) -> bool:
        """Change the samples that are still to come of what `reference` says once more, if so."""
        count = len(reference.position)
        if reference.first and len(self._samples) >= count:  # else it was dropped meanwhile
            self._samples[-count:] = np.concatenate(
                [reference.position, reference.velocity], axis=1
            )
        return bool(reference.first)

    def late_start(self, reference: Reference, now: float) -> int:
        """The sample that is due at robot time `now` [s]; 0 where the stamp is not of now."""
        due = int(np.floor((now - reference.stamp) / self._spec.reference_dt + 1e-6))
        return due if 0 <= due < self._spec.samples_per_tick else 0

    def next(self, target: Array) -> None:
        """Write position and velocity of the next sample to `target`, (2J,)."""
        joints = self._spec.num_joints
        if self._next < len(self._samples):
            target[:] = self._samples[self._next]
            self.held[:] = target[:joints]
            self._next += 1
        else:
            if len(self._samples) and self._samples[-1, joints:].any():
                self.slipped += 1
            target[:joints] = self.held
            target[joints:] = 0.0


def check_reference(reference: Reference, spec: RobotSpec) -> None:
    """Refuse a reference that no driver may follow.

    Raises:
        ValueError: Wrong shape, or a value that is not finite.
    """
    want = (spec.samples_per_tick, spec.num_joints)
    for name, value in (("position", reference.position), ("velocity", reference.velocity)):
        if np.shape(value) != want:
            raise ValueError(f"want a reference {name} of shape {want}, got {np.shape(value)}")
        if not np.isfinite(value).all():
            raise ValueError(f"the reference {name} is not finite")
    if not np.isfinite(reference.stamp):
        raise ValueError(f"the reference stamp is not finite, got {reference.stamp}")
