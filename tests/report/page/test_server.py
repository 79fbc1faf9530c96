"""The live page over a real socket, and the two commands."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from finfuzz.cli import main
from finfuzz.report.page import live as live_module
from finfuzz.report.page import server as server_module
from finfuzz.report.page.live import Changes, Live
from finfuzz.report.page.server import PageServer
from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import update
from helpers.campaign_example import fill, journal_in, plan, state_with
from helpers.campaigns import wait_until
from helpers.finding_example import crashes_with, finding

Ask = Callable[..., tuple[int, dict[str, str], bytes]]
KEY = f"f-{finding().bucket}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    made = state_with(tmp_path / "state", plan(tmp_path / "crashes"))
    fill(journal_in(made), 40)
    crashes_with(tmp_path / "crashes", finding())
    return made


@pytest.fixture
def server(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    monkeypatch.setattr(live_module, "_LEAST_SECONDS", 0.0)
    with PageServer(Live(state, None), 0) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def ask(server: PageServer) -> Ask:
    def request(
        path: str, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*server.server_address[:2])
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()

    return request


def fetch_changes(ask: Ask, since: str) -> Changes:
    status, _, body = ask(f"/data?since={since}")
    assert status == 200
    return msgspec.json.decode(body, type=Changes)


def test_it_listens_on_this_machine_alone(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_address[1]}/"


def test_the_page(ask: Ask) -> None:
    status, headers, body = ask("/")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert KEY.encode() in body
    assert b'data-generation=""' not in body


def test_head_has_no_body(ask: Ask) -> None:
    status, headers, body = ask("/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 10_000


@pytest.mark.parametrize(
    "path", ["/finding.json", "/../state", "/report.html", "/data/../../etc/passwd"]
)
def test_nothing_else_is_served(ask: Ask, path: str) -> None:
    assert ask(path)[0] == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "[::1]:80", "", "0.0.0.0"]
)
def test_another_name_is_refused(ask: Ask, host: str) -> None:
    for path in ("/", "/data"):
        status, _, body = ask(path, Host=host)
        assert status == 403
        assert KEY.encode() not in body


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1"])
def test_names_of_this_machine(ask: Ask, host: str) -> None:
    assert ask("/", Host=host)[0] == 200


def test_a_request_without_a_name_or_with_two(server: PageServer) -> None:
    for lines in (b"GET / HTTP/1.0\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"):  # fmt: skip
        with socket.create_connection(server.server_address[:2], 10) as connection:
            connection.sendall(lines)
            assert b" 403 " in connection.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_only_reading(ask: Ask, method: str) -> None:
    status, headers, _ = ask("/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_only_what_changed_is_sent(ask: Ask, tmp_path: Path) -> None:
    first = fetch_changes(ask, "")
    assert {KEY, "head", "plots", "notes"} <= first.parts.keys()
    assert fetch_changes(ask, first.generation).parts == {}
    folder = tmp_path / "crashes" / finding().folder
    update(folder, finding(sightings=99_999))
    second = fetch_changes(ask, first.generation)
    assert second.generation != first.generation
    assert second.parts.keys() == {KEY, "matrix"}
    assert "99,999" in second.parts[KEY]
    assert fetch_changes(ask, "another-7").parts.keys() == first.parts.keys()
    assert fetch_changes(ask, "%00<b>").parts.keys() == first.parts.keys()


def test_findings_come_and_go(ask: Ask, tmp_path: Path) -> None:
    first = fetch_changes(ask, "")
    other = finding(bucket="b" * 12)
    crashes_with(tmp_path / "crashes", other)
    second = fetch_changes(ask, first.generation)
    assert second.findings == [KEY, "f-" + "b" * 12]
    (tmp_path / "crashes" / other.folder / "finding.json").unlink()
    third = fetch_changes(ask, second.generation)
    assert third.findings == [KEY]
    assert third.generation != second.generation


def test_a_problem_is_reported_and_the_page_stays(ask: Ask, tmp_path: Path) -> None:
    first = fetch_changes(ask, "")
    (tmp_path / "crashes" / "known.toml").write_text("[[")
    second = fetch_changes(ask, first.generation)
    assert "known.toml" in second.problem
    assert second.findings == first.findings
    (tmp_path / "crashes" / "known.toml").unlink()
    assert fetch_changes(ask, first.generation).problem == ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "finfuzz", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_port_in_use(server: PageServer, state: Path) -> None:
    port = server.server_address[1]
    with pytest.raises(UserError, match=f"port {port} is in use: give another with --port"):
        PageServer(server.live, port)
    ended = run("serve", str(state), "--port", str(port))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "is in use" in ended.stderr


def test_serve_ends_by_ctrl_c(state: Path) -> None:
    command = [sys.executable, "-m", "finfuzz", "serve", str(state), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        host, port = address.removeprefix("http://").rstrip("/").split(":")
        connection = http.client.HTTPConnection(host, int(port))
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 0
    assert errors == ""


Main = Callable[..., tuple[int, str, str]]


@pytest.fixture
def finfuzz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Main:
    def called(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["finfuzz", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(str(ended.code or 0))
        return code, *capfd.readouterr()

    return called


def test_report_writes_one_file(finfuzz: Main, state: Path, tmp_path: Path) -> None:
    code, out, _ = finfuzz("report", str(state), "-o", "page.html")
    assert code == 0
    assert out.startswith("wrote page.html: 1 finding, ")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert 'data-generation=""' in html


def test_report_of_the_folder_here(finfuzz: Main, state: Path, tmp_path: Path) -> None:
    state.rename(tmp_path / ".finfuzz")
    (tmp_path / "elsewhere").mkdir()
    code, out, _ = finfuzz("report", "--crashes", "elsewhere")
    assert (code, out.split(",")[0]) == (0, "wrote report.html: 0 findings")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("report", "nowhere"), "no campaign in nowhere"),
        (("report", "state", "-o", "no/page.html"), "there is no folder no"),
        (
            ("report", "state", "--crashes", "no"),
            "there is no folder no: give a folder of findings",
        ),
        (("serve", "nowhere"), "no campaign in nowhere"),
        (("serve", "state", "--port", "70000"), "70000"),
    ],
)
@pytest.mark.usefixtures("state")
def test_mistakes_are_one_line(finfuzz: Main, arguments: tuple[str, ...], problem: str) -> None:
    code, out, error = finfuzz(*arguments)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert problem in error


def send_raw(server: PageServer, request: bytes) -> bytes:
    """Send bytes as they are; return the answer's first line, empty without an answer."""
    with socket.create_connection(server.server_address[:2], 10) as connection:
        with contextlib.suppress(OSError):  # the server need not read what it refuses
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(4096).split(b"\r\n")[0]
        return b""


HOST = b"Host: localhost\r\n"
ODD = [
    (b"GET //[ HTTP/1.0\r\n" + HOST, b" 404 "),
    (b"GET //[::1]:x/?since=%zz HTTP/1.0\r\n" + HOST, b" 404 "),
    (b"GET /data?since=NAME-" + b"9" * 5000 + b" HTTP/1.0\r\n" + HOST, b" 200 "),
    (b"GET /data?since=NAME-\xd9\xa1 HTTP/1.0\r\n" + HOST, b" 200 "),
    (b"GET /data?" + b"&".join([b"since=1"] * 5000) + b" HTTP/1.0\r\n" + HOST, b" 200 "),
    (b"GET /" + b"x" * 70000 + b" HTTP/1.0\r\n" + HOST, b" 414 "),
    (b"GET / HTTP/1.0\r\n" + HOST + b"a: b\r\n" * 200, b" 431 "),
    (b"GET / HTTP/9999999999.1\r\n", b""),
    (b"GET\r\n", b""),
    (b"\x00\xff\xfe\r\n", b""),
    (b"BREW / HTTP/1.0\r\n" + HOST, b" 501 "),
]


@pytest.mark.parametrize(("request_", "status"), ODD, ids=[str(one[0][:24]) for one in ODD])
def test_odd_requests_are_answered(
    request_: bytes, status: bytes, server: PageServer, capfd: pytest.CaptureFixture[str]
) -> None:
    name = server.live.collect_changes("").generation.partition("-")[0].encode()
    assert status in send_raw(server, request_.replace(b"NAME", name) + b"\r\n")
    assert capfd.readouterr().err == ""


def test_a_failure_is_one_line_and_the_server_goes_on(
    server: PageServer, ask: Ask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> str:
        raise KeyError("a \x1b[31m bug")

    with monkeypatch.context() as patched:
        patched.setattr(server.live, "render_page", fail)
        assert ask("/")[0] == 500
    assert capfd.readouterr().err == "a request failed: KeyError: 'a \\x1b[31m bug'\n"
    assert ask("/")[0] == 200


def drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"G")
        time.sleep(0.02)


def test_a_client_that_drips_is_cut_off(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, and the request never ends: only the sum is bounded."""
    monkeypatch.setattr(server_module, "_SECONDS", 0.5)
    address = server.server_address[:2]
    with socket.create_connection(address, 10) as connection, pytest.raises(ConnectionError):
        drip(connection)


def test_connections_beyond_the_most_are_closed(
    server: PageServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_free", threading.BoundedSemaphore(1))
    with socket.create_connection(server.server_address[:2], 10) as silent:
        silent.sendall(b"GET")
        wait_until(lambda: server._free._value == 0, "the first connection")  # type: ignore[attr-defined]
        with socket.create_connection(server.server_address[:2], 10) as further:
            assert further.recv(10) == b""
    wait_until(lambda: server._free._value == 1, "the first connection's end")  # type: ignore[attr-defined]
    assert ask("/")[0] == 200
    # Its thread leaves the place that it has taken here, before monkeypatch puts back the other.
    wait_until(lambda: server._free._value == 1, "the last connection's end")  # type: ignore[attr-defined]


def test_many_may_wait_at_once() -> None:
    assert PageServer.request_queue_size >= 100
