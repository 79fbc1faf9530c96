"""Serve the page over HTTP, to this machine only."""

from __future__ import annotations

import errno
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from finfuzz.report.page.live import Live
from finfuzz.support.errors import UserError

HOST = "127.0.0.1"
#: Host names that a browser on this machine may use. Another name means DNS rebinding: a foreign
#: page made its own name resolve to this machine, to read the page.
_NAMES = ("127.0.0.1", "localhost")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "finfuzz", ""
    #: Seconds until a silent connection is closed.
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _refuse(self) -> None:
        self._send(
            HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"only GET and HEAD are allowed\n", True
        )

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def _answer(self, *, with_body: bool) -> None:
        hosts = self.headers.get_all("Host") or []
        name = hosts[0].rpartition(":")[0] or hosts[0] if len(hosts) == 1 else ""
        if name.lower() not in _NAMES:
            body = b"open this page as 127.0.0.1 or localhost\n"
            self._send(HTTPStatus.FORBIDDEN, "text/plain", body, with_body)
            return
        asked = urlsplit(self.path)
        if asked.path == "/":
            body = self.server.live.render_page().encode()
            self._send(HTTPStatus.OK, "text/html", body, with_body)
        elif asked.path == "/data":
            since = parse_qs(asked.query).get("since", [""])[0]
            body = msgspec.json.encode(self.server.live.collect_changes(since))
            self._send(HTTPStatus.OK, "application/json", body, with_body)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"the page is at /\n", with_body)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the page polls every three seconds."""


class PageServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; port 0 picks a free port. Raises UserError if it can't listen."""

    daemon_threads = True

    def __init__(self, live: Live, port: int) -> None:
        self.live = live
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UserError(f"port {port} is in use: give another with --port") from error
            raise UserError(f"can't listen on port {port}: {error.strerror}") from error

    def server_bind(self) -> None:
        # HTTPServer.server_bind would ask the name service for this machine's name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def address(self) -> str:
        """The address for a browser."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a reader that disconnects; report any other error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)
