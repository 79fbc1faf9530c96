"""Serve the page over HTTP, to this machine only."""

from __future__ import annotations

import errno
import io
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec

from finfuzz.report.page.live import Live
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import say

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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


#: Seconds that a request may take to arrive, and an answer to leave: a client that sends a byte now
#: and then would keep a thread for ever.
_SECONDS = 30.0
#: Connections at a time. A browser has six.
_MOST_CONNECTIONS = 64


class _Arriving(socket.SocketIO):
    """A connection whose bytes must arrive within _SECONDS, all of them together."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "r")
        self._connection = connection
        self._end = time.monotonic() + _SECONDS

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._connection.settimeout(max(self._end - time.monotonic(), 0.001))
        return super().readinto(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "finfuzz", ""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Arriving(self.connection))

    def do_GET(self) -> None:
        self._try_to_answer(with_body=True)

    def do_HEAD(self) -> None:
        self._try_to_answer(with_body=False)

    def _refuse(self) -> None:
        self._send(
            HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"only GET and HEAD are allowed\n", True
        )

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def _try_to_answer(self, *, with_body: bool) -> None:
        try:
            self._answer(with_body=with_body)
        except OSError:  # the reader is gone
            raise
        except Exception as error:
            say(f"a request failed: {type(error).__name__}: {error}", err=True)
            body = b"this request failed; finfuzz serve prints the reason\n"
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", body, with_body)

    def _answer(self, *, with_body: bool) -> None:
        hosts = self.headers.get_all("Host") or []
        name = hosts[0].rpartition(":")[0] or hosts[0] if len(hosts) == 1 else ""
        if name.lower() not in _NAMES:
            body = b"open this page as 127.0.0.1 or localhost\n"
            self._send(HTTPStatus.FORBIDDEN, "text/plain", body, with_body)
            return
        path, _, query = self.path.partition("?")
        if path == "/":
            body = self.server.live.render_page().encode("utf-8", "backslashreplace")
            self._send(HTTPStatus.OK, "text/html", body, with_body)
        elif path == "/data":
            since = parse_qs(query).get("since", [""])[0]
            body = msgspec.json.encode(self.server.live.collect_changes(since))
            self._send(HTTPStatus.OK, "application/json", body, with_body)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"the page is at /\n", with_body)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, with_body: bool) -> None:
        self.connection.settimeout(_SECONDS)  # for all of the answer
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
    request_queue_size = 128  # a reload of many tabs at once; http.server has 5

    def __init__(self, live: Live, port: int) -> None:
        self.live = live
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)
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

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, or close the connection where too many are open."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a request, and leave the place to another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a reader that disconnects; report any other error in one line."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            say(f"a request failed: {type(error).__name__}: {error}", err=True)
