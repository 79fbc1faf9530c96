// A debugger's request that a thread run a script at its next safe point (PEP 768), made by the thread
// itself. `sys.remote_exec` finds no thread once `Py_RunMain` is ending; a debugger may choose one then.
#pragma once

#include <Python.h>
#include <dlfcn.h>

#include <cstring>

#if PY_VERSION_HEX >= 0x030E0000
#    define Py_BUILD_CORE  // debuggers need the layout that this header describes
#    include <internal/pycore_debug_offsets.h>
#    undef Py_BUILD_CORE
#endif

namespace finfuzz {

// Returns false, with an exception set, where CPython has no debugger support or the path is too long.
inline bool request_script(const char* path) {
#if PY_VERSION_HEX >= 0x030E0000
    auto* runtime = static_cast<const _Py_DebugOffsets*>(dlsym(RTLD_DEFAULT, "_PyRuntime"));
    const auto& offsets = runtime->debugger_support;
    if (std::strlen(path) >= offsets.debugger_script_path_size) {
        PyErr_Format(PyExc_ValueError, "too long a path for a debugger: %s", path);
        return false;
    }
    char* thread = reinterpret_cast<char*>(PyThreadState_Get());
    char* support = thread + offsets.remote_debugger_support;
    std::strcpy(support + offsets.debugger_script_path, path);
    *reinterpret_cast<int32_t*>(support + offsets.debugger_pending_call) = 1;
    constexpr uintptr_t kPleaseStop = 1 << 5;  // a bit of eval_breaker
    __atomic_fetch_or(reinterpret_cast<uintptr_t*>(thread + offsets.eval_breaker), kPleaseStop,
                      __ATOMIC_RELEASE);
    return true;
#else
    PyErr_Format(PyExc_RuntimeError, "no debugger can have this CPython run %s", path);
    return false;
#endif
}

}  // namespace finfuzz
