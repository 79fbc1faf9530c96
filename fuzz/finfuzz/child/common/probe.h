#pragma once

#include "reduced.h"

#if !FINFUZZ_ALONE
// How a target tells what happens to it: the runtime attaches a table of functions. Alone, in a
// finding's script, the rare and telling things go to standard error.
#    include <cstddef>
#    include <cstdint>

namespace finfuzz {

enum Hook {
    kHookTraverse,
    kHookClear,
    kHookDealloc,
    kHookInternalsCreated,
    kHookInternalsDestroyed,
    kHookCapsuleMissing,
    kHookModulesCleared,
    kHookDictCleared,
    kHookImport,
    kHookAction,  // an action of the target's own, called from Python
    kHookCapsule,
    kHookModuleFree,
    kHookPyAtExit,
    kHookStaticDestructor,
    kHookThreadLocalDestructor,
    kHookGilTaken,        // in a destructor
    kHookThreadReturned,  // the thread that waited for the end has taken the GIL again
};

struct Probe {
    void (*event)(int hook);
    void (*internals_created)();
    void (*internals_destroyed)();
    void (*capsule_missing)(int which);  // 1 the global one, 2 the module's own
    uint8_t* blocks;                     // coverage, null if not wanted
    size_t block_count;
    void (*alive)(int delta);  // C++ objects of the target: made, destroyed
};

extern const Probe* probe;  // null until attached

inline void event(int hook) {
    if (probe) probe->event(hook);
}

inline void count(int delta) {
    if (probe && probe->alive) probe->alive(delta);
}

// A base of every C++ class that the target binds.
struct Counted {
    Counted() { count(1); }
    Counted(const Counted&) { count(1); }
    Counted& operator=(const Counted&) = default;
    ~Counted() { count(-1); }
};

}  // namespace finfuzz

// Gone without a trace where a target is alone; the first two are statements on lines of their own.
#    define FINFUZZ_EVENT(hook) finfuzz::event(hook)
#    define FINFUZZ_COUNT(delta) finfuzz::count(delta)
#    define FINFUZZ_COUNTED : finfuzz::Counted
#endif
