"""Who speaks on a topic."""

from __future__ import annotations

from rclpy.node import Node

_UNKNOWN = "_NODE_NAME_UNKNOWN_"  # of a process that has just gone, or is only half discovered


def publishers_of(node: Node, topic: str) -> list[str]:
    """Full names of the nodes that publish `topic`, sorted; one that was started anew counts once.

    Args:
        node: Whose view of the graph it is.
        topic: Its name, in the node's namespace.
    """
    return sorted(
        {
            f"{info.node_namespace.rstrip('/')}/{info.node_name}"
            for info in node.get_publishers_info_by_topic(topic)
            if info.node_name != _UNKNOWN
        }
    )
