// What a dying process can still say: signal, address, program counters, the mappings they lie in.
//
// Only async-signal-safe calls, with one exception: backtrace(), whose first call may allocate and
// is therefore made beforehand. Should the unwinder hang or crash on a ruined stack, signal and
// address are in shared memory already, and SA_RESETHAND lets the second signal end the process.
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shared.h"

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

uint32_t record_frames(uint64_t* frames) {
    copy_maps();
    void* addresses[kFrames];
    int count = backtrace(addresses, kFrames);
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
    facts.frame_count = record_frames(shared->frames);
    // A fault comes back when the instruction runs again and then has its default effect; a signal
    // that was sent has to be sent again.
    if (info->si_code <= 0) raise(number);
}

// The deadline is over: says where the main thread hangs. The zygote then ends the process.
static void on_deadline(int) {
    shared->facts.finalizing = cpython_is_finalizing();
    shared->facts.frame_count = record_frames(shared->frames);
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
