"""A fuzzer of the page's server: an answer or a closed connection, whatever it is sent (issue 21).

A hang ends by pytest's timeout.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from hypothesis import strategies as st

from finfuzz.campaign.folder import StatePaths
from helpers.campaign_example import fill, journal_in, plan, state_with
from helpers.finding_example import crashes_with, finding
from helpers.hostile_values import EXAMPLES, TEXTS, check, damaged, snapshot

#: Lies beside the campaign's folder, where no request may reach.
SECRET = "a file of somebody else"
#: 500 would be a failure of ours. An answer to HTTP 0.9 has no such line.
STATUS = re.compile(rb"HTTP/1\.0 (200|400|403|404|405|414|431|501|505) ")
Address = tuple[str, int]


@contextmanager
def serving(state: Path) -> Iterator[Address]:
    """Run `finfuzz serve`; at its end it must have said nothing on standard error."""
    command = [sys.executable, "-u", "-m", "finfuzz", "serve", str(state), "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            host, port = re.findall(r"//(\S+):(\d+)/", process.stdout.readline())[0]
            yield host, int(port)
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")


def send(address: Address, request: bytes) -> bytes:
    """Send bytes as they are; return the answer, empty where the connection was closed."""
    answer = b""
    with socket.create_connection(address) as connection:
        with suppress(OSError):  # the server need not read what it refuses
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while more := connection.recv(1 << 16):
                answer += more
    return answer


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


SPACES = st.sampled_from([b" ", b" ", b" ", b"  ", b"\t", b""])
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0\r\n"])
METHODS = st.sampled_from(
    ["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "TRACE", "CONNECT", "get", "_refuse", "PRI"]
)
PLACES = st.sampled_from(
    [
        *("/", "/data", "/data?since=", "/?" + "a=1&" * 300, "*", "http://localhost/", "http://[/"),
        *("/../secret", "/%2e%2e/secret", "//secret", "/state/../secret", "/\\..\\secret"),
    ]
)
TARGETS = st.tuples(PLACES, st.just("") | TEXTS).map("".join)
VERSIONS = st.sampled_from(
    ["HTTP/1.0", "HTTP/1.1", "HTTP/1.1", "HTTP/2.0", "HTTP/0.9", "HTTP/1", "HTTP/-1.9", ""]
)
HEADERS = st.sampled_from(
    [
        *(
            "Host: localhost",
            "Host: 127.0.0.1:80",
            "Host: evil.example",
            "Host: :",
            "Host:",
            "host",
        ),
        *("Connection: keep-alive", "Expect: 100-continue", "Range: bytes=0-", " folded", ": x"),
        *("Content-Length: -1", "Content-Length: 9", "Transfer-Encoding: chunked"),
    ]
) | st.tuples(TEXTS, TEXTS).map(": ".join)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw a request: in order, with odd parts, or damaged; or bytes that are no request."""
    line = [draw(METHODS | TEXTS), draw(TARGETS), draw(VERSIONS)]
    headers = ["Host: localhost"] * draw(st.integers(0, 1)) + draw(st.lists(HEADERS, max_size=4))
    lines = [draw(SPACES).join(map(encode, line)), *map(encode, headers), b""]
    whole = draw(ENDS).join([*lines, draw(st.binary(max_size=20))])
    return draw(st.one_of(st.just(whole), damaged(whole), st.binary(max_size=200)))


@EXAMPLES
def test_requests(examples: int, tmp_path: Path) -> None:
    state = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    with closing(journal_in(state)) as journal:
        fill(journal, 4)
    crashes_with(tmp_path / "crashes", finding())
    (tmp_path / "secret").write_text(SECRET)
    with serving(state) as address:
        send(address, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")  # its journal is open now
        before = snapshot(tmp_path)

        def read(request: bytes) -> None:
            answer = send(address, request)
            assert STATUS.match(answer) or not answer.startswith(b"HTTP/")
            assert SECRET.encode() not in answer

        check(requests(), examples, read)
        changed = dict(snapshot(tmp_path).items() ^ before.items())
        assert changed.keys() <= {f"{StatePaths(state).journal}-shm"}  # readers' marks of SQLite
        answer = send(address, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 200 ")
        assert finding().bucket.encode() in answer
