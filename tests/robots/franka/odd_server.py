"""franka-sim with another version or mode than usual; run with the Python it is installed for.

odd_server.py VERSION MODE     VERSION 10 is the usual one, MODE 1 (idle) too
"""

import sys

from franka_sim.franka_protocol import ConnectStatus
from franka_sim.franka_sim_server import FrankaSimServer


class OddServer(FrankaSimServer):
    """Answers a client as a robot of another version does, or in another mode."""

    version, mode = int(sys.argv[1]), int(sys.argv[2])

    def send_response(self, client_socket, command, command_id, status, version):
        """Refuse the connection where the version is not the client's."""
        if self.version != self.library_version:
            status = ConnectStatus.kIncompatibleLibraryVersion
        super().send_response(client_socket, command, command_id, status, self.version)

    def reset_state(self):
        """Begin every connection in that mode."""
        super().reset_state()
        self.robot_state.state["robot_mode"] = self.mode


if __name__ == "__main__":
    OddServer(host="127.0.0.1", enable_gripper=False).start()
