"""pybind11: a library of headers; its internals live in a capsule of the interpreter's dict."""

from __future__ import annotations

from finfuzz.support.cpythons import Quirk
from finfuzz.targets.frameworks.framework import (
    RELEASED,
    CrashMarks,
    Framework,
    Policy,
    ReleasePackage,
)
from finfuzz.targets.switch import Switch

_GUARD = "reentrant call detected while fetching pybind11 internals"

_CRASHES = CrashMarks(
    exceptions={"pybind11::cast_error": "cast-error"},
    # The beginning of its messages; others are recognized by pybind11_fail on the stack.
    failure=r"(?:pybind11(?:::|_| )|get_internals:|scoped_acquire|loader_life_support:"
    r"|generic_type:|cpp_function|make_\w+_(?:type|metaclass)\(\)|instance allocation failed"
    r"|smart_holder|native_enum|thread_specific_storage|~?subinterpreter_|UNEXPECTED CALL OF"
    r"|Internal error:|initialize_generic:|implicitly_convertible:|Could not allocate"
    r"|PyType_Ready failed in)",
    causes=(
        ("internals-recreated", rf"(pybind11::[\w:]{{1,200}}\(\) FAILED: {_GUARD}!?)"),
        ("internals-recreated", rf"({_GUARD}!?)"),
    ),
    deaths=(
        (
            "framework-failure",
            r"(pybind11::handle::(?:inc|dec)_ref\(\)) is being called while "
            r"(the GIL is .{1,200}?)\.",
        ),
    ),
    namespace="pybind11",
    gives_up=frozenset({"pybind11::pybind11_fail"}),
    accessors=r"""pybind11::(detail::(
    internals_pp_manager|internals::|local_internals::|get_internals|get_local_internals|with_.*internals.*
    |with_instance_map|get_type_info|get_local_type_info|get_global_type_info|get_type_handle
    |all_type_info.*|values_and_holders.*|cast_sources.*|type_caster.*|load_type|cast_ref|cast_op|make_static_property_type
    |make_default_metaclass|thread_specific_storage|get_local_internals_pp_manager|try_load_foreign.*
    ).*|cast|cast_error.*|type::.*|error_already_set.*)$""",
    routes=r"pybind11::(handle::(inc|dec)_ref|object::~?object|(sub|scoped_)interpreter::.*)",
    # What a capsule's destructor throws leaves into CPython (issue 2331).
    ways_out=r"(pybind11::capsule::(?:initialize_with_void_ptr_destructor|capsule))::.+",
)

FRAMEWORK = Framework(
    name="pybind11",
    default=True,
    sources=("pybind11",),
    policies=(
        Policy(RELEASED, "as released"),
        Policy(
            "destroy",
            "whose internals are destroyed with the interpreter's dict (as by its PR 5958)",
            is_ours=True,
        ),
        Policy(
            "leak",
            "whose internals are never destroyed (as by its PR 5972, option A)",
            is_ours=True,
        ),
        Policy(
            "hold", "whose types hold its internals (as by its PR 5972, option B)", is_ours=True
        ),
    ),
    releases=ReleasePackage(
        name="pybind11",
        oldest="3.0.0",
        wheel_root="pybind11/include",
        checkout_root="include",
        main_file="pybind11/pybind11.h",
        folders=("pybind11",),
        includes=("",),
        header_folder="pybind11",
        variable="PYBIND11_INCLUDE",
        second_variable="PYBIND11_SECOND_INCLUDE",
        mark=(
            "pybind11/detail/internals.h",
            r"# *define PYBIND11_INTERNALS_VERSION (\d+)",
            "__pybind11_internals_v{}",
        ),
    ),
    # The extension sees each time that pybind11 creates its internals, without a change to it.
    link_flags=("-Wl,--wrap=PyType_Ready",),
    controls=("no-extension", "plain-c"),
    file_marks=(rb"__pybind11_internals_v\d+",),
    own_interpreters=True,
    has_internals=True,
    own_switches=(
        Switch(
            "DETAILED_ERRORS",
            "with PYBIND11_DETAILED_ERROR_MESSAGES",
            ("-DPYBIND11_DETAILED_ERROR_MESSAGES",),
        ),
        Switch(
            "GIL_CHECKS",
            "with PYBIND11_ASSERT_GIL_HELD_INCREF_DECREF",
            ("-DPYBIND11_ASSERT_GIL_HELD_INCREF_DECREF",),
        ),
        Switch(
            "SIMPLE_GIL",
            "with PYBIND11_SIMPLE_GIL_MANAGEMENT",
            ("-DPYBIND11_SIMPLE_GIL_MANAGEMENT",),
        ),
        Switch(
            "NO_SUBINTERPRETERS",
            "with PYBIND11_HAS_SUBINTERPRETER_SUPPORT=0",
            ("-DPYBIND11_HAS_SUBINTERPRETER_SUPPORT=0",),
        ),
    ),
    import_hangs=Quirk.GIL_STATE_HANGS_IN_A_SUBINTERPRETER,  # pybind11 issue 4245
    crashes=_CRASHES,
    # Our own policies say so of a second life, whose local internals are the first's (issue 2101).
    refusals=("ImportError: pybind11's module-local internals are not in",),
)
