// Records of a crashing process: signal, address, program counters and the mappings around them.
//
// All calls are async-signal-safe but backtrace(), whose first call may allocate and is therefore
// made beforehand. The unwinder may hang or crash on a corrupted stack: by then signal and address
// are in shared memory, and the second signal ends the process.
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
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

// Whether a line of `/proc/self/maps` is of executable memory: "BEGIN-END r-xp …".
static bool is_executable(const char* line, const char* end) {
    const void* space = memchr(line, ' ', size_t(end - line));
    auto at = static_cast<const char*>(space);
    return at && end - at > 3 && at[3] == 'x';
}

// Copies the executable mappings, where all program counters lie: of a package that loads two
// hundred files, the others alone would fill the room.
static void copy_maps() {
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char chunk[4096];
    uint32_t length = 0, line = 0;
    for (ssize_t got; (got = read(file, chunk, sizeof(chunk))) > 0;) {
        for (const char* at = chunk; at < chunk + got && length < kMapsBytes; ++at) {
            shared->maps[length++] = *at;
            if (*at != '\n') continue;
            if (!is_executable(shared->maps + line, shared->maps + length)) length = line;
            line = length;
        }
    }
    close(file);
    shared->facts.maps_length = line;
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

static uint64_t find_stack_pointer(const void* context) {
    const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return uint64_t(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
    return uint64_t(machine.sp);
#else
    (void)machine;
    return 0;
#endif
}

static std::atomic<pid_t> recording{0};

// Makes this thread the one that records. Returns false where this very thread has faulted while it
// recorded. Threads may crash at one moment, each daemon thread at the end, say: the others wait for
// the first one's record, which ends with the process. Not for ever, since a thread may hold a lock
// of the unwinder's.
static bool begin_recording() {
    pid_t own = gettid(), first = 0;
    if (recording.compare_exchange_strong(first, own)) return true;
    if (first != own) sleep(1);
    return false;
}

static void on_signal(int number, siginfo_t* info, void* context) {
    if (!begin_recording()) {
        signal(number, SIG_DFL);
        if (info->si_code <= 0) raise(number);
        return;
    }
    Facts& facts = shared->facts;
    facts.signal = number;
    facts.signal_code = info->si_code;
    facts.address = reinterpret_cast<uint64_t>(info->si_addr);
    facts.stack_pointer = find_stack_pointer(context);
    facts.finalizing = cpython_is_finalizing();
    record_peak();
    facts.frame_count = record_frames(shared->frames);
    // A faulting instruction runs again and raises the signal again, with its default effect now. A
    // signal that was sent must be sent again.
    signal(number, SIG_DFL);
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
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int number : kSignals) sigaction(number, &action, nullptr);
    struct sigaction deadline {};
    deadline.sa_handler = on_deadline;
    deadline.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(kDeadlineSignal, &deadline, nullptr);
}

}  // namespace finfuzz
