// What parent and child share: one mapping, laid out here and mirrored in executor/shared.py.
//
//     Shared (header, program, facts)  |  event counters  |  block counters
//
// The two counter regions are libFuzzer's own 8-bit counters in the parent: what a child writes
// there is a feature of its program. All integers are native; parent and child are one machine.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace finfuzz {

constexpr uint32_t kLayout = 5;          // raised whenever this file changes its shape
constexpr size_t kProgramBytes = 65536;  // 48 steps of at most 100 bytes, and room for hand-written ones
constexpr size_t kMapsBytes = 65536;     // about 150 mappings of 100 bytes, four times over
constexpr size_t kFrames = 128;
constexpr size_t kEvents = 512;
constexpr size_t kInterpreters = 4096;   // lives in one process: 64 KiB of program hold 2,979 pairs of
                                         // `start i legacy` and `stop i`
constexpr size_t kEventCounters = 16384;

constexpr int kDeadlineSignal = 24;      // SIGXCPU: what a child past its deadline gets before SIGKILL

enum Progress : uint8_t { kRunning = 0, kStopping = 1, kFinalizing = 2, kExited = 3 };
enum Cleared : uint8_t { kNothing = 0, kModules = 1, kDict = 2 };
enum Internals : uint8_t { kNone = 0, kFirst = 1, kDestroyed = 2, kRecreated = 3 };
enum Lost : uint32_t { kGlobalCapsule = 1, kLocalCapsule = 2 };
enum Took : uint32_t { kEffect = 0, kSkipped = 1, kRaised = 2 };

struct Event {
    uint8_t hook;         // see probe.h
    uint8_t progress;     // Progress of the process
    uint8_t cleared;      // Cleared of the interpreter the event happened in
    uint8_t internals;    // Internals of that interpreter
    uint32_t interpreter; // index of its life
};

struct Life {  // one life of one interpreter; the first is the main interpreter's
    int64_t id;
    uint8_t flavour;    // 0 main; the others as program/words.py numbers them, from 1
    uint8_t cleared;    // Cleared
    uint8_t internals;  // Internals
    uint8_t ended;
    uint8_t second_internals;  // Internals of the second extension, where it does not share the first's
    uint8_t padding[3];
};

struct Facts {  // zeroed by the parent before each program
    // the way there
    uint32_t step;       // the step under way, from 1; stays at the last one during finalization
    uint32_t took[3];    // steps by Took
    uint32_t progress;   // Progress
    uint32_t current;    // index of the life that last ran code of ours
    uint32_t lives;
    uint32_t recreated;  // how often internals were made where the interpreter already had some
    uint32_t recreated_progress;
    uint32_t recreated_cleared;
    uint32_t capsule_lost;  // Lost, or-ed
    uint32_t capsule_lost_progress;
    uint32_t capsule_lost_cleared;
    uint32_t event_count;   // of all events; the first kEvents are kept
    int32_t alive;          // C++ objects of the target that were made and not destroyed
    uint32_t wrong_answers; // of self-checks
    // the end
    int32_t signal;
    int32_t signal_code;
    uint64_t address;
    uint32_t finalizing;  // whether CPython said so when the signal came
    uint32_t frame_count;
    uint32_t recreated_frame_count;
    uint32_t recreated_after;  // Internals of that interpreter just before
    uint32_t maps_length;
    // what the zygote saw
    int32_t status;  // as wait() gives it
    uint32_t timed_out;
    uint32_t stragglers;  // processes that outlived the child
    uint32_t peak_kib;
    uint64_t microseconds;
};

struct Shared {
    uint32_t layout;
    uint32_t size;  // sizeof(Shared), so that a stale build is found out
    uint32_t deadline_ms;
    uint32_t memory_mib;
    uint32_t block_count;         // of the first extension
    uint32_t second_block_count;  // of the second, behind the first's
    uint32_t program_length;
    uint32_t padding;
    Facts facts;
    Life life[kInterpreters];
    Event events[kEvents];
    uint64_t frames[kFrames];            // where the signal came
    uint64_t recreated_frames[kFrames];  // where internals were first made again
    char maps[kMapsBytes];
    char program[kProgramBytes];
};

extern Shared* shared;  // null until attached

// observe.cpp. Until it is shared the mapping is this process's own: what a zygote does before its
// first program is no program's doing, and another zygote of the same parent may be running one.
Shared* map_privately(int file, size_t bytes);  // null where it fails
void share();

inline uint8_t* event_counters() {
    return reinterpret_cast<uint8_t*>(shared) + ((sizeof(Shared) + 4095) & ~size_t{4095});
}
inline size_t counter_count() {
    return kEventCounters + shared->block_count + shared->second_block_count;
}
inline uint8_t* block_counters() { return event_counters() + kEventCounters; }

// observe.cpp
void forget_other_programs();           // of the facts and counters, while they are not shared
void begin_first_life();                // of this process, in its main interpreter
uint32_t expect_life(uint8_t flavour);  // before an interpreter is made; its index
void forget_lives();                    // those of a Python that is finalized
void observe_life();                    // in the new interpreter, its thread state current
void observe_progress(Progress progress);
bool cpython_is_finalizing();
uint32_t life_here();
const struct Probe* probe_table(bool second, const char* internals);  // what a target attaches

// crash.cpp
void prepare_crash_handler();  // once, where allocating is still allowed
void install_crash_handler();
void tell_peak();  // in a fresh process
void record_peak();
void deadline_is_for(pid_t forked);  // a child that this process waits for; 0: itself
uint32_t record_frames(uint64_t* frames);  // with the mappings they lie in; returns how many

}  // namespace finfuzz
