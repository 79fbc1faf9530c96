"""The control without a framework: the same extension against the C API alone, in every style.

A style is a policy: one thing is done in another way than the C API manual asks for today.
"""

from __future__ import annotations

from finfuzz.support.cpythons import Quirk
from finfuzz.targets.frameworks.framework import RELEASED, Framework, Policy

FRAMEWORK = Framework(
    name="plain-c",
    summary="the control without a framework: multi-phase initialization, heap types",
    sources=("plain_c",),
    policies=(
        Policy(RELEASED, "without a style"),
        Policy("single-phase", "with single-phase initialization (m_size -1)"),
        Policy("static-types", "with static types"),
        Policy("globals", "with objects in C globals"),
        Policy(
            "abi3",
            "compiled with Py_LIMITED_API",
            compile_flags=("-DPy_LIMITED_API=PY_VERSION_HEX",),
            sources=("plain_c_abi3", "plain_c"),
            needs_gil=Quirk.LIMITED_API_NEEDS_A_GIL,
            lacks={
                "kinds": {
                    **dict.fromkeys(
                        ("iterator", "buffer", "memoryview"),
                        "`Py_buffer` came to the limited API with 3.11",
                    ),
                    **dict.fromkeys(
                        ("gil-taker", "gil-state-taker"),
                        "`PyInterpreterState_Main` is not in the limited API",
                    ),
                }
            },
        ),
        Policy("failing-init", "of whose imports two in three fail"),
    ),
    # `+failing-init` refuses on purpose; the import system has its own words for it elsewhere
    refusals=("ImportError: (finfuzz_target fails|failed to import from subinterpreter)",),
    controls=("no-extension",),
)
