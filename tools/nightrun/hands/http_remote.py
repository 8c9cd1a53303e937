"""A git remote over HTTP with a password, on this machine and for a moment: a small server before git's own."""

from __future__ import annotations

import base64
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from nightrun.hands import git

_MOST_BYTES = 16 << 20


@contextmanager
def serving(folder: Path, user: str, password: str) -> Iterator[str]:
    """The address `http://127.0.0.1:PORT` under which the bare repositories in `folder` are; all of it asks for it."""
    wanted = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder, wanted, user))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(folder: Path, wanted: bytes, user: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            return

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(size, _MOST_BYTES))
            if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), wanted):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="scratch"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            environment = {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_USER": user,
            }
            self._say(git.http_backend(environment, body))

        def _say(self, said: bytes) -> None:
            head, _, body = said.partition(b"\r\n\r\n")
            fields = [line.partition(b":")[::2] for line in head.split(b"\r\n") if line]
            status = next((value.split()[0] for name, value in fields if name.lower() == b"status"), b"200")
            self.send_response(int(status))
            for name, value in fields:
                if name.lower() != b"status":
                    self.send_header(name.decode(), value.decode().strip())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
