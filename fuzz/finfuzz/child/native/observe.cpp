// Observation of a program: hooks, finalization phases, internals created and lost.
//
// This code changes nothing in the interpreter; it only writes to shared memory. Two capsules in each
// interpreter mark the phases, by being destroyed: one in a module's dict (modules cleared) and one in
// the interpreter's dict (dict cleared).
#include <Python.h>

#include <sys/mman.h>

#include <cstring>

#include "../common/flavours.h"
#include "../common/probe.h"
#include "shared.h"
#include "thread_state.h"

namespace finfuzz {

Shared* shared = nullptr;

static struct {
    void* begin;
    size_t bytes;
    int file;
} mapped;

static void* map(void* where, size_t bytes, int how, int file) {
    void* begin = mmap(where, bytes, PROT_READ | PROT_WRITE, how, file, 0);
    mapped = {begin, bytes, file};
    return begin;
}

Shared* map_privately(int file, size_t bytes) {
    void* begin = map(nullptr, bytes, MAP_PRIVATE, file);
    return begin == MAP_FAILED ? nullptr : static_cast<Shared*>(begin);
}

void share() {
    if (map(mapped.begin, mapped.bytes, MAP_SHARED | MAP_FIXED, mapped.file) == MAP_FAILED)
        Py_FatalError("finfuzz: the parent's memory can't be shared");
}

bool cpython_is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

constexpr int64_t kExpected = -1;  // an interpreter that is being created
constexpr int64_t kForgotten = -2;

// Adds the life of an interpreter that no step started: the worker of a pool.
static uint32_t adopt_life(int64_t id) {
    if (shared->facts.lives == kInterpreters) return shared->facts.current;
    uint32_t index = expect_life(kConcurrent);
    shared->life[index].id = id;
    return index;
}

// Returns the index of the current interpreter's life; without a current thread state, the last one
// known.
uint32_t find_current_life() {
    Facts& facts = shared->facts;
    PyThreadState* tstate = get_thread_state_unchecked();
    if (tstate == nullptr || facts.lives == 0) return facts.current;
    int64_t id = PyInterpreterState_GetID(PyThreadState_GetInterpreter(tstate));
    uint32_t index = 0, newest = facts.lives - 1;
    while (index < newest && shared->life[index].id != id) ++index;
    int64_t expected = kExpected;
    if (index == newest && shared->life[newest].id != id &&
        !shared->life[newest].id.compare_exchange_strong(expected, id))
        index = adopt_life(id);
    facts.current = index;
    return index;
}

// Since 3.14 Py_FinalizeEx ends left subinterpreters before it counts as finalizing (gh-128639).
uint8_t get_progress(const Life& life) {
    uint8_t progress = uint8_t(shared->facts.progress);
    if (progress != kRunning) return progress;
    if (cpython_is_finalizing()) return kFinalizing;
    return life.flavour && life.cleared ? kStopping : kRunning;
}

// Whether two extensions have internals of their own, instead of sharing them.
static bool second_has_its_own = false;

static Racing<uint8_t>& find_internals(Life& life, bool second) {
    return second && second_has_its_own ? life.second_internals : life.internals;
}

static void record_event(int hook, bool second) {
    if (shared == nullptr) return;
    Facts& facts = shared->facts;
    uint32_t index = find_current_life();
    Life& life = shared->life[index];
    if (hook == kHookImport) life.imported = 1;
    uint8_t internals = find_internals(life, second);
    Event event{uint8_t(hook), get_progress(life), life.cleared, internals, index};
    static thread_local uint32_t previous = 0;
    // A code has 5 bits of hook and 8 of the rest. Two codes in a row make 26 bits, folded into the
    // 14 bits of the counters' indices.
    uint32_t code = (event.hook << 8) | (event.progress << 6) | (event.cleared << 4) |
                    (event.internals << 2) | (life.flavour != 0);
    uint32_t pair = (previous * 2654435761u) ^ (code * 40503u);
    previous = code;
    count_in(event_counters()[(pair ^ (pair >> 14)) % kEventCounters]);
    uint32_t place = facts.event_count++;
    if (place < kEvents) shared->events[place] = event;
}

template <bool kSecond>
static void on_event(int hook) {
    record_event(hook, kSecond);
}

// Where each life's first internals are pointed to from. pybind11 deletes no such place before the
// interpreter has ended.
static void* const* first_places[kInterpreters][2];

// `place` points to the internals that are being created, once they are complete. What is null in the
// place of the life's first ones has been destroyed with the interpreter's dict, whoever did that. Or
// it is not complete yet: threads may create internals at once, and pybind11 keeps one thread's.
template <bool kSecond>
static void on_internals_created(void* const* place) {
    if (shared == nullptr) return;
    uint32_t index = find_current_life();
    Life& life = shared->life[index];
    Racing<uint8_t>& internals = find_internals(life, kSecond);
    void* const*& first = first_places[index][kSecond && second_has_its_own];
    if (internals == kNone) {
        internals = kFirst;
        first = place;
    } else {
        bool is_empty = internals == kFirst && first != nullptr && *first == nullptr;
        if (is_empty && life.cleared != kDict) return;
        if (is_empty) internals = kDestroyed;
        if (shared->facts.recreated++ == 0) {
            shared->facts.recreated_after = internals;
            shared->facts.recreated_progress = get_progress(life);
            shared->facts.recreated_cleared = life.cleared;
            shared->facts.recreated_frame_count = record_frames(shared->recreated_frames);
        }
        internals = kRecreated;
    }
    record_event(kHookInternalsCreated, kSecond);
}

template <bool kSecond>
static void on_internals_destroyed() {
    if (shared == nullptr) return;
    find_internals(shared->life[find_current_life()], kSecond) = kDestroyed;
    record_event(kHookInternalsDestroyed, kSecond);
}

template <bool kSecond>
static void on_capsule_missing(int which) {
    if (shared == nullptr) return;
    Life& life = shared->life[find_current_life()];
    uint8_t internals = find_internals(life, kSecond);
    record_event(kHookCapsuleMissing, kSecond);
    // When CPython has cleared the interpreter's dict, every capsule in it is gone by design. No
    // capsule counts as lost, unless its internals have been destroyed.
    if (life.cleared == kDict && internals != kDestroyed && internals != kRecreated) return;
    if (shared->facts.capsule_lost.fetch_or(uint32_t(which)) != 0) return;
    shared->facts.capsule_lost_progress = get_progress(life);
    shared->facts.capsule_lost_cleared = life.cleared;
}

// Any thread may call this: some objects are destroyed where the GIL is not held.
static void on_alive(int delta) {
    if (shared != nullptr) shared->facts.alive += delta;
}

static uint32_t find_step() { return shared == nullptr ? 0 : shared->facts.step; }

// The steps of a program are numbered from 1. Threads that outlive Python may call this, too.
void count_performed(uint32_t step) {
    if (shared != nullptr && step != 0 && step <= kSteps) ++shared->facts.performed[step - 1];
}

template <bool kSecond>
static Probe make_table(uint8_t* blocks, size_t count) {
    return Probe{on_event<kSecond>, on_internals_created<kSecond>, on_internals_destroyed<kSecond>,
                 on_capsule_missing<kSecond>, count ? blocks : nullptr, count, on_alive,
                 find_step, count_performed};
}

// `internals`: the name under which the framework keeps them. Call it for the first extension first.
const Probe* make_probe_table(bool second, const char* internals) {
    static const char* first_internals = internals;
    static Probe tables[2];
    size_t count = shared->block_count;
    tables[second] = second ? make_table<true>(block_counters() + count, shared->second_block_count)
                            : make_table<false>(block_counters(), count);
    second_has_its_own = std::strcmp(first_internals, internals) != 0;
    return &tables[second];
}

static void record_cleared(PyObject* capsule, uint8_t what, int hook) {
    if (auto* life = static_cast<Life*>(PyCapsule_GetPointer(capsule, nullptr))) life->cleared = what;
    record_event(hook, false);
}
static void on_modules_cleared(PyObject* capsule) {
    record_cleared(capsule, kModules, kHookModulesCleared);
}
static void on_dict_cleared(PyObject* capsule) { record_cleared(capsule, kDict, kHookDictCleared); }

uint32_t expect_life(uint8_t flavour) {
    uint32_t index = shared->facts.lives++;  // at once: the workers of a pool come from many threads
    if (index >= kInterpreters) Py_FatalError("finfuzz: too many interpreter lives");
    shared->life[index] = Life{kExpected, flavour, kNothing, kNone, 0, kNone, {}};
    return index;
}

// Forgets ids: they come again when Python is initialized again.
void forget_lives() {
    for (uint32_t index = 0; index < shared->facts.lives; ++index) shared->life[index].id = kForgotten;
}

// Puts the two capsules of a new interpreter in place. An error is fatal: without the capsules every
// recorded phase would be wrong.
void observe_life() {
    Life& life = shared->life[find_current_life()];
    PyObject* dict = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject* module = PyImport_AddModule("finfuzz_phase");  // borrowed; sys.modules keeps it
    PyObject* first = PyCapsule_New(&life, nullptr, on_modules_cleared);
    PyObject* second = PyCapsule_New(&life, nullptr, on_dict_cleared);
    if (dict == nullptr || module == nullptr || first == nullptr || second == nullptr ||
        PyObject_SetAttrString(module, "capsule", first) < 0 ||
        PyDict_SetItemString(dict, "finfuzz.phase", second) < 0)
        Py_FatalError("finfuzz: can't observe this interpreter's phases");
    Py_DECREF(first);
    Py_DECREF(second);
}

void forget_other_programs() {
    shared->facts = Facts{};
    std::memset(event_counters(), 0, counter_count());
}

void begin_first_life() {
    observe_progress(kRunning);
    expect_life(0);
    observe_life();
}

void observe_progress(Progress progress) { shared->facts.progress = progress; }

}  // namespace finfuzz
