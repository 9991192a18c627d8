"""franka-sim with a hand that takes its time and can be stopped, as the real one does.

Its own hand jumps, and reads a stop only after the motion. Run with the Python it is installed
for: slow_hand.py
"""

import threading
import time

from franka_sim.franka_sim_server import FrankaSimServer
from franka_sim.gripper.backend import FrankaHandSim
from franka_sim.gripper.protocol import (
    GripperCommand,
    GripperStatus,
    MoveRequest,
    build_command_response,
)
from franka_sim.gripper.server import FrankaGripperServer

STEP = 0.01  # [s]


class SlowHand(FrankaGripperServer):
    """Moves at the speed that is asked for, in a thread that a stop ends."""

    halt = threading.Event()

    def _dispatch_command(self, sock, header, payload):
        if header.command == GripperCommand.kMove:
            self.halt.clear()
            arguments = (sock, header.command_id, MoveRequest.from_bytes(payload))
            threading.Thread(target=self._move, args=arguments, daemon=True).start()
        elif header.command == GripperCommand.kStop:
            self.halt.set()
            self._answer(sock, header.command, header.command_id, GripperStatus.kSuccess)
        else:
            super()._dispatch_command(sock, header, payload)

    def _move(self, sock, number, request):
        hand, status = self.backend, GripperStatus.kSuccess
        while hand.width != request.width and status == GripperStatus.kSuccess:
            time.sleep(STEP)
            way = request.width - hand.width
            hand.width += max(-request.speed * STEP, min(request.speed * STEP, way))
            if self.halt.is_set():
                status = GripperStatus.kAborted
        self._answer(sock, GripperCommand.kMove, number, status)

    def _answer(self, sock, command, number, status):
        sock.sendall(build_command_response(command, number, status))


if __name__ == "__main__":
    server = FrankaSimServer(host="127.0.0.1")
    server.gripper_server = SlowHand(host="127.0.0.1", backend=FrankaHandSim())
    server.start()
