"""Cython: a language whose compiler writes the extension; each carries its own helpers."""

from __future__ import annotations

from finfuzz.targets.frameworks.framework import (
    RELEASED,
    CrashMarks,
    Framework,
    Policy,
    ReleasePackage,
    Translator,
)
from finfuzz.targets.switch import Switch

FRAMEWORK = Framework(
    name="cython",
    sources=("cython",),
    main_source="module.pyx",
    policies=(
        Policy(RELEASED, "as released"),
        Policy(
            "module-state",
            "with CYTHON_USE_MODULE_STATE",
            compile_flags=("-DCYTHON_USE_MODULE_STATE=1",),
            since="3.1.0",  # 3.0's C++ does not compile with it
        ),
        Policy(
            "single-phase",
            "with initialization in a single phase",
            compile_flags=("-DCYTHON_PEP489_MULTI_PHASE_INIT=0",),
            style="plain-c+single-phase",
        ),
    ),
    releases=ReleasePackage(
        name="cython",
        oldest="3.0.0",
        wheel_root="",
        checkout_root="",
        main_file="Cython/Compiler/Main.py",
        folders=("Cython", "cython.py"),
        variable="CYTHON_DIR",
        second_variable="CYTHON_SECOND_DIR",
        mark=("", "", "_cython_{}"),
    ),
    translator=Translator(
        "cython.py", ("--cplus", "-3", "--module-name", "{module}"), "CYTHON_PYTHON"
    ),
    controls=("no-extension", "plain-c"),
    own_switches=(
        Switch(
            "UNSAFE_MACROS",
            "with CYTHON_ASSUME_SAFE_MACROS=0",
            ("-DCYTHON_ASSUME_SAFE_MACROS=0",),
        ),
        Switch("NO_FREELISTS", "with CYTHON_USE_FREELISTS=0", ("-DCYTHON_USE_FREELISTS=0",)),
        Switch("NO_TYPE_SLOTS", "with CYTHON_USE_TYPE_SLOTS=0", ("-DCYTHON_USE_TYPE_SLOTS=0",)),
        Switch(
            "CLINE_IN_TRACEBACK",
            "with CYTHON_CLINE_IN_TRACEBACK=1",
            ("-DCYTHON_CLINE_IN_TRACEBACK=1",),
        ),
    ),
    file_marks=(rb"_cython_\d+_\d+_\d+", rb"_cython_\d\w+", rb"cython_runtime", rb"__pyx_capi__"),
    lacks={
        "kinds": {
            "enum": "its members take no weak references: `:enum`",
            "gil-taker": "it takes the GIL by `PyGILState_Ensure` alone: `gil-state-taker`",
            "local": "no type is local to a module",
            "local-error": "exceptions are classes of Python: `error`",
            "multiple": "an extension type has one base",
            "native-enum": "its members take no weak references: `:enum-class`",
            "shared": "a smart pointer in a class is C++ of the user's: `unique` stands for it",
            "smart": "it has no holders",
        },
        "edges": {"keep-alive": "it has no patients: an object that needs another holds it"},
        "roots": dict.fromkeys(
            ("native-thread-local", "static-object"),
            "an object of C++ that holds one of Python is C++ of the user's, not Cython's",
        ),
        "hooks": {
            **dict.fromkeys(("traverse", "clear"), "it writes `tp_traverse` and `tp_clear` itself"),
            "module-free": "its modules have no `m_free` of the user's",
        },
        "actions": {"internals": "it has none"},
    },
    # Its types are immutable, and a bound type is one of them.
    refusals=(
        r"TypeError: cannot set '\w+' attribute of immutable type",
        # Our own: a `cdef` global holds no object of another interpreter (globals.pxi).
        "RuntimeError: the module's C globals are the main interpreter's",
    ),
    crashes=CrashMarks(
        namespace="__Pyx",
        generated=r"__pyx_(?:pw|pf|f|gb)_\d+finfuzz_\w+|(__pyx_\w+?)_\d+finfuzz_\w+",
    ),
)
