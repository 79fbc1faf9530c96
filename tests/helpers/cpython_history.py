"""A history of CPython whose builds take no time: each commit "builds" a CPython that is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CONFIGURE = """\
#!/bin/sh
cat > Makefile <<'END'
all:
\t{make}
altinstall:
\tmkdir -p "$(DESTDIR){prefix}/bin"
\tln -s {python} "$(DESTDIR){prefix}/bin/python3.99"
END
sed -i "s|{prefix}|${{1#--prefix=}}|" Makefile
"""


class CpythonHistory:
    """A git repository in an empty folder. Its `configure` writes a Makefile without a compiler."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def commit(self, subject: str, python: Path, make: str = "") -> str:
        """Commit a CPython and the command that makes it. Return the commit's id."""
        text = _CONFIGURE.format(
            make=make or f"ln -s {python} python", python=python, prefix="{prefix}"
        )
        (self.folder / "configure").write_text(f"{text}# {subject}\n")
        (self.folder / "configure").chmod(0o755)
        self.git("add", "configure")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run git in the repository, and return what it prints."""
        user = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *user, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
