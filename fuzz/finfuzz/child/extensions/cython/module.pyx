# cython: language_level=3, auto_pickle=False, freethreading_compatible=True
#if !FINFUZZ_ALONE
# The Cython target: what a module written in Cython has, feature by feature.
#
# A condition of ours is a comment to Cython: the compiled module has everything. Without its fuzzer's
# parts, a finding's script has what it uses (triage/repro/reduce.py).
#endif
cimport cython
from cpython.object cimport PyObject

cdef extern from *:
    """
#include "../../common/reduced.h"
#include "core.h"
    """

#if !FINFUZZ_ALONE
cdef extern from *:
    void FINFUZZ_EVENT(int hook) noexcept nogil
    int kHookAction "finfuzz::kHookAction"
    int kHookDealloc "finfuzz::kHookDealloc"
    int kHookGilTaken "finfuzz::kHookGilTaken"
    int kHookImport "finfuzz::kHookImport"
    int kHookThreadReturned "finfuzz::kHookThreadReturned"
    cppclass Counted:
        pass

FINFUZZ_EVENT(kHookImport);

#endif
#if FINFUZZ_HAS(Instance)
cdef class Instance:
    """A plain object."""
    cdef object __weakref__
    cdef readonly int value
#if !FINFUZZ_ALONE
    cdef Counted counted
#endif

    def __cinit__(self):
        self.value = 7

#endif
#if FINFUZZ_HAS(set_act)
include "acts.pxi"
#endif
#if FINFUZZ_HAS(Container)
include "container.pxi"
#endif
#if FINFUZZ_HAS(members)
include "members.pxi"
#endif
#if FINFUZZ_HAS(finfuzz_fails)
if hasattr(__import__("sys"), "finfuzz_fails"):
    raise ImportError("fails half-way")
#endif
include "actions.pxi"
include "buffers.pxi"
include "capsules.pxi"
include "classes.pxi"
include "conversions.pxi"
include "coroutines.pxi"
include "ends.pxi"
include "enums.pxi"
include "errors.pxi"
include "freed.pxi"
include "functions.pxi"
include "generators.pxi"
include "gil.pxi"
include "globals.pxi"
include "holders.pxi"
include "native_threads.pxi"
include "overrides.pxi"
include "returning.pxi"
include "views.pxi"

#if FINFUZZ_HAS(check)
def check(node, /):
    """There are no capsules to check."""

#endif
