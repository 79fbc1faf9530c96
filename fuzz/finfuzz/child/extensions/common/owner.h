// A capsule that owns Python objects, unseen by the garbage collector, and does something at its end.
#pragma once

#include <Python.h>

#include <vector>

#include "act.h"
#include "../../common/probe.h"

namespace finfuzz {

struct Owner FINFUZZ_COUNTED {
    std::vector<PyObject *> held;
    Act act;
};

constexpr char kOwnerName[] = "finfuzz.owner";

// Null, with an exception set, for a capsule of somebody else.
inline Owner *owner_of(PyObject *capsule) {
    return static_cast<Owner *>(PyCapsule_GetPointer(capsule, kOwnerName));
}

inline void end_owner(PyObject *capsule) {
    PendingError pending;
    FINFUZZ_EVENT(kHookCapsule);
    Owner *owner = owner_of(capsule);
    owner->act.run(owner->held.empty() ? Py_None : owner->held.front());
    for (PyObject *object : owner->held) Py_DECREF(object);
    delete owner;
}

inline PyObject *new_owner() {
    auto *owner = new Owner;
    PyObject *capsule = PyCapsule_New(owner, kOwnerName, end_owner);
    if (!capsule) delete owner;
    return capsule;
}

inline bool give_to_owner(PyObject *capsule, PyObject *object) {
    Owner *owner = owner_of(capsule);
    if (!owner) return false;
    Py_INCREF(object);
    owner->held.push_back(object);
    return true;
}

}  // namespace finfuzz
