// Records of a crashing process: signal, address, program counters and the mappings around them.
//
// All calls are async-signal-safe but backtrace(), whose first call may allocate and is therefore
// made beforehand. The unwinder may hang or crash on a corrupted stack: by then signal and address
// are in shared memory, and the second signal ends the process.
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
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

static uint32_t unwind(uint64_t* frames, size_t most) {
    void* addresses[kFrames];
    int count = backtrace(addresses, int(std::min(most, kFrames)));
    for (int index = 0; index < count; ++index)
        frames[index] = reinterpret_cast<uint64_t>(addresses[index]);
    return uint32_t(count);
}

uint32_t record_frames(uint64_t* frames, size_t most) {
    copy_maps();
    return unwind(frames, most);
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

static uint64_t read_hex(const char*& at) {
    uint64_t value = 0;
    for (;; ++at) {
        if (*at >= '0' && *at <= '9')
            value = value * 16 + uint64_t(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            value = value * 16 + uint64_t(*at - 'a' + 10);
        else
            return value;
    }
}

// Whether the mappings, as copied, say that no code is at an address.
static bool is_no_code(uint64_t address) {
    const char *at = shared->maps, *end = at + shared->facts.maps_length;
    if (at == end || end - at > ptrdiff_t(kMapsBytes) - 4096) return false;  // some may be missing
    while (at < end) {
        uint64_t begin = read_hex(at);
        uint64_t stop = read_hex(++at);  // after the dash
        if (begin <= address && address < stop) return false;
        at = static_cast<const char*>(memchr(at, '\n', size_t(end - at))) + 1;
    }
    return true;
}

// The registers of a crash by a call of what is no code. The unwinder finds no function there, and
// the stack would end without the caller: it goes on from the return address instead.
class BadCall {
  public:
    explicit BadCall(void* context) : machine_(static_cast<ucontext_t*>(context)->uc_mcontext), kept_(machine_) {
#if defined(__x86_64__)
        greg_t* registers = machine_.gregs;
        callee = uint64_t(registers[REG_RIP]);
        iovec into{&caller, sizeof caller}, from{reinterpret_cast<void*>(registers[REG_RSP]), sizeof caller};
        // By a call of the kernel's, which does not crash where there is no stack.
        found = is_no_code(callee) && process_vm_readv(getpid(), &into, 1, &from, 1, 0) == sizeof caller;
        if (!found) return;
        registers[REG_RIP] = greg_t(caller);
        registers[REG_RSP] += greg_t(sizeof caller);
#elif defined(__aarch64__)
        callee = machine_.pc;
        caller = machine_.regs[30];
        found = is_no_code(callee);
        if (found) machine_.pc = caller;
#endif
    }
    ~BadCall() { machine_ = kept_; }
    BadCall(const BadCall&) = delete;
    BadCall& operator=(const BadCall&) = delete;

    bool found = false;
    uint64_t callee = 0, caller = 0;

  private:
    mcontext_t& machine_;
    const mcontext_t kept_;
};

// Records the stack of a crash, with the callee of a bad call before its caller.
static uint32_t record_crash_frames(void* context) {
    copy_maps();
    const BadCall bad(context);
    uint64_t* frames = shared->frames;
    uint32_t count = unwind(frames, kFrames - 1);
    uint64_t* caller = std::find(frames, frames + count, bad.caller);
    if (!bad.found || caller == frames + count) return count;
    std::copy_backward(caller, frames + count, frames + count + 1);
    *caller = bad.callee;
    return count + 1;
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

// A faulting instruction runs again and raises the signal again, with its default effect now. A signal
// that was sent must be sent again, and so must one that comes after its instruction.
static void let_die(int number, const siginfo_t* info) {
    signal(number, SIG_DFL);
    if (info->si_code <= 0 || number == SIGTRAP || number == SIGSYS) raise(number);
}

static void on_signal(int number, siginfo_t* info, void* context) {
    if (!begin_recording()) return let_die(number, info);
    Facts& facts = shared->facts;
    facts.signal = number;
    facts.signal_code = info->si_code;
    facts.address = reinterpret_cast<uint64_t>(info->si_addr);
    facts.stack_pointer = find_stack_pointer(context);
    facts.finalizing = cpython_is_finalizing();
    record_peak();
    facts.frame_count = record_crash_frames(context);
    let_die(number, info);
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
