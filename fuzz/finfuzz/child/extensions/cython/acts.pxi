# What a hook does: a native action, or anything that can be called.

ctypedef void (*Native)(PyObject *subject) noexcept

cdef extern from *:
    cppclass Act "finfuzz::Act":
        void set_native "set"(Native native)
        void set(PyObject *callable)
        void run(PyObject *subject)

cdef class Action:
    """A native action as an object of Python; the hooks take it for what it is."""
    cdef Native run

    def __call__(self, subject):
        FINFUZZ_EVENT(kHookAction);
        self.run(<PyObject *>subject)

cdef set_act(Act *act, wanted):
    if isinstance(wanted, Action):
        act.set_native((<Action>wanted).run)
    else:
        act.set(<PyObject *>wanted)

