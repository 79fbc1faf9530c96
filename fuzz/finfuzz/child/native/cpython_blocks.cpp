// Coverage of CPython itself, whose own objects have been compiled with -fsanitize-coverage=trace-pc
// and linked with instrumented/trace.c. That file's callback calls what its variable points to.
//
// Any thread calls count_block, in any state of the interpreter, and so may a signal's handler.
#include <dlfcn.h>

#include "../common/probe.h"
#include "../common/segment.h"
#include "shared.h"

namespace finfuzz {

static Segment segment;  // of the object that trace.c is linked into: the executable
static size_t mask;      // the number of counters is a power of two
static uint8_t* counters;

// Blocks of CPython's shared modules are not counted: they may lie anywhere.
[[gnu::optimize("O2")]] static void count_block(const void* block) {
    size_t offset = reinterpret_cast<uintptr_t>(block) - segment.begin;
    if (offset < segment.size) count_in(counters[offset / kCall & mask]);
}

void count_cpython_blocks() {
    if (shared->cpython_block_count == 0) return;
    void* callback = dlsym(RTLD_DEFAULT, "__sanitizer_cov_trace_pc");
    void* trace = dlsym(RTLD_DEFAULT, "finfuzz_trace");
    if (callback == nullptr || trace == nullptr) return;
    segment = find_segment(reinterpret_cast<uintptr_t>(callback));
    mask = shared->cpython_block_count - 1;
    counters = cpython_block_counters();
    *static_cast<void (**)(const void* block)>(trace) = count_block;
}

}  // namespace finfuzz
