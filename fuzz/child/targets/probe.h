// How a target tells what happens to it. In the fuzzer the runtime attaches a table of functions;
// alone, in a finding's script, the rare and telling things go to standard error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

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
};
enum Action { kPlain, kCast, kLookup, kCreate };

struct Probe {
    void (*event)(int hook);
    void (*internals_created)();
    void (*internals_destroyed)();
    void (*capsule_missing)(int which);  // 1 the global one, 2 the module's own
    uint8_t* blocks;                     // coverage, null if not wanted
    size_t block_count;
};

extern const Probe* probe;  // null when alone

inline void event(int hook) {
    if (probe) probe->event(hook);
}

}  // namespace finfuzz
