// Counts and judges the calls that come through the stubs.
//
// Any thread calls finfuzz_record_call, in any state of the interpreter, and so may a signal's handler: it
// takes no lock and allocates nothing.
#include "gate.h"

#include <Python.h>

#include <cerrno>
#include <cstring>

#include "../common/probe.h"
#include "module.h"
#include "shared.h"
#include "thread_state.h"

namespace finfuzz {

// gate(path, …) -> whether calls are counted and judged here: on x86-64 alone. Each path is a file, or
// a folder with all that is below it. Objects that are loaded later are gated, too.
PyObject* gate(PyObject*, PyObject* given) {
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(given); ++index) {
        const char* path = PyUnicode_AsUTF8(PyTuple_GET_ITEM(given, index));
        if (path == nullptr) return nullptr;
        gate_path(path);
    }
    gate_new_objects();
    return PyBool_FromLong(kHasGate);
}

// Gates the paths in shared memory: each ends with a zero, an empty one ends them.
void prepare_gate() {
    for (const char* path = shared->gated; *path; path += std::strlen(path) + 1) gate_path(path);
    gate_new_objects();
}

#if defined(__x86_64__)
// What counts as new is a call site in a stage: the same site is another feature in a subinterpreter,
// and at each stage of an interpreter's end.
enum Stage : uint32_t {
    kInMain = 0,  // + 1 for the main interpreter's end, + 2 and 3 when modules and dict are cleared
    kInSubinterpreter = 4,
    kWithoutState = 8,
    kOver = 9,
};

constexpr uint32_t kNoLife = 0xffff;

// The last life that was found, so that most calls need no search: number of lives, index, id.
static uint64_t found_life = ~uint64_t{0};

static uint32_t find_life(int64_t id) {
    uint32_t lives = shared->facts.lives.load(std::memory_order_relaxed);
    uint64_t wanted = uint64_t{lives} << 48 | uint32_t(id);
    uint64_t found = __atomic_load_n(&found_life, __ATOMIC_RELAXED);
    if ((found & ~(uint64_t{0xffff} << 32)) == wanted) return uint32_t(found >> 32) & 0xffff;
    for (uint32_t index = lives; index-- > 0;) {
        if (shared->life[index].id.load(std::memory_order_relaxed) != id) continue;
        __atomic_store_n(&found_life, wanted | uint64_t{index} << 32, __ATOMIC_RELAXED);
        return index;
    }
    return kNoLife;
}

static uint32_t find_stage(PyThreadState* tstate) {
    int64_t id = PyInterpreterState_GetID(PyThreadState_GetInterpreter(tstate));
    uint32_t index = find_life(id);
    uint32_t cleared = 0, stage = id == 0 ? kInMain : kInSubinterpreter;
    if (index != kNoLife) cleared = shared->life[index].cleared.load(std::memory_order_relaxed);
    if (cleared) return stage + 1 + cleared;
    bool ends = shared->facts.progress.load(std::memory_order_relaxed) != kRunning || cpython_is_finalizing();
    return stage + ends;
}

// A tail call returns into whatever called the extension's function, mostly CPython.
static uint64_t find_place(const Object& object, uintptr_t caller) {
    if (caller >= object.begin && caller < object.end) return caller - object.base;
    if (caller >= cpython.begin && caller < cpython.end) return caller - cpython.base;
    return 0;
}

static void count_call(const Stub& stub, uintptr_t caller, uint32_t stage) {
    uint64_t count = shared->block_count;
    if (count == 0) return;
    uint64_t mixed = (stub.hash ^ find_place(*stub.object, caller)) * 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 32 ^ stage) * 0xd6e8feb86659fd93;
    count_in(block_counters()[(mixed >> 32) * count >> 32]);
}

static bool is_judged_already(const JudgedCall& call, uint8_t rule, uintptr_t caller, const char* name) {
    return call.rule == rule && call.caller == caller && std::strncmp(call.name, name, kNameBytes - 1) == 0;
}

// Keeps each call site once.
static void keep_judged(const Stub& stub, uintptr_t caller, uint8_t rule) {
    Facts& facts = shared->facts;
    uint32_t count = facts.judged_count;
    for (uint32_t index = 0; index < count && index < kJudgedCalls; ++index)
        if (is_judged_already(shared->judged[index], rule, caller, stub.name)) return;
    if (count >= kJudgedCalls) return;
    uint32_t place = facts.judged_count++;
    if (place >= kJudgedCalls) return;
    JudgedCall& call = shared->judged[place];
    call.rule = kUnjudged;
    const Life& life = shared->life[facts.current];
    call.progress = get_progress(life);
    call.cleared = life.cleared;
    call.caller = caller;
    const char* slash = std::strrchr(stub.object->path, '/');
    std::strncpy(call.name, stub.name, kNameBytes - 1);
    std::strncpy(call.module, slash ? slash + 1 : stub.object->path, kModuleBytes - 1);
    call.frame_count = record_frames(call.frames, kJudgedFrames);
    call.rule = rule;  // last: the process may die in here
}

// Judges a call of a thread without a thread state. There is no interpreter after finalization.
static uint32_t judge(const Stub& stub, uintptr_t caller) {
    bool over = PyInterpreterState_Main() == nullptr;
    if (!(stub.allows & (over ? kAfterFinalization : kDetached))) {
        int error = errno;
        keep_judged(stub, caller, over ? kApiAfterFinalization : kApiWithoutThreadState);
        errno = error;
    }
    return over ? kOver : kWithoutState;
}

// Returns the function to jump to. `caller`: the call's return address.
extern "C" [[gnu::visibility("hidden"), gnu::used]] void* finfuzz_record_call(uint32_t index, uintptr_t caller) {
    const Stub& stub = stubs[index];
    PyThreadState* tstate = get_thread_state_unchecked();
    count_call(stub, caller, tstate ? find_stage(tstate) : judge(stub, caller));
    return stub.original;
}
#endif

}  // namespace finfuzz
