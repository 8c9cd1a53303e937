"""A part that does what the file `modes/NAME` of its repository says; run as a program by the tests of the supervisor.

Words of a mode: die (at once), mute (no heartbeats), frozen (stops itself once), stubborn (ends by SIGKILL only), slow
(takes a while to end), works (asked to drain, it goes on as long as it has this mode), chatty (writes a lot into its
log), child (has a child in a session of its own), 404 (the API lacks its metrics), busy (the API tells of a running
task); with the real API: idle (a runner that says so, and that one item of its backlog is open as long as there is a
file `open`), looks (a monitor that finds nothing).
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT, NAME = Path(sys.argv[1]), sys.argv[2]
STATE = ROOT / ".pipeline"
BOOT = 1.0 / os.sysconf("SC_CLK_TCK")


def mode() -> str:
    try:
        return (ROOT / "modes" / NAME).read_text()
    except FileNotFoundError:
        return ""


def note(text: str) -> None:
    with (ROOT / "events").open("a") as file:
        file.write(f"{NAME} {text}\n")


def beat(counter: int) -> None:
    path = STATE / f"heartbeats/{NAME}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"pid": os.getpid(), "counter": counter, "at": time.time()}))
    new.replace(path)


def on_term(*_: Any) -> None:
    if "stubborn" in mode():
        return
    time.sleep(0.2 * ("slow" in mode()))
    note("end")
    os._exit(0)


def on_drain(*_: Any) -> None:
    note("draining")
    while "works" in mode():
        beat(int(time.time() * 1000))
        time.sleep(0.02)
    note("drained")
    os._exit(0)


class Answers(BaseHTTPRequestHandler):
    """The few routes that the supervisor asks."""

    def do_GET(self) -> None:
        paused = (ROOT / "paused").exists()
        pauses = [{"scope": "intake", "by": "nightrun", "reason": (ROOT / "paused").read_text()}] if paused else []
        said: dict[str, Any] = {
            "/api/health": {"build_id": "an old build"},
            "/api/agent/pauses": {"pauses": pauses},
            "/api/agent/snapshot": snapshot(pauses),
        }
        path = self.path.partition("?")[0]
        if path == "/api/agent/metrics":
            note("metrics")
            self._say({}, 404 if "404" in mode() else 200)
        else:
            self._say(said.get(path, {}), 200 if path in said else 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        (ROOT / "paused").write_text(body["reason"])
        self._say({}, 200)

    def do_DELETE(self) -> None:
        (ROOT / "paused").unlink(missing_ok=True)
        self._say({}, 200)

    def _say(self, body: Any, code: int) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def snapshot(pauses: list[Any]) -> dict[str, Any]:
    running = int("busy" in mode())
    lists = ("running", "finished", "needs_decision", "unlanded", "runners", "waiting", "issues")
    empty: dict[str, Any] = {name: [] for name in lists}
    counts = {"running": running, "pending": 0, "failed": 0}
    return {**empty, "now": time.time(), "counts": counts, "ready_count": 0, "pauses": pauses}


def tell(path: str, body: dict[str, Any]) -> None:
    """The real API."""
    said, token = json.loads((STATE / "api.json").read_text()), (STATE / "token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(said["url"] + path, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=5).close()


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) * BOOT
    said = {"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid(), "start_time": start}
    (STATE / "api.new").write_text(json.dumps(said))
    (STATE / "api.new").replace(STATE / "api.json")
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    faulthandler.enable()
    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGUSR1, on_drain)
    note(f"start {os.getpid()}")
    if "die" in mode():
        sys.exit(7)
    if "child" in mode():
        subprocess.Popen(["sleep", "60"], start_new_session=True)
    if NAME == "api":
        serve()
    if "frozen" in mode():
        (ROOT / "modes" / NAME).unlink()
        beat(1)
        os.kill(os.getpid(), signal.SIGSTOP)
    parent, counter = os.getppid(), 0
    while os.getppid() == parent:
        counter += "mute" not in mode()
        beat(counter)
        if "chatty" in mode():
            print("x" * 1000, flush=True)
        if "idle" in mode():
            left = int((ROOT / "open").exists())
            tell(f"/api/agent/runners/{NAME}", {"state": "idle", "backlog_open": left})
        if "looks" in mode():
            tell("/api/agent/monitor-issues", {"findings": []})
        time.sleep(0.03)
    note("orphaned")


if __name__ == "__main__":
    main()
