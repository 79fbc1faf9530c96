"""The files in deploy/: scripts without a flaw, command lines that their programs understand."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from finfuzz.cli.group import cli
from helpers.places import ROOT

yaml = pytest.importorskip("yaml")
distributed = pytest.importorskip("distributed")

DEPLOY = ROOT / "deploy"
SCRIPTS = sorted(DEPLOY.glob("*.sh"))


def load_manifests() -> dict[str, Any]:
    return {
        one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    }


def understand(line: list[str]) -> None:
    """Parse a command line as its program does, without running it. Raise click's UsageError."""
    name, *arguments = line
    if name == "dask":
        from distributed.cli import dask_scheduler, dask_worker  # noqa: PLC0415

        name, *arguments = arguments
        dask = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
        dask[name].make_context(name, arguments)
    else:
        assert name == "finfuzz"
        name, *arguments = arguments
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        command.make_context(name, arguments)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_parse(script: Path) -> None:
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    checker = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if checker is not None:
        subprocess.run([checker, script], check=True)


def test_the_manifest_fits_together() -> None:
    found = load_manifests()
    cluster, volume, job = (found[kind] for kind in ("DaskCluster", "PersistentVolumeClaim", "Job"))
    service = cluster["spec"]["scheduler"]["service"]
    (scheduler,) = cluster["spec"]["scheduler"]["spec"]["containers"]
    (worker,) = cluster["spec"]["worker"]["spec"]["containers"]
    pod = job["spec"]["template"]["spec"]
    (supervisor,) = pod["containers"]
    assert len({one["image"] for one in (scheduler, worker, supervisor)}) == 1
    assert service["selector"] == {
        "dask.org/cluster-name": cluster["metadata"]["name"],
        "dask.org/component": "scheduler",
    }
    assert {port["targetPort"] for port in service["ports"]} == {
        port["name"] for port in scheduler["ports"]
    }
    address = f"tcp://{cluster['metadata']['name']}-scheduler:8786"
    assert set(re.findall(r"tcp://\S+", supervisor["args"][0])) == {address}
    (mount,) = supervisor["volumeMounts"]
    (claimed,) = pod["volumes"]
    assert mount["mountPath"] == supervisor["workingDir"]
    assert claimed == {
        "name": mount["name"],
        "persistentVolumeClaim": {"claimName": volume["metadata"]["name"]},
    }


def test_command_lines_of_the_manifest_are_understood() -> None:
    found = load_manifests()
    cluster = found["DaskCluster"]["spec"]
    understand(cluster["scheduler"]["spec"]["containers"][0]["args"])
    variables = {"$(DASK_WORKER_NAME)": "one", "$(DASK_SCHEDULER_ADDRESS)": "tcp://head:8786"}
    arguments = cluster["worker"]["spec"]["containers"][0]["args"]
    understand([variables.get(one, one) for one in arguments])
    (text,) = found["Job"]["spec"]["template"]["spec"]["containers"][0]["args"]
    commands = re.findall(r"exec (finfuzz .*)", text)
    assert len(commands) == 2
    for command in commands:
        understand(shlex.split(command))


#: Stand-ins: each writes its arguments, and the campaign waits for the script's SIGTERM.
STAND_IN = f"""#!{sys.executable}
import os, pathlib, signal, sys, time
with open(os.environ["CALLS"], "a") as file:
    print(pathlib.Path(sys.argv[0]).name, *sys.argv[1:], file=file)
if sys.argv[0].endswith("srun"):
    os.execvp(sys.argv[2], sys.argv[2:])  # without --ntasks-per-node
if sys.argv[0].endswith("finfuzz"):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while "dask worker" not in open(os.environ["CALLS"]).read():
        time.sleep(0.02)
    os.kill(os.getppid(), signal.SIGTERM)  # as SLURM does before the job's end
signal.pause()
"""


@pytest.mark.parametrize("resumes", [False, True])
def test_the_slurm_script_starts_all_and_passes_sigterm_on(resumes: bool, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("srun", "dask", "finfuzz"):
        (programs / name).write_text(STAND_IN)
        (programs / name).chmod(0o755)
    if resumes:
        (tmp_path / ".finfuzz" / "campaign").mkdir(parents=True)
        (tmp_path / ".finfuzz" / "campaign" / "plan.json").touch()
    calls = tmp_path / "calls"
    done = subprocess.run(
        ["bash", DEPLOY / "slurm.sh", "campaign.toml"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "CALLS": str(calls),
            "SLURM_JOB_ID": "7",
            "SLURM_CPUS_PER_TASK": "3",
        },
        check=False,
    )
    assert done.returncode == 0
    lines = [shlex.split(line) for line in calls.read_text().splitlines()]
    (campaign,) = (line for line in lines if line[0] == "finfuzz")
    assert campaign[1:3] == ["run", *(["--resume"] if resumes else ["campaign.toml"])]
    address = campaign[campaign.index("--cluster") + 1]
    assert address.endswith(":10007")
    for line in lines:
        if line[0] == "dask":
            assert line[1] == "scheduler" or address in line
            understand(line)
