// The subinterpreters of a program, by handle, each with the driver in its __main__.
#include <Python.h>

#include <vector>

#include "../common/interpreters.h"
#include "module.h"
#include "shared.h"
#include "../common/at_once.h"
#include "../common/threads.h"

namespace finfuzz {

constexpr long kMain = -1;  // the handle of the main interpreter

struct Slot {
    Interpreter interpreter;
    PyObject* names;  // the dict of its __main__; null after forget_nodes
    uint32_t life;
};

static std::vector<Slot> slots;

void forget_slots() { slots.clear(); }

static Slot* find_slot(long handle) {
    size_t index = size_t(handle);
    if (index < slots.size() && slots[index].names) return &slots[index];
    PyErr_SetString(PyExc_ValueError, "no such interpreter");
    return nullptr;
}

static Slot* find_slot(PyObject* handle) { return find_slot(PyLong_AsLong(handle)); }

// Restores the caller's life as the current one at the end of its scope.
class RestoreLife {
   public:
    RestoreLife() : life_(shared->facts.current) {}
    ~RestoreLife() { shared->facts.current = life_; }

   private:
    uint32_t life_;
};

// Creates a slot's interpreter from the current one. Returns false where CPython can't.
static bool start_here(Slot& slot, bool released) {
    slot.life = expect_life(uint8_t(slot.interpreter.flavour));
    if (!(released ? start_released : start_interpreter)(slot.interpreter)) {
        --shared->facts.lives;
        return false;
    }
    run_in_interpreter(slot.interpreter, [&slot] {
        observe_life();
        slot.names = load_driver();
    });
    if (slot.names == nullptr) Py_FatalError("finfuzz: the driver does not load in a subinterpreter");
    return true;
}

// Starts a slot's interpreter at that place, which is another thread or has no thread state.
static bool start_at(Place place, Slot* creator, Slot& slot) {
    bool started = false;
    auto start = [&] { started = start_here(slot, place == kReleased); };
    if (place == kHere || place == kReleased)
        creator ? run_in_interpreter(creator->interpreter, start) : start();
    else if (creator ? run_from_thread(creator->interpreter, start) : run_at(place, start))
        if (started && slot.interpreter.first) take_over(slot.interpreter);
    return started;
}

// start(parent, flavour, prefix) -> handle, or -1 where CPython can't create such an interpreter.
PyObject* start(PyObject*, PyObject* args) {
    long parent;
    const char *name, *prefix;
    Flavour flavour;
    Place place;
    if (!PyArg_ParseTuple(args, "lss", &parent, &name, &prefix) || !find_flavour(name, flavour) ||
        !find_place(prefix, place))
        return nullptr;
    Slot* creator = parent == kMain ? nullptr : find_slot(parent);
    if (parent != kMain && creator == nullptr) return nullptr;
    RestoreLife restore;
    Slot slot{Interpreter{flavour}, nullptr, 0};
    if (!start_at(place, creator, slot)) return PyErr_Occurred() ? nullptr : PyLong_FromLong(-1);
    slots.push_back(slot);
    return PyLong_FromSize_t(slots.size() - 1);
}

static long take_line(const Slot& slot, const char* line) {
    shared->facts.current = slot.life;
    PyObject* function = PyDict_GetItemString(slot.names, "take_line");
    PyObject* result = PyObject_CallFunction(function, "s", line);
    if (result == nullptr) {
        PyErr_Print();
        return kRaised;
    }
    long value = PyLong_AsLong(result);
    Py_DECREF(result);
    return value;
}

// call(handle, line, prefix) -> the result of the driver's `take_line` in that interpreter.
PyObject* call(PyObject*, PyObject* args) {
    long handle;
    const char *line, *prefix;
    Place place;
    if (!PyArg_ParseTuple(args, "lss", &handle, &line, &prefix) || !find_place(prefix, place))
        return nullptr;
    Slot* slot = find_slot(handle);
    if (slot == nullptr) return nullptr;
    RestoreLife restore;
    long answer = kRaised;
    bool ran = true;
    auto take = [&] { answer = take_line(*slot, line); };
    if (place == kHere)
        run_in_interpreter(slot->interpreter, take);
    else
        ran = run_from_thread(slot->interpreter, take);
    return ran ? PyLong_FromLong(answer) : nullptr;
}

// run(callable, prefix) -> its result, called in this interpreter at that place.
PyObject* run(PyObject*, PyObject* args) {
    PyObject* callable;
    const char* prefix;
    Place place;
    if (!PyArg_ParseTuple(args, "Os", &callable, &prefix) || !find_place(prefix, place)) return nullptr;
    return call_at(place, callable);
}

static long take_by(PyObject* callable) {
    PyObject* result = PyObject_CallNoArgs(callable);
    if (result == nullptr) {
        PyErr_Print();
        return kRaised;
    }
    long value = PyLong_AsLong(result);
    Py_DECREF(result);
    return value;
}

// run_at_once([(handle, line), …]) -> the results, each taken by a thread of its own, as by `call`. A
// callable stands for a line of the main interpreter.
PyObject* run_at_once(PyObject*, PyObject* list) {
    Py_ssize_t count = PyList_Size(list);
    std::vector<long> answers(count < 0 ? 0 : size_t(count), kRaised);
    std::vector<Task> tasks;
    for (size_t index = 0; index < answers.size(); ++index) {
        long handle, *answer = &answers[index];
        PyObject* what;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, Py_ssize_t(index)), "lO", &handle, &what)) return nullptr;
        if (handle == kMain) {
            tasks.push_back({nullptr, [=] { *answer = take_by(what); }});
            continue;
        }
        const Slot* slot = find_slot(handle);
        const char* line = slot ? PyUnicode_AsUTF8(what) : nullptr;
        if (line == nullptr) return nullptr;
        tasks.push_back({&slot->interpreter, [=] { *answer = take_line(*slot, line); }});
    }
    RestoreLife restore;
    if (PyErr_Occurred() || !run_at_once(tasks)) return nullptr;
    PyObject* results = PyList_New(0);
    for (long answer : answers) {
        PyObject* one = PyLong_FromLong(answer);
        if (results && (one == nullptr || PyList_Append(results, one) < 0)) Py_CLEAR(results);
        Py_XDECREF(one);
    }
    return results;
}

// Drops the names of nodes before the interpreter ends, as the end of a function drops its locals.
static void forget_nodes(Slot& slot) {
    run_in_interpreter(slot.interpreter, [&slot] {
        shared->facts.current = slot.life;
        PyDict_Clear(PyDict_GetItemString(slot.names, "NODES"));
        Py_CLEAR(slot.names);
    });
}

// stop(handle, prefix): ends the interpreter, from that place.
PyObject* stop(PyObject*, PyObject* args) {
    long handle;
    const char* prefix;
    Place place;
    if (!PyArg_ParseTuple(args, "ls", &handle, &prefix) || !find_place(prefix, place)) return nullptr;
    Slot* slot = find_slot(handle);
    if (slot == nullptr) return nullptr;
    RestoreLife restore;
    forget_nodes(*slot);
    observe_progress(kStopping);
    place == kHere ? stop_interpreter(slot->interpreter) : void(stop_at(place, slot->interpreter));
    observe_progress(kRunning);
    shared->life[slot->life].ended = 1;
    if (PyErr_Occurred()) return nullptr;
    Py_RETURN_NONE;
}

// stop_at_once([handle, …]): ends all of them, each from a thread of its own.
PyObject* stop_at_once(PyObject*, PyObject* list) {
    std::vector<Interpreter*> ended;
    std::vector<uint32_t> lives;
    RestoreLife restore;
    for (Py_ssize_t index = 0; index < PyList_Size(list); ++index) {
        Slot* slot = find_slot(PyList_GET_ITEM(list, index));
        if (slot == nullptr) return nullptr;
        forget_nodes(*slot);
        ended.push_back(&slot->interpreter);
        lives.push_back(slot->life);
    }
    observe_progress(kStopping);
    bool ran = stop_at_once(ended);
    observe_progress(kRunning);
    for (uint32_t life : lives) shared->life[life].ended = 1;
    if (!ran || PyErr_Occurred()) return nullptr;
    Py_RETURN_NONE;
}

// leave(handle): leaves the interpreter running; the program is over.
PyObject* leave(PyObject*, PyObject* handle) {
    Slot* slot = find_slot(handle);
    if (slot == nullptr) return nullptr;
    RestoreLife restore;
    forget_nodes(*slot);
    Py_RETURN_NONE;
}

}  // namespace finfuzz
