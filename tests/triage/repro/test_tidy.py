"""A file that was put together out of several."""

from __future__ import annotations

import pytest

from finfuzz.triage.repro.tidy import tidy_source


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        (
            "#include <string>\n#include <pybind11/pybind11.h>\nstd::string a;",
            "#include <pybind11/pybind11.h>\n\n#include <string>\n\nstd::string a;\n",
        ),
        ("#include <Python.h>\nPyObject *a;", "#include <Python.h>\n\nPyObject *a;\n"),
        (
            "#include <pybind11/pybind11.h>\n#include <Python.h>\nPyObject *a;",
            "#include <pybind11/pybind11.h>\n\nPyObject *a;\n",
        ),
        # what nothing is used of
        ("#include <Python.h>\n#include <list>\n#include <set>\nPyObject *a; std::set<int> b;",
         "#include <Python.h>\n\n#include <set>\n\nPyObject *a; std::set<int> b;\n"),
        ("#include <Python.h>\n#include <cstring>\nPyObject *a; std::string b;",
         "#include <Python.h>\n\nPyObject *a; std::string b;\n"),
        # what nobody has heard of
        ("#include <Python.h>\n#include <other.h>\nPyObject *a;",
         "#include <Python.h>\n\n#include <other.h>\n\nPyObject *a;\n"),
        # under a condition that is not ours
        ("#include <Python.h>\n#ifdef X\n#    include <x.h>\n#endif\nPyObject *a;",
         "#include <Python.h>\n\n#ifdef X\n#    include <x.h>\n#endif\nPyObject *a;\n"),
    ],
)  # fmt: skip
def test_headers(text: str, tidy: str) -> None:
    assert tidy_source(text.splitlines()) == tidy


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("namespace {\n\na\n\n}  // namespace\n\nnamespace {\n\nb\n\n}  // namespace",
         "namespace {\n\na\n\nb\n\n}  // namespace"),
        ("namespace finfuzz {\na\n}  // namespace finfuzz\n"
         "namespace finfuzz {\nb\n}  // namespace finfuzz",
         "namespace finfuzz {\na\nb\n}  // namespace finfuzz"),
        ("namespace finfuzz {\na\n}  // namespace finfuzz\n\nnamespace {\nb\n}  // namespace",
         "namespace finfuzz {\na\n}  // namespace finfuzz\n\nnamespace {\nb\n}  // namespace"),
        ("namespace {\na\n}  // namespace\n\nnamespace finfuzz {\n\n}  // namespace finfuzz\n\n"
         "namespace {\nb\n}  // namespace",
         "namespace {\na\nb\n}  // namespace"),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)  # fmt: skip
def test_namespaces_and_empty_lines(text: str, tidy: str) -> None:
    assert tidy_source(text.splitlines()).strip() == tidy
