cdef extern from *:
    """
#include "../common/native_threads.h"

#if FINFUZZ_HAS(return_in_native_thread) || FINFUZZ_HAS(wait_in_native_thread)
namespace {

// What a thread waits for: it says that it is there, and comes back when Python finalizes.
struct Passage {
    Gate &gate;
    Ready &ready;

    void wait() {
        ready.set_value();
        gate.wait();
    }
};

bool start_at_gate(PyObject *node, void (*function)(PyObject *, Passage *)) {
    return start_native_thread_at_gate(node, [function](PyObject *held, Gate &gate, Ready &ready) {
        Passage passage{gate, ready};
        function(held, &passage);
    });
}

}  // namespace
#endif
    """
#if FINFUZZ_HAS(return_in_native_thread) || FINFUZZ_HAS(wait_in_native_thread)
    cppclass Passage:
        void wait() noexcept nogil
    bint start_at_gate(PyObject *node, void (*function)(PyObject *, Passage *) noexcept nogil) except False
#endif
#if FINFUZZ_HAS(keep_in_native_thread)
    bint start_keeping "keep_in_native_thread"(PyObject *node) except False
#endif

#if FINFUZZ_HAS(keep_in_native_thread)
def keep_in_native_thread(node, /):
    start_keeping(<PyObject *>node)

#endif
#if FINFUZZ_HAS(return_in_native_thread)
cdef void come_back(PyObject *node, Passage *passage) noexcept with gil:
    with nogil:
        passage.wait()
    FINFUZZ_EVENT(kHookThreadReturned);

def return_in_native_thread(node, /):
    start_at_gate(<PyObject *>node, <void (*)(PyObject *, Passage *) noexcept nogil>come_back)

#endif
#if FINFUZZ_HAS(wait_in_native_thread)
cdef void touch(PyObject *node) noexcept with gil:
    cdef object touched = <object>node
    FINFUZZ_EVENT(kHookThreadReturned);

cdef void come_late(PyObject *node, Passage *passage) noexcept nogil:
    passage.wait()
    touch(node)

def wait_in_native_thread(node, /):
    start_at_gate(<PyObject *>node, come_late)

#endif
