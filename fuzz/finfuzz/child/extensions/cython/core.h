// What the C++ around Cython's code needs: the fuzzer's probe, and objects that C++ owns.
#pragma once

#include <Python.h>

#include "../../common/probe.h"
#if FINFUZZ_HAS(members)
#    include <vector>
#endif
#if FINFUZZ_HAS(set_act)
#    include "../common/act.h"
#endif

#if !FINFUZZ_ALONE
namespace finfuzz {

const Probe *probe = nullptr;
#    ifdef FINFUZZ_COVERAGE
void prepare_coverage();
#    endif

}  // namespace finfuzz

extern "C" __attribute__((visibility("default"))) void finfuzz_attach(const finfuzz::Probe *table) {
#    ifdef FINFUZZ_COVERAGE
    finfuzz::prepare_coverage();
#    endif
    finfuzz::probe = table;
}

namespace {

struct Counted FINFUZZ_COUNTED {};

}  // namespace

#endif
#if FINFUZZ_HAS(members)
namespace {

// Owns Python objects, unseen by the garbage collector.
struct Members FINFUZZ_COUNTED {
    Members() = default;
    Members(const Members &) = delete;
    ~Members() {
        for (PyObject *one : held) Py_DECREF(one);
    }

    void add(PyObject *object) {
        Py_INCREF(object);
        held.push_back(object);
    }

    std::vector<PyObject *> held;
};

}  // namespace
#endif
