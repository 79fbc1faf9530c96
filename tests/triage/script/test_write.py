"""The standalone script: each file of scripts/ is a program and its body (see script_files.py)."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import textwrap
from pathlib import Path
from random import Random

import pytest
import script_files

from fuzz.executor.fresh import run_fresh
from fuzz.program.generate import generate
from fuzz.program.language import OPERATIONS
from fuzz.program.model import Program
from fuzz.program.mutate import mutate
from fuzz.program.scope import runnable
from fuzz.program.text import parse, to_text
from fuzz.program.words import Choice
from fuzz.target.build import Build, build
from fuzz.target.interpreters import Interpreter
from fuzz.target.spec import parse_target
from fuzz.triage.script.write import write_script

FILES = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
PLAIN_C = script_files.PLAIN_C


def some_program(rng: Random) -> Program:
    made = generate(rng)
    for _ in range(rng.randrange(6)):
        made = mutate(rng, made)
    return made


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_body(path: Path) -> None:
    above, below = script_files.read(path)
    assert script_files.shown(script_files.files(above)["repro.py"]) == below


def test_every_word_has_a_case() -> None:
    words = {word for path in FILES for word in path.read_text(encoding="utf-8").split()}
    parameters = {one for operation in OPERATIONS.values() for one in operation.parameters}
    choices = {one for one in parameters if isinstance(one, Choice)}
    assert set(OPERATIONS) | {text for choice in choices for text in choice.texts} <= words


def test_scripts_of_three_hundred_programs_compile() -> None:
    rng = Random(1)
    for _ in range(300):
        made = some_program(rng)
        steps = sorted(set(runnable(made, (3, 13)).splitlines()[1:]))
        raising = frozenset(step for step in steps if rng.random() < 0.2)
        script = write_script(made, PLAIN_C, (3, 13), "A story.", raising)["repro.py"]
        compile(script, to_text(made), "exec")
        for code in sub_codes(script):
            compile(code, to_text(made), "exec")


def sub_codes(script: str) -> list[str]:
    """What the script runs in its subinterpreters."""
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    runs = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "run"]
    texts = [call.args[1].value for call in runs if isinstance(call.args[1], ast.Constant)]
    return [textwrap.dedent(text) for text in texts]


def test_what_is_copied_is_the_same_in_a_subinterpreter() -> None:
    """Through one more layer of quotes."""
    above = "finfuzz 1\nself-check\nstart i1 legacy\nenter i1\nself-check\n"
    script = script_files.files(above)["repro.py"]
    first, second = (
        next(node for node in tree.body if getattr(node, "name", "") == "self_check")
        for tree in (ast.parse(script), ast.parse(sub_codes(script)[0]))
    )
    assert ast.dump(first) == ast.dump(second)


@pytest.mark.parametrize("step", ["import", "node a container"])
def test_an_import_that_raises_is_caught_as_the_driver_does(step: str) -> None:
    """Seen with pybind11 3.0.1 on 3.13: an ImportError where a subinterpreter imported first."""
    above = f"raising: {step}\nfinfuzz 1\n{step}\nnode b list\n"
    tree = ast.parse(script_files.files(above)["repro.py"])
    caught = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    imported = [name.name for node in caught for name in imports_in(node)]
    assert "finfuzz_target" in imported


def imports_in(tree: ast.AST) -> list[ast.alias]:
    return [name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]


HEAD = "finfuzz 1\nnode a container\n"


@pytest.mark.parametrize(
    ("target", "wanted", "compiled"),
    [
        ("plain-c", "and no framework (", [("finfuzz_target", "", "")]),
        (
            "pybind11==3.1.0",
            "and pybind11 3.1.0 (PYBIND11_INCLUDE may",
            [("finfuzz_target", "pybind11==3.1.0", "PYBIND11_INCLUDE")],
        ),
        (
            "pybind11@/a/checkout",
            "and the pybind11 in /a/checkout (",
            [("finfuzz_target", "/a/checkout", "PYBIND11_INCLUDE")],
        ),
        (
            "pybind11==3.0.1,3.0.2",
            "and pybind11 3.0.1 and 3.0.2 (PYBIND11_INCLUDE and PYBIND11_SECOND_INCLUDE may",
            [
                ("finfuzz_target", "pybind11==3.0.1", "PYBIND11_INCLUDE"),
                ("finfuzz_second", "pybind11==3.0.2", "PYBIND11_SECOND_INCLUDE"),
            ],
        ),
    ],
)
def test_what_is_compiled(target: str, wanted: str, compiled: list[tuple[str, str, str]]) -> None:
    script = write_script(parse(HEAD), parse_target(target), (3, 13), "A story.")["repro.py"]
    assert wanted in script
    assert [call[1:4] for call in compilations(script)] == compiled


def compilations(script: str) -> list[tuple[str, ...]]:
    """The arguments of each call of `compile_beside`."""
    calls = [
        node.value
        for node in ast.parse(script).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    return [
        tuple(ast.literal_eval(argument) for argument in call.args)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "compile_beside"
    ]


def test_a_checkout_keeps_its_headers_in_include(tmp_path: Path) -> None:
    (tmp_path / 'it\'s "x"' / "include").mkdir(parents=True)
    spec = parse_target(f'pybind11@{tmp_path}/it\'s "x"')
    script = write_script(parse(HEAD), spec, (3, 13), "A story.")["repro.py"]
    assert compilations(script)[0][2] == f'{tmp_path}/it\'s "x"/include'


@pytest.mark.parametrize("policy", ["released", "destroy", "leak", "hold"])
def test_the_policy_is_compiled_in(policy: str) -> None:
    spec = parse_target(f"pybind11==3.1.0+{policy}")
    script = write_script(parse(HEAD), spec, (3, 13), "A story.")["repro.py"]
    assert f"-DFINFUZZ_POLICY=FINFUZZ_POLICY_{policy.upper()}" in compilations(script)[0]


def test_a_target_without_policies_is_given_none() -> None:
    assert "POLICY" not in write_script(parse(HEAD), PLAIN_C, (3, 13), "A story.")["repro.py"]


@pytest.mark.parametrize(
    ("steps", "sources"),
    [
        ("", {"extension.cpp"}),
        ("node a container\nroot a leak\n", {"extension.cpp"}),
        ("node a container\nroot a type-dict\n", {"extension.cpp", "capi.cpp"}),
        ("start i1 legacy\n", {"extension.cpp", "capi.cpp"}),
        ("stop i1\n", {"extension.cpp"}),
    ],
)
@pytest.mark.parametrize("target", ["plain-c", "pybind11==3.1.0+destroy"])
def test_sources_are_those_that_are_needed(target: str, steps: str, sources: set[str]) -> None:
    files = write_script(parse(f"finfuzz 1\n{steps}"), parse_target(target), (3, 13), "A story.")
    assert set(files) == {"repro.py", *sources}
    assert {call[0] for call in compilations(files["repro.py"])} == sources
    for name in sources:
        assert '#include "' not in files[name]  # nothing of finfuzz's beside it


@pytest.mark.parametrize(
    "story",
    [
        "One line.",
        "Two\n\nparagraphs, with 'quotes', {braces} and a %.",
        "what():  Unable to cast to C++ type '?'",
        'it said """',
        r"can't open C:\Users\new",
        r"bytes \xff\xfe as they came",
        "it ends with a backslash \\",
    ],
)
def test_the_story_stands_on_top_as_it_is(story: str) -> None:
    script = write_script(parse(HEAD), PLAIN_C, (3, 13), story)["repro.py"]
    docstring = ast.get_docstring(ast.parse(script), clean=False)
    assert docstring is not None
    assert docstring.startswith(story)


@pytest.fixture(scope="session")
def plain(pythons: list[Interpreter]) -> Build:
    """plain-c as it is compiled for a script."""
    return build(PLAIN_C, pythons[0], instrumented=False)


def run_script(
    folder: Path, plain: Build, files: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(plain.extension, folder)
    return subprocess.run(
        [plain.interpreter.executable, "repro.py"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


ALL_OF_A_SCRIPT = """
node {0} container
node x subclass
node y dict
node z function
edge {0} x append
edge y {0} value
edge z {0} closure
root {0} module
root {0} codec
root {0} interpreter-dict
root {0} thread-dict
root {0} sys
root {0} builtins
root {0} atexit
root {0} audit-hook
root {0} leak
edge y y value
collect
shape w ring subclass 2
hook {0} atexit print
hook {0} weakref collect
check {0}
self-check
drop {0}
"""


@pytest.mark.parametrize(
    "name",
    [
        *("is", "none", "t", "sys", "os", "gc", "atexit", "builtins", "codecs", "ctypes", "root1"),
        *("program", "run", "capi", "held", "function", "source", "root", "print"),
        *("type", "len", "globals", "callback", "make_function", "interpreter_dict"),
        *("step", "free_key", "raises", "asked", "leak", "weakref", "node", "act"),
    ],
)
def test_a_node_may_have_any_name(name: str, tmp_path: Path, plain: Build) -> None:
    text = "finfuzz 1" + ALL_OF_A_SCRIPT.format(name)
    done = run_script(
        tmp_path, plain, write_script(parse(text), PLAIN_C, plain.interpreter.version[:2], "")
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "b"),
        ("root1", "root1_"),
        ("is", "is_"),
        ("t_", "t"),
    ],
)
def test_two_nodes_stay_two(first: str, second: str) -> None:
    text = f"finfuzz 1\nnode {first} list\nnode {second} dict\n"
    script = write_script(parse(text), PLAIN_C, (3, 13), "")["repro.py"]
    function = next(
        node
        for node in ast.parse(script).body
        if isinstance(node, ast.FunctionDef) and node.name == "program"
    )
    targets = [node.targets[0] for node in function.body if isinstance(node, ast.Assign)]
    assert len({target.id for target in targets if isinstance(target, ast.Name)}) == 2


@pytest.mark.parametrize("name", ["i1", "a"])
def test_a_node_and_an_interpreter_stay_two(name: str) -> None:
    above = f"finfuzz 1\nstart {name} legacy\nnode a list\nstop {name}\n"
    body = script_files.shown(script_files.files(above)["repro.py"])
    variable = body.partition(" = start(None, 1)")[0].splitlines()[-1]
    assert f"capi.stop({variable})" in body
    assert f"\n{variable} = []" not in body


@pytest.fixture(scope="session")
def capi(plain: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """capi as a script compiles it."""
    folder = tmp_path_factory.mktemp("capi")
    text = "finfuzz 1\nstart i1 legacy\n"
    run_script(folder, plain, write_script(parse(text), PLAIN_C, plain.interpreter.version[:2], ""))
    return folder / f"capi{plain.interpreter.ext_suffix}"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["pybind11==3.1.0+destroy", "plain-c"])
def test_driver_and_script_agree(
    target: str, tmp_path: Path, pythons: list[Interpreter], capi: Path
) -> None:
    """Both end with the same exit code or signal, on programs as they come."""
    spec, python = parse_target(target), pythons[0]
    made, plain = build(spec, python), build(spec, python, instrumented=False)
    shutil.copy(capi, tmp_path)
    rng = Random(11)
    disagree, died = [], 0
    for _ in range(60):
        program = some_program(rng)
        outcome = run_fresh(made, runnable(program, python.version[:2]))
        raised = frozenset(re.findall(r"^finfuzz: `(.+)` raised ", outcome.stderr, re.MULTILINE))
        files = write_script(program, spec, python.version[:2], "", raised)
        done = run_script(tmp_path, plain, files)
        ended: str | int = done.returncode
        if done.returncode < 0:
            ended = signal.Signals(-done.returncode).name
        died += outcome.signal is not None
        if ended != (outcome.signal or outcome.exit_code) or "NameError" in done.stderr:
            disagree.append((to_text(program), outcome.signal, ended, done.stderr))
    assert not disagree
    if spec.framework == "pybind11":
        assert died


@pytest.mark.parametrize(
    "target", ["plain-c", pytest.param("pybind11==3.1.0+destroy", marks=pytest.mark.slow)]
)
def test_a_script_compiles_what_it_needs_in_its_own_folder(
    target: str, tmp_path: Path, pythons: list[Interpreter]
) -> None:
    """Started from elsewhere, with nothing built and no environment to speak of."""
    program = parse(
        "finfuzz 1\nstart i1 legacy\nenter i1\nnode a container\nedge a a append\nroot a codec\n"
        "enter main\nnode b container\nedge b b append\nroot b type-dict\nstop i1\n"
    )
    spec, python = parse_target(target), pythons[0]
    folder = tmp_path / "finding"
    folder.mkdir()
    for name, text in write_script(program, spec, python.version[:2], "A story.").items():
        (folder / name).write_text(text, encoding="utf-8")
    for _ in range(2):  # what is there by then is not compiled again
        done = subprocess.run(
            [python.executable, folder / "repro.py"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        dies = spec.framework == "pybind11"
        assert done.returncode == (-signal.SIGABRT if dies else 0), done.stderr
        assert ("reentrant call detected" in done.stderr) is dies
    suffix = python.ext_suffix
    assert {path.name for path in folder.glob("*.so")} == {
        f"finfuzz_target{suffix}",
        f"capi{suffix}",
    }
    assert not list(tmp_path.glob("*.so"))
