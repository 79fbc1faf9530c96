// Records of a crashing process: signal, address, program counters and the mappings around them.
//
// All calls are async-signal-safe but backtrace(), whose first call may allocate and is therefore
// made beforehand. The unwinder may hang or crash on a corrupted stack: by then signal and address
// are in shared memory, and with SA_RESETHAND the second signal ends the process.
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "shared.h"
#include "../common/threads.h"

namespace finfuzz {

static const int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
static void* alternate_stack = nullptr;
constexpr size_t kStackBytes = 256 * 1024;  // the unwinder needs some 20 KiB; a deep recursion leaves none

static void copy_maps() {
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    uint32_t length = 0;
    for (;;) {
        ssize_t got = read(file, shared->maps + length, kMapsBytes - length);
        if (got <= 0) break;
        length += uint32_t(got);
    }
    close(file);
    shared->facts.maps_length = length;
}

static bool records_peak = false;

void enable_peak_recording() { records_peak = true; }

// Records the peak of this process's memory. ru_maxrss outlives exec, so in a fresh process it is the
// parent's. In a fork ru_maxrss is the fork's own, and its zygote reads it at no cost.
void record_peak() {
    if (!records_peak) return;
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    const char* at = strstr(text, "VmHWM:");
    uint32_t kib = 0;
    for (at = at ? at + 6 : text; *at == ' ' || *at == '\t'; ++at) {
    }
    for (; *at >= '0' && *at <= '9'; ++at) kib = kib * 10 + uint32_t(*at - '0');
    shared->facts.peak_kib = kib;
}

uint32_t record_frames(uint64_t* frames, size_t most) {
    copy_maps();
    void* addresses[kFrames];
    int count = backtrace(addresses, int(std::min(most, kFrames)));
    for (int index = 0; index < count; ++index)
        frames[index] = reinterpret_cast<uint64_t>(addresses[index]);
    return uint32_t(count);
}

static void on_signal(int number, siginfo_t* info, void*) {
    Facts& facts = shared->facts;
    facts.signal = number;
    facts.signal_code = info->si_code;
    facts.address = reinterpret_cast<uint64_t>(info->si_addr);
    facts.finalizing = cpython_is_finalizing();
    record_peak();
    facts.frame_count = record_frames(shared->frames);
    // A faulting instruction runs again and raises the signal again, with its default effect now. A
    // signal that was sent must be sent again.
    if (info->si_code <= 0) raise(number);
}

static std::atomic<pid_t> waited_for{0};

void forward_deadline_to(pid_t forked) { waited_for = forked; }

// Forwards the signal to the process or thread that this thread waits for. Returns false where this
// thread waits for none.
static bool forward_deadline() {
    pthread_t other = other_thread;
    pid_t forked = waited_for;
    if (forked > 0) return kill(forked, kDeadlineSignal) == 0;
    return other && !pthread_equal(other, pthread_self()) && pthread_kill(other, kDeadlineSignal) == 0;
}

// The deadline has passed: records the stack of this hang, and waits for SIGKILL.
static void on_deadline(int) {
    if (forward_deadline()) return;
    shared->facts.finalizing = cpython_is_finalizing();
    record_peak();
    shared->facts.frame_count = record_frames(shared->frames);
    for (;;) pause();
}

void prepare_crash_handler() {
    void* frames[4];
    backtrace(frames, 4);
    alternate_stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
}

void install_crash_handler() {
    stack_t stack{};
    stack.ss_sp = alternate_stack;
    stack.ss_size = kStackBytes;
    sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    for (int number : kSignals) sigaction(number, &action, nullptr);
    struct sigaction deadline {};
    deadline.sa_handler = on_deadline;
    deadline.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(kDeadlineSignal, &deadline, nullptr);
}

}  // namespace finfuzz
