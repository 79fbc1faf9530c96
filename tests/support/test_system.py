"""The operating system in one line."""

from __future__ import annotations

import platform

import pytest

from finfuzz.support.system import describe_system


def test_name_machine_and_library(monkeypatch: pytest.MonkeyPatch) -> None:
    release = {"PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    assert describe_system() == "Debian GNU/Linux 12 (bookworm), x86_64, glibc 2.36"


def test_a_system_without_a_name_or_a_known_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", fail)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert describe_system() == "Linux, aarch64"
