"""The arm as a server simulates it: with the hand that weights were trained with, and a weight."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import mujoco

from robot_meta.robots.description import ArmDescription
from robot_meta.twin.assets import fr3_path
from robot_meta.twin.scenes import mount_hand

VISUAL = 2  # group of geoms that are only looked at


def write_model(description: ArmDescription, path: Path) -> Path:
    """Write an MJCF of arm, hand and a weightless payload body to `path`.

    The server looks after gravity: it compensates for all bodies but the payload.

    Raises:
        MissingAsset: A wheel with model data is not installed.
    """
    spec = mujoco.MjSpec.from_file(str(fr3_path()))
    spec.meshdir = str(fr3_path().parent / "assets")
    mount_hand(spec, description)
    for geom in list(spec.geoms):
        if geom.group == VISUAL or geom.name.startswith("hand/") or "hand/" in geom.meshname:
            spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)
    spec.compile()
    tree = ElementTree.ElementTree(ElementTree.fromstring(spec.to_xml()))
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag in (
                "actuator",
                "general",
                "keyframe",
            ):  # the server uses none; versions differ there
                parent.remove(child)
    tree.write(path)
    return path
