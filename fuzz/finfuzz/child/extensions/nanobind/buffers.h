#pragma once

#include <nanobind/make_iterator.h>

#include <vector>

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Numbers)
struct Numbers FINFUZZ_COUNTED {
    std::vector<int> values = {1, 2, 3};
};

#endif
#if FINFUZZ_HAS(Buffer)
struct Buffer FINFUZZ_COUNTED {
    unsigned char bytes[16] = {};
};

// nanobind has no buffer protocol of its own; a type slot has it. Not in the limited API before 3.11.
#    if !defined(Py_LIMITED_API) || Py_LIMITED_API + 0 >= 0x030B0000
int get_buffer(PyObject *self, Py_buffer *view, int flags) {
    view->obj = nullptr;
    if (!nb::inst_ready(self)) {
        PyErr_SetString(PyExc_BufferError, "not initialized");
        return -1;
    }
    auto *buffer = nb::inst_ptr<Buffer>(self);
    return PyBuffer_FillInfo(view, self, buffer->bytes, sizeof(buffer->bytes), 0, flags);
}

PyType_Slot buffer_slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(get_buffer)},
    {0, nullptr},
};

void bind_buffer(nb::module_ &m) {
    nb::class_<Buffer>(m, "Buffer", nb::type_slots(buffer_slots)).def(nb::init<>());
}
#    else
void bind_buffer(nb::module_ &) {}
#    endif

#endif
void bind_buffers(nb::module_ &m) {
#if FINFUZZ_HAS(Numbers)
    nb::class_<Numbers>(m, "Numbers")
        .def(nb::init<>())
        .def(
            "__iter__",
            [](Numbers &self) {
                return nb::make_iterator(nb::type<Numbers>(), "Iterator", self.values.begin(),
                                         self.values.end());
            },
            nb::keep_alive<0, 1>());
#endif
#if FINFUZZ_HAS(Buffer)
    bind_buffer(m);
#endif
}

}  // namespace
