# Actions that native hooks perform: they may run in a `__dealloc__`, where nothing may refer to the
# object for longer. An exception ends with them.

#if FINFUZZ_HAS(native_thread)
cdef extern from *:
    """
#include <system_error>
#include <thread>

#include "../common/waiting.h"

namespace {

void run_on_native_thread(void (*function)(PyObject *), PyObject *subject) {
    try {
        std::thread(function, subject).join();
    } catch (const std::system_error &) {
    }
}

}  // namespace
    """
    bint may_wait_for_threads()
    void run_on_native_thread(Native function, PyObject *subject) nogil

#endif
cdef void plain(PyObject *subject) noexcept:
    pass

cdef void cast(PyObject *subject) noexcept:
    cdef Container container
    cdef Instance instance
    try:
        container = <Container?>(<object>subject)
    except TypeError:
        instance = <Instance?>(<object>subject) if isinstance(<object>subject, Instance) else None

#if FINFUZZ_HAS(lookup)
cdef void lookup(PyObject *subject) noexcept:
    try:
        globals()["Instance"]
    except KeyError:
        pass

#endif
#if FINFUZZ_HAS(create)
cdef void create(PyObject *subject) noexcept:
    Instance()

#endif
#if FINFUZZ_HAS(cast_back)
cdef void cast_back(PyObject *subject) noexcept:
    cdef object again = <object>subject

#endif
#if FINFUZZ_HAS(convert)
cdef void convert(PyObject *subject) noexcept:
    try:
        takes_wrapped(5)
    except NameError:
        pass

#endif
#if FINFUZZ_HAS(gil)
cdef void gil_there_and_back(PyObject *subject) noexcept:
    with nogil:
        pass

#endif
#if FINFUZZ_HAS(native_thread)
cdef void cast_in_thread(PyObject *subject) noexcept with gil:
    cast(subject)

cdef void native_thread(PyObject *subject) noexcept:
    if may_wait_for_threads():
        with nogil:
            run_on_native_thread(cast_in_thread, subject)

#endif
def action(str name, /):
    cdef Action made = Action.__new__(Action)
    if name == "plain":
        made.run = plain
    elif name == "cast":
        made.run = cast
#if FINFUZZ_HAS(lookup)
    elif name == "lookup":
        made.run = lookup
#endif
#if FINFUZZ_HAS(create)
    elif name == "create":
        made.run = create
#endif
#if FINFUZZ_HAS(cast_back)
    elif name == "cast_back":
        made.run = cast_back
#endif
#if FINFUZZ_HAS(convert)
    elif name == "convert":
        made.run = convert
#endif
#if FINFUZZ_HAS(gil)
    elif name == "gil":
        made.run = gil_there_and_back
#endif
#if FINFUZZ_HAS(native_thread)
    elif name == "native_thread":
        made.run = native_thread
#endif
    else:
        raise ValueError("no such action: " + name)
    return made

