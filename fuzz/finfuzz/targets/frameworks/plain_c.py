"""The control without a framework: the same extension against the C API alone, in every style."""

from __future__ import annotations

from finfuzz.program.vocabulary import EVERYTHING
from finfuzz.support.cpythons import Quirk
from finfuzz.targets.frameworks.framework import RELEASED, Framework, Policy

FRAMEWORK = Framework(
    name="plain-c",
    summary="the control, without a framework",
    sources=("plain_c",),
    policies=(
        Policy(RELEASED, "multi-phase initialization, heap types, no C globals"),
        Policy("single-phase", "single-phase initialization (m_size -1), heap types"),
        Policy("static-types", "multi-phase initialization, static types"),
        Policy("globals", "multi-phase initialization, heap types kept in C globals"),
        Policy(
            "abi3",
            "compiled with Py_LIMITED_API",
            compile_flags=("-DPy_LIMITED_API=PY_VERSION_HEX",),
            sources=("plain_c_abi3", "plain_c"),
            # Py_buffer came to the limited API with 3.11, PyInterpreterState_Main is not in it.
            vocabulary=EVERYTHING.without(
                kinds=("iterator", "buffer", "memoryview", "gil-taker", "gil-state-taker"),
            ),
            needs_gil=Quirk.LIMITED_API_NEEDS_A_GIL,
        ),
        Policy("failing-init", "of three imports one fails in PyInit and one in its exec slot"),
    ),
    controls=("no-extension",),
)
