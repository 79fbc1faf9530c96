"""The standalone script: each file of scripts/ is a program and its body (see script_files.py)."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import textwrap
from pathlib import Path
from random import Random

import pytest

from finfuzz.executor.fresh import run_fresh
from finfuzz.generation.generate import generate
from finfuzz.generation.mutate import mutate
from finfuzz.program.language import OPERATIONS
from finfuzz.program.model import Program
from finfuzz.program.prepared import prepare
from finfuzz.program.text import parse, to_text
from finfuzz.program.words import Choice
from finfuzz.targets.build import Build, build
from finfuzz.targets.extension_words import collect_own_words
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import parse_target
from finfuzz.triage.repro.commands import list_commands
from finfuzz.triage.repro.write import write_script
from helpers import script_files
from helpers.plain_scripts import compile_capi, end_of, end_of_script, run_script, write_files

FILES = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
PLAIN_C = script_files.PLAIN_C


def some_program(rng: Random) -> Program:
    made = generate(rng)
    for _ in range(rng.randrange(6)):
        made = mutate(rng, made)
    return made


def test_a_script_names_the_branch_of_its_cpython() -> None:
    program = parse("finfuzz 1\nnode a container\n")
    files = write_script(program, PLAIN_C, (3, 13, 18), "A story.")
    assert files == write_script(program, PLAIN_C, (3, 13), "A story.")
    assert "Run it with CPython 3.13: `python3.13 repro.py`." in files["repro.py"]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_body(path: Path) -> None:
    above, below = script_files.read(path)
    assert script_files.shown(script_files.files(above)["repro.py"]) == below


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_nothing_is_printed_in_the_name_of_finfuzz(path: Path) -> None:
    above, _ = script_files.read(path)
    assert not [name for name, text in script_files.files(above).items() if "finfuzz: " in text]


def test_every_word_has_a_case() -> None:
    words = {word for path in FILES for word in path.read_text(encoding="utf-8").split()}
    parameters = {one for operation in OPERATIONS.values() for one in operation.parameters}
    choices = {one for one in parameters if isinstance(one, Choice)}
    assert set(OPERATIONS) | {text for choice in choices for text in choice.texts} <= words


def test_every_word_of_a_framework_has_a_case() -> None:
    words = {word for path in FILES for word in path.read_text(encoding="utf-8").split()}
    own = collect_own_words()
    assert {text for texts in own.by_choice.values() for text in texts} <= words


@pytest.mark.parametrize("count", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_scripts_of_random_programs_compile(count: int) -> None:
    rng = Random(1)
    for _ in range(count):
        made = some_program(rng)
        steps = sorted(set(prepare(made, (3, 13)).text.splitlines()[1:]))
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
    ("target", "wanted"),
    [
        ("plain-c", "builds its modules, with a C++ compiler::"),
        ("pybind11==3.1.0", "with a C++ compiler and pybind11 3.1.0 (from PyPI)::"),
        ("pybind11@/a/checkout", "with a C++ compiler and the pybind11 in /a/checkout::"),
        ('pybind11@/a/"""', "with a C++ compiler and the pybind11 in /a/'''::"),
        (
            "pybind11==3.0.1,3.0.2",
            "with a C++ compiler and pybind11 3.0.1 and 3.0.2 (from PyPI)::",
        ),
        ("no-extension", "finfuzz_target.py, in plain Python, takes the place of an extension."),
    ],
)
def test_the_docstring_says_what_it_takes(target: str, wanted: str) -> None:
    script = write_script(parse(HEAD), parse_target(target), (3, 13), "A story.")["repro.py"]
    assert wanted in docstring(script)
    assert "Run it with CPython 3.13: `python3.13 repro.py`." in docstring(script)


def test_a_cpython_in_its_source_tree_is_run_there() -> None:
    script = write_script(parse(HEAD), parse_target("plain-c"), (3, 13), "A story.", in_tree=True)
    told = "Run it with CPython 3.13, built in its source tree: `./python repro.py`."
    assert told in docstring(script["repro.py"])


def write_for_package(target: str, recipe: str, steps: str = "") -> dict[str, str]:
    spec = parse_target(target)
    package = script_files.make_package(spec, script_files.RECIPES / recipe)
    program = parse(f"finfuzz 1\nimport\n{steps}")
    return write_script(
        program, spec, (3, 13), "A story.", package=package, executable="~/venv/bin/python"
    )


@pytest.mark.parametrize(
    ("target", "recipe", "wanted"),
    [
        (
            "wheel:kiwisolver==1.5.1",
            "kiwi.toml",
            "First install what it was found with:\n\n"
            "    python3.13 -m pip install kiwisolver==1.5.1\n",
        ),
        ("module:kiwisolver+path=/a/folder", "kiwi.toml", "needs the module kiwisolver in /a/fold"),
        ("module:lxml", "lxml.toml", "needs the module lxml.etree, as installed in ~/venv/bin/py"),
        ("stdlib:datetime", "datetime.toml", "`python3.13 repro.py`.\n"),
    ],
)
def test_a_package_needs_itself_alone(target: str, recipe: str, wanted: str) -> None:
    files = write_for_package(target, recipe, "start i legacy\n")
    assert set(files) == {"repro.py"}
    assert wanted in docstring(files["repro.py"])
    assert "HERE" not in files["repro.py"]
    assert "import os" not in files["repro.py"]


def test_a_package_in_a_folder_is_found_by_all_interpreters() -> None:
    script = write_for_package("module:lxml+path=/a/folder", "lxml.toml", "start i legacy\n")
    text = script["repro.py"]
    assert 'FOLDER = "/a/folder"\n' in text
    assert "sys.path.insert(0, FOLDER)\n" in text
    assert 'run(interpreter, f"import sys; sys.path.insert(0, {FOLDER!r})")' in text


def test_a_package_needs_a_compiler_where_a_step_does() -> None:
    files = write_for_package("wheel:kiwisolver==1.5.1", "kiwi.toml", "again\nimport\n")
    assert "extension.cpp" not in files
    text = docstring(files["repro.py"])
    assert text.index("pip install") < text.index("builds its modules, with a C++ compiler::\n")


def docstring(script: str) -> str:
    return ast.get_docstring(ast.parse(script), clean=False) or ""


def test_what_it_builds_is_what_its_docstring_and_its_sources_say() -> None:
    program = parse(f"{HEAD}root a type-dict\n")
    spec = parse_target("pybind11==3.1.0+destroy")
    files = write_script(program, spec, (3, 13), "It says::\n\n    this\n", diagnostic="none")
    names: dict[str, object] = {"__doc__": docstring(files["repro.py"])}
    line = next(one for one in files["repro.py"].splitlines() if one.startswith("BUILD = "))
    exec(line, names)
    build = textwrap.dedent(str(names["BUILD"])).strip()
    assert build.splitlines() == list_commands(spec, "3.13", capi=True, watch=False)
    for name in ("extension.cpp", "capi.cpp"):
        head = files[name].partition("\n\n")[0].splitlines()
        assert head[:2] == ["// repro.py, next to this file, builds it with these commands:", "//"]
        assert [one.removeprefix("//     ") for one in head[2:]] == build.splitlines()


def test_a_script_names_the_command_of_its_build() -> None:
    for abiflags, python in (("", "3.13"), ("t", "3.13t"), ("d", "3.13d")):
        script = write_script(parse(HEAD), PLAIN_C, (3, 13), "A story.", abiflags=abiflags)
        text = docstring(script["repro.py"])
        assert f"Run it with CPython {python}: `python{python} repro.py`." in text
        assert f": ${{PYTHON:=python{python}}}" in text


@pytest.mark.parametrize(
    ("steps", "sources"),
    [
        ("", set()),
        ("node a container\nroot a leak\n", set()),
        ("node a container\nroot a type-dict\n", {"capi.cpp"}),
        ("start i1 legacy\n", set()),
        ("stop i1\n", set()),
        ("elsewhere\nnode a list\n", set()),
        ("again\nnode a list\n", {"capi.cpp", "after_main.cpp"}),
    ],
)
@pytest.mark.parametrize("target", ["plain-c", "pybind11==3.1.0+destroy", "no-extension"])
def test_sources_are_those_that_are_needed(target: str, steps: str, sources: set[str]) -> None:
    files = write_script(parse(f"finfuzz 1\n{steps}"), parse_target(target), (3, 13), "A story.")
    extension = "finfuzz_target.py" if target == "no-extension" else "extension.cpp"
    assert set(files) == {"repro.py", extension, *sources}


@pytest.mark.parametrize(("target", "needs"), [("pybind11==3.1.0", True), ("plain-c", False)])
def test_interpreters_of_a_framework_take_one(target: str, needs: bool) -> None:
    program = parse("finfuzz 1\nstart i1 framework\n")
    files = write_script(program, parse_target(target), (3, 13), "A story.")
    assert ("capi.cpp" in files) is needs
    assert ("finfuzz_create_subinterpreter" in files["extension.cpp"]) is needs


def test_without_anything_to_build_there_is_nothing_about_building() -> None:
    script = write_script(parse(HEAD), parse_target("no-extension"), (3, 13), "A story.")
    assert "BUILD" not in script["repro.py"]
    assert "os.system" not in script["repro.py"]


@pytest.mark.parametrize(
    ("diagnostic", "target", "watches"),
    [
        ("internals-recreated-silently", "pybind11==3.1.0+released", True),
        ("internals-recreated", "pybind11==3.1.0+destroy", False),
        ("internals-recreated-silently", "plain-c", False),
    ],
)
def test_what_is_silent_is_made_to_speak(diagnostic: str, target: str, watches: bool) -> None:
    spec = parse_target(target)
    files = write_script(parse(HEAD), spec, (3, 13), "A story.", diagnostic=diagnostic)
    assert ("--wrap=PyType_Ready" in files["repro.py"]) is watches
    assert ("internals created again" in files["extension.cpp"]) is watches
    assert ("The extension is linked with a wrapper around PyType_Ready" in files["repro.py"]) is (
        watches
    )


@pytest.mark.parametrize(
    "story",
    [
        "One line.",
        "Two\n\nparagraphs, with 'quotes', {braces} and a %.",
        "what():  Unable to cast to C++ type '?'",
        r"can't open C:\Users\new",
        r"bytes \xff\xfe as they came",
        "it ends with a backslash \\",
    ],
)
def test_the_story_stands_on_top_as_it_is(story: str) -> None:
    script = write_script(parse(HEAD), PLAIN_C, (3, 13), story)["repro.py"]
    assert docstring(script).startswith(f"{story}\n\n")


@pytest.mark.parametrize(
    ("story", "shown"), [('it said """', "it said '''"), ("a\0b\rc\x1b", r"a\x00b\rc\x1b")]
)
def test_what_no_docstring_can_hold_is_written_otherwise(story: str, shown: str) -> None:
    script = write_script(parse(HEAD), PLAIN_C, (3, 13), story)["repro.py"]
    assert docstring(script).startswith(f"{shown}\n\n")


@pytest.fixture(scope="session")
def plain(pythons: list[Interpreter]) -> Build:
    """plain-c as it is compiled for a script."""
    return build(PLAIN_C, pythons[0], instrumented=False)


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
        tmp_path, plain, write_script(parse(text), PLAIN_C, plain.interpreter.version, "")
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
    variable = body.partition(' = start("legacy")')[0].splitlines()[-1]
    assert f"_interpreters.destroy({variable})" in body
    assert f"\n{variable} = []" not in body


@pytest.fixture(scope="session")
def capi(plain: Build, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return compile_capi(plain.interpreter, tmp_path_factory.mktemp("capi"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["plain", "near"])
@pytest.mark.parametrize("target", ["pybind11==3.1.0+destroy", "plain-c", "no-extension"])
def test_driver_and_script_agree(
    target: str, form: str, tmp_path: Path, pythons: list[Interpreter], capi: list[Path]
) -> None:
    """Both end with the same exit code or signal, on programs as they come."""
    spec, python = parse_target(target), pythons[0]
    made, whole = build(spec, python), build(spec, python, instrumented=False)
    for made_of_ours in capi:
        shutil.copy(made_of_ours, tmp_path)
    rng = Random(11)
    disagree, died = [], 0
    for _ in range(60):
        program = some_program(rng)
        outcome = run_fresh(made, program)
        files = write_files(made, program, outcome, plain=form == "plain")
        ended = end_of_script(tmp_path, whole, files)
        died += outcome.signal is not None
        if ended != end_of(outcome):
            disagree.append((to_text(program), end_of(outcome), ended))
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
    for name, text in write_script(program, spec, python.version, "A story.").items():
        (folder / name).write_text(text, encoding="utf-8")
    for _ in range(2):  # what is there by then is not compiled again
        done = subprocess.run(
            [python.executable, folder / "repro.py"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
            capture_output=True,
            text=True,
            check=False,
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


def test_a_script_of_several_modules_has_what_joins_them(
    pythons: list[Interpreter], tmp_path: Path
) -> None:
    """It imported a module that only finfuzz's cache had."""
    made = build(parse_target("stdlib:heapq,datetime"), pythons[0], instrumented=False)
    program = parse("finfuzz 1\nimport\nstart i legacy\nenter i\nimport\nstop i\n")
    files = write_script(
        program, made.spec, made.interpreter.version, "A story.", package=made.package
    )
    assert files["finfuzz_several.py"] == "import heapq\nimport datetime\n"
    done = run_script(tmp_path, made, files)
    assert (done.returncode, done.stderr) == (0, "")
