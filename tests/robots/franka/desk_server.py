"""Desk as a small HTTPS server: what franky's two clients ask of it, with the robot's state."""

import base64
import hashlib
import json
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "operator", "open sesame"


class DeskState:
    """What a robot's Desk knows.

    Attributes:
        interface: "v1" or "legacy"; the paths of the other one are not found.
        brakes: One per joint.
        mode: Of operation.
        recovery: What is due, None for nothing.
        holder: Who has control, None for nobody.
        fci: Whether the control interface is on.
        sticky: Whether brakes stay as they are.
        asked: Every request, as (method, path).
    """

    def __init__(self, interface="v1"):
        self.interface = interface
        self.brakes, self.sticky = ["Locked"] * 7, False
        self.mode, self.recovery, self.holder, self.fci = "Programming", None, None, False
        self.asked = []

    def move_brake(self, wanted):
        """One more brake moves, as they do one after the other."""
        if not self.sticky and wanted not in self.brakes[-1:]:
            self.brakes[self.brakes.index("Locked" if wanted == "Unlocked" else "Unlocked")] = (
                wanted
            )


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    state: DeskState
    moving = ""

    def do_GET(self):  # noqa: N802
        self._answer("GET")

    def do_POST(self):  # noqa: N802
        self._answer("POST")

    def do_DELETE(self):  # noqa: N802
        self._answer("DELETE")

    def log_message(self, *args):
        """Nothing."""

    def _answer(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        self.state.asked.append((method, path))
        act = getattr(self, f"_{self.state.interface}")
        status, content = act(method, path, body)
        text = content if isinstance(content, str) else json.dumps(content)
        kind = "text/plain" if isinstance(content, str) else "application/json"
        data = b"" if content is None else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _may(self):
        return self.headers.get("X-Control-Token") == "token" and self.state.holder == USER

    def _unlocked(self, wanted):
        if not self.state.sticky:
            type(self).moving = wanted
        return 204, None

    def _v1(self, method, path, body):
        state = self.state
        known = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if not path.startswith("/api/"):
            return 404, "Not Found"
        if self.headers.get("Authorization") != known:
            return 401, "Unauthorized"
        if path == "/api/system":
            return 200, {"version": "5.9.0"}
        if path == "/api/system/control-token":
            mine = 7 if state.holder == USER else 3
            return 200, {"owner": state.holder, "tokenId": None if not state.holder else mine}
        if path == "/api/system/control-token:take":
            if state.holder not in (None, USER):
                return 424, {"code": "Timeout", "message": "not released"}
            state.holder = USER
            return 200, {"tokenId": 7, "token": "token"}
        if path == "/api/system/operating-mode":
            return 200, {"status": state.mode}
        if path == "/api/arm/joints":
            if self.moving in ("Locked", "Unlocked"):
                state.move_brake(self.moving)
            return 200, [{"brakeStatus": brake} for brake in state.brakes]
        if path == "/api/safety/recovery":
            recovery = None if state.recovery is None else {"type": state.recovery}
            return 200, {"recovery": recovery}
        if path == "/api/safety/self-tests":
            return 200, {"status": "Ok"}
        if path == "/api/safety/recovery:confirm":  # the client needs no control for it
            state.recovery = None
            return 204, None
        if not self._may():
            return 403, "no control token"
        return self._v1_controlled(path, body)

    def _v1_controlled(self, path, body):
        state = self.state
        if path == "/api/safety/self-tests:execute":
            state.tested = True
        elif path == "/api/system/operating-mode:change":
            state.mode = json.loads(body)["desiredOperatingMode"]
        elif path in ("/api/arm/joints:unlock", "/api/arm/joints:lock"):
            return self._unlocked("Unlocked" if path.endswith("unlock") else "Locked")
        elif path == "/api/fci:activate":
            if set(state.brakes) != {"Unlocked"}:
                return 409, {"message": "brakes are locked"}
            state.fci = True
        elif path == "/api/system/control-token:release":
            state.holder = None
        else:
            return 404, "Not Found"
        return 204, None

    def _legacy(self, method, path, body):
        state = self.state
        if path == "/admin/api/login":
            digest = hashlib.sha256(f"{PASSWORD}#{USER}@franka".encode()).digest()
            known = base64.encodebytes(",".join(map(str, digest)).encode()).decode()
            said = json.loads(body)
            good = said == {"login": USER, "password": known}
            return (200, "session") if good else (401, "Unauthorized")
        if not path.startswith(("/admin/api/", "/desk/api/")):
            return 404, "Not Found"
        if self.headers.get("Cookie") != "authorization=session":
            return 401, "Unauthorized"
        if path == "/admin/api/system-status":
            if self.moving in ("Locked", "Unlocked"):
                state.move_brake(self.moving)
            holder = None if state.holder is None else {"id": 7 if state.holder == USER else 3}
            return 200, {
                "controlToken": {"activeToken": holder},
                "derived": {"operatingMode": state.mode},
                "safety": {
                    "brakeState": state.brakes,
                    "recoverableErrors": {"td2Timeout": state.recovery is not None},
                    "safetyControllerStatus": "Idle",
                },
            }
        if path == "/admin/api/control-token/request":
            state.holder = state.holder or USER
            return 200, {"id": 7, "token": "token"}
        if not self._may():
            return 403, "no control token"
        return self._legacy_controlled(method, path)

    def _legacy_controlled(self, method, path):
        state = self.state
        if (method, path) == ("DELETE", "/admin/api/control-token"):
            state.holder = None
        elif path == "/desk/api/joints/unlock":
            return self._unlocked("Unlocked")
        elif path == "/desk/api/operating-mode/execution":
            state.mode = "Execution"
        elif path == "/desk/api/system/fci":
            state.fci = True
        elif path == "/admin/api/safety/td2-tests/execute":
            state.recovery, state.tested = None, True
            return 200, {"code": "SuccessResponse"}
        elif path != "/admin/api/safety/recoverable-safety-errors/acknowledge":
            return 404, "Not Found"
        return 204, None


@contextmanager
def desk(folder, state):
    """Serves `state` over HTTPS with a certificate of its own; the address."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        + ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=robot", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    handler = type("DeskHandler", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
