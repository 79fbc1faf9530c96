// The memory that parent and child share: one mapping, laid out here and mirrored in
// executor/shared_memory.py.
//
//     Shared (header, program, facts)  |  event counters  |  block counters
//
// The counters are libFuzzer's own 8-bit counters in the parent: each counter that a
// child raises is a feature of its program. Integers are native: parent and child share a machine.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace finfuzz {

constexpr uint32_t kLayout = 9;          // raise it with every change of the layout
constexpr size_t kProgramBytes = 65536;  // 48 steps of at most 100 bytes, and room for hand-written ones
constexpr size_t kMapsBytes = 65536;     // about 150 mappings of 100 bytes, four times over
constexpr size_t kFrames = 128;
constexpr size_t kEvents = 512;
constexpr size_t kInterpreters = 4096;   // lives in one process: 64 KiB of program hold 2,979 pairs
                                         // of `start i legacy` and `stop i`
constexpr size_t kEventCounters = 16384;
constexpr size_t kSteps = 1024;          // whose actions are counted: 20 times a program of 48 steps
constexpr size_t kJudgedCalls = 16;
constexpr size_t kJudgedFrames = 64;
constexpr size_t kNameBytes = 64;        // of a function of CPython; the longest of 3.12 to 3.15 has 52
constexpr size_t kModuleBytes = 128;
constexpr size_t kGatedBytes = 8192;

constexpr int kDeadlineSignal = 24;      // SIGXCPU: sent to a child past its deadline, before SIGKILL

// A value that several threads may use at once: under GILs of their own, or without a GIL. It is
// std::atomic that can be copied, and takes no lock, which a forked process might inherit locked.
template <typename T>
struct Racing : std::atomic<T> {
    Racing(T value = {}) : std::atomic<T>(value) {}
    Racing(const Racing& other) : Racing(other.load()) {}
    Racing& operator=(const Racing& other) { return *this = other.load(); }
    Racing& operator=(T value) {
        this->store(value);
        return *this;
    }
};

enum Progress : uint8_t { kRunning = 0, kStopping = 1, kFinalizing = 2, kExited = 3 };
enum Cleared : uint8_t { kNothing = 0, kModules = 1, kDict = 2 };
enum Internals : uint8_t { kNone = 0, kFirst = 1, kDestroyed = 2, kRecreated = 3 };
enum Lost : uint32_t { kGlobalCapsule = 1, kLocalCapsule = 2 };
enum Rule : uint8_t { kUnjudged = 0, kApiAfterFinalization = 1, kApiWithoutThreadState = 2 };
enum Took : uint32_t { kEffect = 0, kSkipped = 1, kRaised = 2 };

struct Event {
    uint8_t hook;         // see probe.h
    uint8_t progress;     // Progress of the process
    uint8_t cleared;      // Cleared of the interpreter the event happened in
    uint8_t internals;    // Internals of that interpreter
    uint32_t interpreter; // index of its life
};

struct Life {  // one life of one interpreter; the first is the main interpreter's
    Racing<int64_t> id;
    uint8_t flavour;            // 0 main; the others as flavours.h has them
    Racing<uint8_t> cleared;    // Cleared
    Racing<uint8_t> internals;  // Internals
    uint8_t ended;
    Racing<uint8_t> second_internals;  // of the second extension, where it does not share the first's
    Racing<uint8_t> imported;          // whether it has initialized the extension
    uint8_t padding[2];
};

struct JudgedCall {  // a call of CPython that broke a rule of the C API
    uint8_t rule;      // Rule
    uint8_t progress;  // Progress of the process
    uint8_t cleared;   // Cleared of the interpreter that last ran code of this runtime
    uint8_t padding;
    uint32_t frame_count;
    uint64_t caller;  // the return address
    char name[kNameBytes];      // of the function called
    char module[kModuleBytes];  // the file that called it, without its folder
    uint64_t frames[kJudgedFrames];
};

struct Facts {  // zeroed by the parent before each program
    // while the program runs
    uint32_t step;              // number of the current step, from 1; the last one during finalization
    uint32_t took[3];           // number of steps, by Took
    Racing<uint32_t> progress;  // Progress
    Racing<uint32_t> current;   // index of the life that last ran code of this runtime
    Racing<uint32_t> lives;
    Racing<uint32_t> recreated;  // how often internals were created where the interpreter already had some
    uint32_t recreated_progress;
    uint32_t recreated_cleared;
    Racing<uint32_t> capsule_lost;  // Lost, or-ed
    uint32_t capsule_lost_progress;
    uint32_t capsule_lost_cleared;
    Racing<uint32_t> event_count;    // number of all events; the first kEvents are kept
    Racing<int32_t> alive;           // C++ objects of the target that were constructed and not destroyed
    Racing<uint32_t> wrong_answers;  // in self-checks
    Racing<uint32_t> judged_count;   // call sites that broke a rule; the first kJudgedCalls are kept
    uint32_t gil_came_on;            // whether a free-threaded CPython ended the steps with its GIL on
    Racing<uint32_t> performed[kSteps];  // how often the action of a `hook` step was performed to its
                                         // end, by the step's number from 1
    // when a signal comes
    int32_t signal;
    int32_t signal_code;
    uint64_t address;
    uint64_t stack_pointer;
    uint32_t finalizing;  // whether CPython was finalizing
    uint32_t frame_count;
    uint32_t recreated_frame_count;
    uint32_t recreated_after;  // Internals of that interpreter just before the first recreation
    uint32_t maps_length;
    // filled in by the zygote
    int32_t status;  // as wait() returns it
    uint32_t timed_out;
    uint32_t stragglers;  // processes that outlived the child
    uint32_t peak_kib;
    uint64_t microseconds;
};

struct Shared {
    uint32_t layout;
    uint32_t size;  // sizeof(Shared): reveals a stale build
    uint32_t deadline_ms;
    uint32_t memory_mib;          // 0: not limited
    uint32_t block_count;         // of the first extension
    uint32_t second_block_count;  // of the second extension; its counters follow the first's
    uint32_t cpython_block_count;  // of CPython itself; its counters come last
    uint32_t program_length;
    Facts facts;
    Life life[kInterpreters];
    Event events[kEvents];
    uint64_t frames[kFrames];            // the stack at the signal
    uint64_t recreated_frames[kFrames];  // the stack at the first recreation of internals
    JudgedCall judged[kJudgedCalls];
    char gated[kGatedBytes];  // paths, each ended by a zero; an empty one ends them
    char maps[kMapsBytes];
    char program[kProgramBytes];
};

extern Shared* shared;  // null until attached

// observe.cpp. The mapping stays private until share(): nothing that a zygote does before its first
// program belongs to a program, and another zygote of the same parent may be running one.
Shared* map_privately(int file, size_t bytes);  // null on failure
void share();

inline uint8_t* event_counters() {
    return reinterpret_cast<uint8_t*>(shared) + ((sizeof(Shared) + 4095) & ~size_t{4095});
}
inline size_t counter_count() {
    return kEventCounters + shared->block_count + shared->second_block_count +
           shared->cpython_block_count;
}
inline uint8_t* block_counters() { return event_counters() + kEventCounters; }
inline uint8_t* cpython_block_counters() {
    return block_counters() + shared->block_count + shared->second_block_count;
}

// observe.cpp
void forget_other_programs();           // clears facts and counters; call it before share()
void begin_first_life();                // in the main interpreter of this process
uint32_t expect_life(uint8_t flavour);  // call it before creating an interpreter; returns an index
void forget_lives();                    // call it when Python has been finalized
void observe_life();                    // call it in the new interpreter
void observe_progress(Progress progress);
bool cpython_is_finalizing();
uint32_t find_current_life();
uint8_t get_progress(const Life& life);
const struct Probe* make_probe_table(bool second, const char* internals);  // for a target to attach
void count_performed(uint32_t step);    // an action that this step set; without any lock

// cpython_blocks.cpp
void count_cpython_blocks();  // from now on, where CPython has been compiled for it

// crash.cpp
void prepare_crash_handler();  // once, while allocating is still allowed
void install_crash_handler();
void enable_peak_recording();  // in a fresh process
void record_peak();
void forward_deadline_to(pid_t forked);  // the child that this process waits for; 0: none
// Records the mappings too; returns the number of frames, at most kFrames.
uint32_t record_frames(uint64_t* frames, size_t most = kFrames);

// gate.cpp
void prepare_gate();  // gates the paths in shared memory; call it when that is attached

}  // namespace finfuzz
