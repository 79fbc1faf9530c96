"""A campaign over TLS, with the certificates that deploy/make-certificates.sh makes."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from finfuzz.executor.process import end_tree, tie_to_us
from finfuzz.targets.build import Build
from helpers.campaigns import Start, wait_until
from helpers.places import ROOT

PORT = 18787
ADDRESS = f"tls://127.0.0.1:{PORT}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl"),
]


@contextlib.contextmanager
def dask(folder: Path, config: Path) -> Iterator[None]:
    """Run a scheduler and a Dask worker that speak TLS."""
    commands = (
        ("dask_scheduler", "--port", str(PORT)),
        ("dask_worker", ADDRESS, "--nthreads", "1", "--memory-limit", "0"),
    )
    with contextlib.ExitStack() as started:
        for module, *arguments in commands:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
            command += ["--protocol", "tls", "--host", "127.0.0.1", "--no-dashboard"]
            log = started.enter_context((folder / f"{module}.log").open("wb"))
            process = subprocess.Popen(
                tie_to_us(sys.executable, command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "DASK_CONFIG": str(config)},
            )
            started.callback(process.wait)
            started.callback(end_tree, process.pid)
        yield


def test_a_campaign_needs_a_certificate(start: Start, plain_c: Build, tmp_path: Path) -> None:
    config = tmp_path / "certificates"
    subprocess.run([ROOT / "deploy" / "make-certificates.sh", config], check=True)
    options = (
        *("--target", str(plain_c.spec), "--python", str(plain_c.interpreter.executable)),
        *("--cluster", ADDRESS, "--no-attribute", "--time", "3600"),
    )
    with dask(tmp_path, config):
        campaign = start(None, *options, DASK_CONFIG=str(config))
        corpus = campaign.folder / ".finfuzz" / "corpus"
        wait_until(lambda: list(corpus.glob("*.fin")), "a program from a node")
        campaign.process.terminate()
        assert campaign.end() == 0, campaign.lines
        refused = start(None, *options)
        assert refused.end() == 2
        assert f"{ADDRESS} needs certificates" in refused.lines[-1]
