"""The control without a framework in its stable-ABI flavour: plain-c under `Py_LIMITED_API`."""

from __future__ import annotations

from finfuzz.support.cpythons import Quirk
from finfuzz.targets.frameworks.framework import Framework

FRAMEWORK = Framework(
    name="plain-c+abi3",
    summary="plain-c compiled with Py_LIMITED_API",
    sources=("plain_c_abi3", "plain_c"),
    compile_flags=("-DPy_LIMITED_API=PY_VERSION_HEX",),
    controls=("no-extension", "plain-c"),
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
)
