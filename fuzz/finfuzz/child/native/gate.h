// The gate: an extension's calls of CPython, counted and judged without instrumentation.
//
// Each slot of an object that leads to a function of CPython gets a stub of its own. The stub calls
// `finfuzz_record_call`, then jumps to the function: no frame of ours remains. Calls that CPython's headers
// inline are not seen, nor calls among an extension's libraries.
#pragma once

#include <cstdint>

namespace finfuzz {

// gate_rules.cpp
enum Allows : uint8_t { kNeverAlone = 0, kDetached = 1, kAfterFinalization = 2 };  // may be or-ed

uint8_t find_allowed(const char* name);
bool is_compared(const char* name);

#if defined(__x86_64__)
constexpr bool kHasGate = true;
constexpr uint32_t kStubs = 32768;  // one for each function of CPython that an object calls

struct Object {  // never freed
    uintptr_t base, begin, end;
    const char* path;
};

struct Stub {
    void* original;
    const char* name;
    const Object* object;
    uint64_t hash;  // of the object's file name and the function's name: the same in each run
    uint8_t allows;
};

extern Stub stubs[kStubs];
extern Object cpython;

// gate_objects.cpp
void gate_path(const char* path);  // a file, or a folder with all that is below it
void gate_new_objects();           // cheap where no object has been loaded since the last call

// gate_stubs.cpp
void* find_stub_code(uint32_t index);
#else
constexpr bool kHasGate = false;
inline void gate_path(const char*) {}
inline void gate_new_objects() {}
#endif

}  // namespace finfuzz
