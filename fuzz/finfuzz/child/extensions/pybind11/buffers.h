#pragma once

#include <vector>

#include "core.h"

namespace {

#if FINFUZZ_HAS(Numbers)
struct Numbers FINFUZZ_COUNTED {
    std::vector<int> values = {1, 2, 3};
};

#endif
#if FINFUZZ_HAS(Buffer)
struct Buffer FINFUZZ_COUNTED {
    unsigned char bytes[16] = {};
};

#endif
void bind_buffers(py::module_ &m) {
#if FINFUZZ_HAS(Numbers)
    py::class_<Numbers>(m, "Numbers")
        .def(py::init<>())
        .def(
            "__iter__",
            [](Numbers &self) { return py::make_iterator(self.values.begin(), self.values.end()); },
            py::keep_alive<0, 1>());
#endif
#if FINFUZZ_HAS(Buffer)
    py::class_<Buffer>(m, "Buffer", py::buffer_protocol())
        .def(py::init<>())
        .def_buffer([](Buffer &self) {
            return py::buffer_info(self.bytes, static_cast<py::ssize_t>(sizeof(self.bytes)));
        });
#endif
}

}  // namespace
