"""Commands apart from the machine, as far as this kernel allows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from finfuzz.discovery import isolation

SCRIPT = Path(isolation.__file__)


def run(scratch: Path, code: str) -> tuple[list[dict[str, Any]], str]:
    """Run code apart. Return the report, and what the code printed."""
    receiver, sender = os.pipe()
    request = {"command": [sys.executable, "-c", code], "scratch": str(scratch), "report": sender}
    command = [sys.executable, "-I", "-S", str(SCRIPT), json.dumps(request)]
    done = subprocess.run(command, pass_fds=(sender,), capture_output=True, text=True, check=True)
    os.close(sender)
    with os.fdopen(receiver) as file:
        return [json.loads(line) for line in file], done.stdout


def run_apart(scratch: Path, code: str, part: str) -> str:
    """Run code and return what it printed; skip the test where that part can't be kept apart."""
    report, printed = run(scratch, code)
    if part in report[0]["missing"]:
        pytest.skip(f"this kernel does not keep {part} apart")
    return printed.strip()


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("pass", {"signal": 0, "code": 0}),
        ("import sys; sys.exit(3)", {"signal": 0, "code": 3}),
        ("import os; os.kill(os.getpid(), 9)", {"signal": 9, "code": 0}),
    ],
)
def test_how_the_command_ended_is_reported(
    code: str, ended: dict[str, int], tmp_path: Path
) -> None:
    report, _ = run(tmp_path, code)
    assert report[-1] == {"event": "ended", **ended}


def test_the_command_gets_the_request(tmp_path: Path) -> None:
    report, printed = run(tmp_path, "import json, sys; print(json.loads(sys.argv[1])['isolated'])")
    apart = not {"processes", "network"} & set(report[0]["missing"])
    assert printed.strip() == str(apart)


def test_no_process_outside_is_seen(tmp_path: Path) -> None:
    code = f"import os; print(os.getpid() < 9, os.path.exists('/proc/{os.getpid()}/nothing'))"
    assert run_apart(tmp_path, code, "processes") == "True False"


def test_what_the_command_leaves_is_ended(tmp_path: Path) -> None:
    """The pipe ends only when every process that holds it has ended."""
    code = "import os, threading\nif os.fork() == 0:\n    os.setsid(); threading.Event().wait()"
    assert run_apart(tmp_path, code, "processes") == ""


def test_the_network_has_no_way_out(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "try: socket.create_connection(('192.0.2.1', 9), 30)\n"
        "except OSError as error: print(error.strerror)"
    )
    assert run_apart(tmp_path, code, "network") == "Network is unreachable"


def test_only_the_scratch_folder_can_be_written(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = (
        f"open('inside', 'w').close()\n"
        f"try: open({str(outside)!r}, 'w')\n"
        "except OSError as error: print(error.strerror)"
    )
    assert run_apart(scratch, code, "files") == "Read-only file system"
    assert not outside.exists()


def test_a_user_namespace_that_gives_no_rights_is_not_entered() -> None:
    """AppArmor of Ubuntu 24.04 refuses the maps: `discover` said that the import took too long."""
    code = (
        "from finfuzz.discovery import isolation\n"
        "def refuse(): raise PermissionError(13, 'Permission denied')\n"
        "isolation._become_user = refuse\n"
        "print(isinstance(isolation._enter_namespaces(), list))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
