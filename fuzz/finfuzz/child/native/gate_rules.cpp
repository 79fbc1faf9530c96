// The rules by which calls are judged, and their reasons.
//
// "Only a thread that holds the GIL may … invoke Python's C API" (Doc/c-api/threads.rst, with an attached
// thread state), and only a few functions are allowed "before Python is initialized", which is also the
// state after `Py_FinalizeEx` (Doc/c-api/interp-lifecycle.rst). The exceptions are below. Where the
// documentation is silent, the sources decide, and a function that checks for itself is allowed.
#include <cstring>
#include <string_view>

#include "gate.h"

namespace finfuzz {

constexpr uint8_t kAlways = kDetached | kAfterFinalization;

struct Rule {
    std::string_view name;  // a `*` at the end stands for any rest
    uint8_t allows;
};

constexpr Rule kRules[] = {
    // "Ensure … regardless of the current state of Python"; without an interpreter it crashes.
    {"PyGILState_Ensure", kDetached},
    {"PyThreadState_Ensure*", kDetached},
    // They attach a state. "Calling this function when the runtime is finalizing will hang the thread
    // until the program exits": so a thread may come back from a blocking call at any time.
    {"PyEval_RestoreThread", kAlways},
    {"PyEval_AcquireThread", kAlways},
    {"PyThreadState_Swap", kAlways},
    // "An attached thread state is not needed."
    {"PyThreadState_New", kDetached},
    {"PyThreadState_Delete", kDetached},
    {"PyInterpreterState_New", kDetached},
    {"PyInterpreterState_Delete", kDetached},
    {"PyInterpreterGuard_*", kDetached},
    {"PyInterpreterView_*", kDetached},
    // They answer whether there is a state or an interpreter, and check for its absence.
    {"PyThreadState_GetUnchecked", kAlways},
    {"_PyThreadState_UncheckedGet", kAlways},
    {"PyGILState_GetThisThreadState", kAlways},
    {"PyGILState_Check", kAlways},
    {"PyThreadState_GetDict", kAlways},
    {"PyInterpreterState_Main", kAlways},
    {"PyInterpreterState_Head", kAlways},
    {"Py_IsInitialized", kAlways},
    {"Py_IsFinalizing", kAlways},
    {"_Py_IsFinalizing", kAlways},
    // They read a field of a state that the caller names.
    {"PyThreadState_GetInterpreter", kDetached},
    {"PyThreadState_GetID", kDetached},
    {"PyThreadState_Next", kDetached},
    {"PyInterpreterState_GetID", kDetached},
    {"PyInterpreterState_Next", kDetached},
    {"PyInterpreterState_ThreadHead", kDetached},
    // Locks, thread-specific storage and identifiers of the operating system.
    {"PyThread_GetInfo", kNeverAlone},
    {"PyThread_*", kAlways},
    {"PyMutex_*", kAlways},
    // "Memory allocators … safe to call without an attached thread state", and before initialization.
    {"PyMem_Raw*", kAlways},
    {"PyMem_GetAllocator", kAlways},
    {"PyMem_SetAllocator", kAlways},
    {"PyMem_SetupDebugHooks", kAlways},
    {"PyObject_GetArenaAllocator", kAlways},
    {"PyObject_SetArenaAllocator", kAlways},
    // It takes the GIL itself, for a library's own allocator.
    {"PyTraceMalloc_*", kAlways},
    // From a signal's handler: "can be called without an attached thread state".
    {"PyErr_SetInterrupt*", kDetached},
    {"Py_AddPendingCall", kDetached},
    {"PyOS_setsig", kAlways},
    {"PyOS_getsig", kAlways},
    // The way out.
    {"Py_FatalError", kAlways},
    {"_Py_FatalError*", kAlways},
    {"Py_ExitStatusException", kAlways},
    // "The following functions can be safely called before Python is initialized."
    {"Py_Initialize*", kAlways},
    {"Py_PreInitialize*", kAlways},
    {"Py_Main", kAlways},
    {"Py_BytesMain", kAlways},
    {"PyInitConfig_*", kAlways},
    {"PyConfig_Get*", kNeverAlone},
    {"PyConfig_Set", kNeverAlone},
    {"PyConfig_Names", kNeverAlone},
    {"PyConfig_*", kAlways},
    {"PyPreConfig_*", kAlways},
    {"PyStatus_*", kAlways},
    {"PyWideStringList_*", kAlways},
    {"PyImport_AppendInittab", kAlways},
    {"PyImport_ExtendInittab", kAlways},
    {"PyInitFrozenExtensions", kAlways},
    {"Py_SetProgramName", kAlways},
    {"Py_SetPythonHome", kAlways},
    {"Py_DecodeLocale", kAlways},
    {"Py_GetBuildInfo", kAlways},
    {"Py_GetCompiler", kAlways},
    {"Py_GetCopyright", kAlways},
    {"Py_GetPlatform", kAlways},
    {"Py_GetVersion", kAlways},
    // "This is a no-op when called for a second time."
    {"Py_Finalize*", kAfterFinalization},
    // They work on C strings and pointers alone.
    {"PyOS_snprintf", kAlways},
    {"PyOS_vsnprintf", kAlways},
    {"PyOS_mystr*", kAlways},
    {"PyOS_strtol", kAlways},
    {"PyOS_strtoul", kAlways},
    {"Py_Is", kAlways},
    {"Py_IsNone", kAlways},
    {"Py_IsTrue", kAlways},
    {"Py_IsFalse", kAlways},
    // Private functions that public macros call. The documentation says nothing of any other.
    {"_Py_Dealloc", kNeverAlone},
    {"_Py_IncRef", kNeverAlone},
    {"_Py_DecRef", kNeverAlone},
    {"_PyObject_New*", kNeverAlone},
    {"_PyObject_GC_*", kNeverAlone},
    {"_PyArg_*", kNeverAlone},
    {"_Py_BuildValue_SizeT", kNeverAlone},
    {"_PyObject_Call*", kNeverAlone},
    {"_Py*", kAlways},
};

// Functions that stand in a type's slots, where CPython or Cython compares them with their addresses:
// a stub's address there would choose another way through CPython.
constexpr std::string_view kCompared[] = {
    "PyObject_GenericGetAttr", "PyObject_GenericSetAttr", "PyObject_GenericGetDict",
    "PyObject_GenericSetDict", "PyObject_GenericHash",    "PyObject_HashNotImplemented",
    "PyObject_SelfIter",       "_PyObject_NextNotImplemented",
    "PyObject_Free",           "PyObject_Del",            "PyObject_GC_Del",
    "PyType_GenericAlloc",     "PyType_GenericNew",       "PyVectorcall_Call",
};

static bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.back() != '*') return name == pattern;
    pattern.remove_suffix(1);
    return name.substr(0, pattern.size()) == pattern;
}

uint8_t find_allowed(const char* name) {
    for (const Rule& rule : kRules)
        if (matches(rule.name, name)) return rule.allows;
    return kNeverAlone;
}

bool is_compared(const char* name) {
    for (std::string_view compared : kCompared)
        if (compared == name) return true;
    return false;
}

}  // namespace finfuzz
