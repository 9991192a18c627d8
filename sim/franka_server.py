"""franka-sim with one clock and with loads that have weight; run with the Python that has it.

    franka_server.py [MODEL.xml]

`franka-sim` steps its physics and tells its time in two threads; on a busy machine each loses
other milliseconds, and what the arm does no longer fits the time at which it is told. Here every
state that is told belongs to one step of the physics, however long that takes. All checks of the
server are its own, and motion limits are enforced. Time stands still while nobody is connected.

Each line of standard input is a JSON object that changes the body at once: `payload_mass` [kg],
`payload_offset` (3,) [m] of the body "payload" of MODEL.xml, which nothing holds up, and
`joint_gain` (7,), the share of the commanded torques that the joints deliver.
"""

import ctypes
import json
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from franka_sim.franka_sim_server import FrankaSimServer
from franka_sim.mujoco_franka_sim import MujocoFrankaSim

PAYLOAD = "payload/weight"
PR_SET_TIMERSLACK = 29  # linux/prctl.h
DENSITY = 4000.0  # of the ball that stands for the payload, as in the twin, [kg/m^3]


class SteppedArm(MujocoFrankaSim):
    """The arm, which moves only when it is told to."""

    gain = np.ones(7)
    stepping: int | None = None  # the thread that lets time pass

    def __init__(self, model_path: Path | None) -> None:
        super().__init__(model_path=model_path)
        self.changes: deque[dict[str, Any]] = deque()

    def run_simulation(self) -> None:
        """Let others step."""
        while self.running:
            time.sleep(0.1)

    def get_robot_state(self) -> dict[str, Any]:
        """What is told next: for the thread that tells it to a client, a millisecond later."""
        if threading.get_ident() == self.stepping:
            while self.changes:
                self._change(self.changes.popleft())
            self.step()
        return super().get_robot_state()

    def arm_control_torque(self) -> np.ndarray:
        """What the joints deliver of what is commanded."""
        return self.gain * super().arm_control_torque()

    def _change(self, body: dict[str, Any]) -> None:
        if "joint_gain" in body:
            self.gain = np.array(body["joint_gain"])
        if "payload_mass" in body:
            self._load(body["payload_mass"], body["payload_offset"])

    def _configure_model(self) -> None:
        super()._configure_model()
        if mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, PAYLOAD) >= 0:
            self.model.body_gravcomp[self.model.body(PAYLOAD).id] = 0.0
            self._load(0.0, (0.0, 0.0, 0.0))

    def _load(self, mass: float, offset: Any) -> None:
        payload = self.model.body(PAYLOAD).id
        radius = (3.0 * mass / (4.0 * np.pi * DENSITY)) ** (1.0 / 3.0)
        self.model.body_mass[payload] = mass
        self.model.body_ipos[payload] = offset
        self.model.body_inertia[payload] = 0.4 * mass * radius**2
        self.model.body_sameframe[payload] = mujoco.mjtSameFrame.mjSAMEFRAME_NONE
        mujoco.mj_setConst(self.model, mujoco.MjData(self.model))


class OneClockServer(FrankaSimServer):
    """Steps the arm once for every state that goes out."""

    def start_robot_state_transmission(self, *client: Any) -> None:
        """Tell a client the state until it is gone."""
        self.physics_sim.stepping = threading.get_ident()
        super().start_robot_state_transmission(*client)


def listen(arm: SteppedArm) -> None:
    """Take in changes of the body until standard input ends."""
    for line in sys.stdin:
        arm.changes.append(json.loads(line))


def main() -> None:
    """Serve until killed."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)  # sleep as long as asked for, [ns]
    arm = SteppedArm(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    threading.Thread(target=listen, args=[arm], daemon=True).start()
    OneClockServer(
        host="127.0.0.1", physics_sim=arm, enable_gripper=False, enforce_motion_limits=True
    ).start()


if __name__ == "__main__":
    main()
