"""Describe the operating system, as reports of defects give it."""

from __future__ import annotations

import contextlib
import platform


def describe_system() -> str:
    """Describe the machine: `Debian GNU/Linux 12 (bookworm), x86_64, glibc 2.36`."""
    name = platform.system()
    with contextlib.suppress(OSError):
        name = platform.freedesktop_os_release().get("PRETTY_NAME", name)
    library = " ".join(platform.libc_ver())
    return ", ".join(filter(None, (name, platform.machine(), library.strip())))
