"""The desk as a part of the arm's model, and a hand whose fingers move."""

from __future__ import annotations

import mujoco

from robot_meta.twin.assets import hand_path, sim_path

DESK = "desk/"  # before the name of everything on it
FINGERS = ("finger_joint1", "finger_joint2")
MAX_WIDTH = 0.08  # between the fingers, [m]
GRIP_FORCE = 25.0  # of each finger at most, [N]
_STIFFNESS, _DAMPING = 400.0, 20.0  # of each finger towards where it should be, [N/m], [Ns/m]
_PRESS = 0.2  # [m]
# Boxes that stand for the hand and for a finger in contacts: centre and half sizes in their
# frames, [m]. As large as the collision meshes, and far cheaper.
_PALM = ((0.0, 0.0, 0.028), (0.032, 0.102, 0.038))
_FINGER = ((0.0, 0.0065, 0.031), (0.009, 0.006, 0.0225))


def moving_hand(timestep: float) -> mujoco.MjSpec:
    """The Franka hand; each finger is driven towards half of the width that is asked for."""
    hand = mujoco.MjSpec.from_file(str(hand_path()))
    hand.option.timestep = timestep
    for group in (hand.actuators, hand.equalities, hand.tendons):
        for element in list(group):
            hand.delete(element)
    hand.body("hand").quat = [1.0, 0.0, 0.0, 0.0]
    for geom in list(hand.geoms):
        if geom.type != mujoco.mjtGeom.mjGEOM_MESH:
            hand.delete(geom)
    for joint in FINGERS:
        drive = hand.add_actuator(
            name=joint,
            target=joint,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            ctrlrange=[-_PRESS, 0.04],  # below 0 to press with more than the way is worth
        )
        drive.gaintype, drive.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
        drive.gainprm[0], drive.biasprm[1] = _STIFFNESS, -_STIFFNESS
        drive.biasprm[2] = -_DAMPING
        drive.forcerange = [-GRIP_FORCE, GRIP_FORCE]
    return hand


def add_desk(spec: mujoco.MjSpec) -> None:
    """Put the furniture before an arm with a `moving_hand`, and let the hand touch it."""
    desk = mujoco.MjSpec.from_file(str(sim_path("desk/desk.xml")))
    spec.attach(desk, frame=spec.worldbody.add_frame(), prefix=DESK)
    _add_box(spec.body("hand/hand"), "palm", *_PALM)
    for finger in ("left_finger", "right_finger"):
        _add_box(spec.body(f"hand/{finger}"), finger, *_FINGER)


def _add_box(body: mujoco.MjsBody, name: str, center: object, half_sizes: object) -> None:
    body.add_geom(
        name=f"{name}_contact",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=center,
        size=half_sizes,
        mass=0.0,
        contype=1,
        conaffinity=0,
        condim=4,
        friction=[1.0, 0.01, 0.0001],
        solref=[0.008, 1.0],
        group=4,
    )
