"""nanobind: headers and a core, which each extension is linked with or gets from a backend."""

from __future__ import annotations

from finfuzz.support.cpythons import Quirk
from finfuzz.targets.frameworks.framework import (
    RELEASED,
    CrashMarks,
    Framework,
    Policy,
    ReleasePackage,
    SideModule,
)

_SINGLE_PHASE = "plain-c+single-phase"

FRAMEWORK = Framework(
    name="nanobind",
    sources=("nanobind",),
    policies=(
        Policy(RELEASED, "as released"),
        Policy(
            "abi3",
            "compiled for the stable ABI",
            compile_flags=("-DPy_LIMITED_API=0x030C0000",),
            needs=Quirk.VECTORCALL_IN_THE_LIMITED_API,
            needs_gil=Quirk.LIMITED_API_NEEDS_A_GIL,
        ),
        Policy(
            "domain", "in a domain of its own (NB_DOMAIN)", compile_flags=("-DNB_DOMAIN=finfuzz",)
        ),
        Policy(
            "split",
            "in split mode, with its backend in a module beside the extension",
            compile_flags=("-DNB_BACKEND_MODULE=nanobind_backend", "-DPy_LIMITED_API=0x030A0000"),
            side_module=SideModule(
                "nanobind_backend",
                ("src/nb_backend.cpp", "src/nb_combined.cpp"),
                ("-DNB_BUILD", "-DNB_BACKEND_NAME=nanobind_backend"),
            ),
            since="3.0.0",
            lacks={
                "kinds": dict.fromkeys(
                    ("buffer", "memoryview"), "`Py_buffer` came to the limited API with 3.11"
                )
            },
            needs_gil=Quirk.LIMITED_API_NEEDS_A_GIL,
        ),
    ),
    releases=ReleasePackage(
        name="nanobind",
        oldest="2.0.0",
        wheel_root="nanobind",
        checkout_root="",
        main_file="include/nanobind/nanobind.h",
        folders=("include", "src", "ext/robin_map/include"),
        includes=("include", "ext/robin_map/include"),
        units=("src/nb_combined.cpp",),
        unit_flags=("-fno-strict-aliasing",),
        header_folder="nanobind",
        variable="NANOBIND_DIR",
        second_variable="NANOBIND_SECOND_DIR",
        mark=("src", r"# *define NB_INTERNALS_VERSION (\d+)", "v{}"),
    ),
    free_threaded_flags=("-DNB_FREE_THREADED",),
    controls=("no-extension", "plain-c"),
    styles=(("2.0.0", _SINGLE_PHASE), ("2.8.0", "")),  # multi-phase since its PR 1059
    file_marks=(
        # The version of the internals: 3.x, 2.x.
        *(rb"(?<=_use_cxx11_abi_\d_a\d_)v\d+", rb"(?<!\w)v\d+(?=_system_lib)"),
        *(rb"__nb_internals_[\w%]+", rb"nanobind: leaked"),
    ),
    lacks={
        "operations": {"check": "its internals are in no capsule that could be asked for"},
        "kinds": {
            "smart": "it has no holders: an object is in its instance, or behind a pointer",
            "local": "no type is local to a module: a domain separates all types of an extension",
            "local-error": "no exception is local to a module",
            "multiple": "a class has one base",
            "two-bases": "a class has one base, in Python too",
            "metaclass": "the metaclass of its types is its own",
        },
        "roots": {"call-once": "it has no storage that is filled once"},
        "actions": {"internals": "it has no function that asks for its internals"},
    },
    # Weak references are an option of each class, which most classes of our extension lack.
    refusals=("TypeError: cannot create weak reference to 'finfuzz_",),
    crashes=CrashMarks(
        deaths=(("framework-failure", r"Critical nanobind error: (.+)"),),
        reports=(("leak-report", r"(nanobind: leaked \d+ [\w ]+)!"),),
        leaked=r"leaked instance \S+ of type \"([^\"\n]+)\"",
        namespace="nanobind",
        gives_up=frozenset({"nanobind::detail::fail"}),
        serves_one_interpreter=True,  # docs/known-defects.md: a legacy subinterpreter beside main
    ),
)
