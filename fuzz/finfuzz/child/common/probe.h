#pragma once

#include "hooks.h"
#include "reduced.h"

#if !FINFUZZ_ALONE
// A target reports its events through a table of functions that the runtime attaches. In a finding's
// script the target stands alone, and only rare events are printed, on standard error.
#    include <cstddef>
#    include <cstdint>

namespace finfuzz {

struct Probe {
    void (*event)(int hook);
    void (*internals_created)(void *const *place);  // what points to them: null until they are there
    void (*internals_destroyed)();
    void (*capsule_missing)(int which);  // 1: the global one; 2: the module's own
    uint8_t* blocks;                     // coverage counters; null: no coverage
    size_t block_count;
    void (*alive)(int delta);  // C++ objects of the target: 1 constructed, -1 destroyed
    uint32_t (*step)();        // number of the step that is being taken, from 1
    void (*performed)(uint32_t step);  // an action that this step set was performed to its end
};

extern const Probe* probe;  // null until attached

inline void event(int hook) {
    if (probe) probe->event(hook);
}

inline void count(int delta) {
    if (probe && probe->alive) probe->alive(delta);
}

// The step that sets an action, for the count of how often it was performed.
class Setter {
public:
    void set() { step_ = probe && probe->step ? probe->step() : 0; }

    void count() const {
        if (step_) probe->performed(step_);
    }

private:
    uint32_t step_ = 0;  // 0: no step's, a default
};

// Counts up to 255. Two threads at once may count one, which is as much a feature as two. Inline, as a
// child counts some thousand blocks, and a million with CPython's.
[[gnu::always_inline]] inline void count_in(uint8_t& counter) {
    uint8_t value = __atomic_load_n(&counter, __ATOMIC_RELAXED);
    if (value != 255) __atomic_store_n(&counter, uint8_t(value + 1), __ATOMIC_RELAXED);
}

// Base of every C++ class that the target binds.
struct Counted {
    Counted() { count(1); }
    Counted(const Counted&) { count(1); }
    Counted& operator=(const Counted&) = default;
    ~Counted() { count(-1); }
};

}  // namespace finfuzz

// A script has none of these (triage/repro/reduce.py). All but the last stand on lines of their own.
#    define FINFUZZ_EVENT(hook) finfuzz::event(hook)
#    define FINFUZZ_COUNT(delta) finfuzz::count(delta)
#    define FINFUZZ_SETTER(member) finfuzz::Setter member
#    define FINFUZZ_SET(setter) (setter).set()
#    define FINFUZZ_PERFORMED(setter) (setter).count()
#    define FINFUZZ_COUNTED : finfuzz::Counted
#endif
