// What the runtime sees of a program: hooks, finalization phases, internals made and lost.
//
// Nothing here changes what the interpreter does: it reads, and writes shared memory. The phases
// are told by two capsules per interpreter, which CPython destroys when it gets there: one in a
// module's dict (modules cleared), one in the interpreter's dict (dict cleared).
#include <Python.h>

#include "../targets/probe.h"
#include "shared.h"

namespace finfuzz {

Shared* shared = nullptr;

bool cpython_is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

static PyThreadState* thread_state_unchecked() {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

// The life of the interpreter whose thread state is current; where none is, the last one known.
uint32_t life_here() {
    PyThreadState* tstate = thread_state_unchecked();
    if (tstate == nullptr) return shared->facts.current;
    int64_t id = PyInterpreterState_GetID(PyThreadState_GetInterpreter(tstate));
    // Ids are never reused within a process, so the first match is the only one.
    for (uint32_t index = 0; index < shared->facts.lives; ++index)
        if (shared->life[index].id == id) return shared->facts.current = index;
    return shared->facts.current;
}

static uint8_t progress_now() {
    if (shared->facts.progress == kRunning && cpython_is_finalizing()) return kFinalizing;
    return uint8_t(shared->facts.progress);
}

static void on_event(int hook) {
    if (shared == nullptr) return;
    Facts& facts = shared->facts;
    uint32_t index = life_here();
    const Life& life = shared->life[index];
    Event event{uint8_t(hook), progress_now(), life.cleared, life.internals, index};
    static thread_local uint32_t previous = 0;
    // 4 bits each of hook, progress and cleared, internals: two events in a row make 24, folded
    // into the 14 that there are counters for.
    uint32_t code = (event.hook << 8) | (event.progress << 6) | (event.cleared << 4) |
                    (event.internals << 2) | (life.flavour != 0);
    uint32_t pair = (previous * 2654435761u) ^ (code * 40503u);
    previous = code;
    uint8_t& counter = event_counters()[(pair ^ (pair >> 14)) % kEventCounters];
    if (counter != 255) ++counter;
    if (facts.event_count < kEvents) shared->events[facts.event_count] = event;
    ++facts.event_count;
}

static void on_internals_created() {
    if (shared == nullptr) return;
    Life& life = shared->life[life_here()];
    if (life.internals == kNone) {
        life.internals = kFirst;
    } else {
        life.internals = kRecreated;
        if (shared->facts.recreated++ == 0) {
            shared->facts.recreated_progress = progress_now();
            shared->facts.recreated_cleared = life.cleared;
            shared->facts.recreated_frame_count = record_frames(shared->recreated_frames);
        }
    }
    on_event(kHookInternalsCreated);
}

static void on_internals_destroyed() {
    if (shared == nullptr) return;
    shared->life[life_here()].internals = kDestroyed;
    on_event(kHookInternalsDestroyed);
}

static void on_capsule_missing(int which) {
    if (shared == nullptr) return;
    const Life& life = shared->life[life_here()];
    on_event(kHookCapsuleMissing);
    // When CPython has taken the interpreter's dict down, every capsule in it is gone by design,
    // and nothing is lost as long as nobody destroyed what the capsule stood for.
    if (life.cleared == kDict && life.internals != kDestroyed && life.internals != kRecreated) return;
    if (shared->facts.capsule_lost == 0) {
        shared->facts.capsule_lost_progress = progress_now();
        shared->facts.capsule_lost_cleared = life.cleared;
    }
    shared->facts.capsule_lost |= uint32_t(which);
}

const Probe* probe_table() {
    static Probe table{on_event, on_internals_created, on_internals_destroyed, on_capsule_missing,
                       nullptr, 0};
    if (shared != nullptr && shared->block_count != 0) {
        table.blocks = block_counters();
        table.block_count = shared->block_count;
    }
    return &table;
}

static void cleared(PyObject* capsule, uint8_t what, int hook) {
    if (auto* life = static_cast<Life*>(PyCapsule_GetPointer(capsule, nullptr))) life->cleared = what;
    on_event(hook);
}
static void modules_cleared(PyObject* capsule) { cleared(capsule, kModules, kHookModulesCleared); }
static void dict_cleared(PyObject* capsule) { cleared(capsule, kDict, kHookDictCleared); }

// Puts the two capsules of a new interpreter in place. Errors are left to be seen: without the
// capsules the phase would be told wrong.
void observe_life(int64_t id, uint8_t flavour) {
    Facts& facts = shared->facts;
    if (facts.lives == kInterpreters) Py_FatalError("finfuzz: more interpreter lives than are kept");
    Life& life = shared->life[facts.lives];
    life = Life{id, flavour, kNothing, kNone, 0, 0};
    facts.current = facts.lives++;
    PyObject* dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject* module = PyImport_AddModule("finfuzz_phase");  // borrowed; sys.modules keeps it
    PyObject* first = PyCapsule_New(&life, nullptr, modules_cleared);
    PyObject* second = PyCapsule_New(&life, nullptr, dict_cleared);
    if (dict == nullptr || module == nullptr || first == nullptr || second == nullptr ||
        PyObject_SetAttrString(module, "capsule", first) < 0 ||
        PyDict_SetItemString(dict, "finfuzz.phase", second) < 0)
        Py_FatalError("finfuzz: can't tell this interpreter's phases");
    Py_DECREF(first);
    Py_DECREF(second);
}

void observe_progress(Progress progress) { shared->facts.progress = progress; }

}  // namespace finfuzz
