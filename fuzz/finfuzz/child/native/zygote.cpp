// The zygote: a CPython that is ready to run and forks a child for each program.
#include <Python.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "beginning.h"
#include "pages.h"
#include "shared.h"
#include "zygote.h"

namespace finfuzz {

static int64_t read_clock() {  // in microseconds
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

static void limit(int resource, rlim_t value) {
    rlimit bound{value, value};
    setrlimit(resource, &bound);
}

// Sets limits and handlers in the process that will run the program, before the first step.
void become_child(int stderr_fd) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit(RLIMIT_CORE, 0);
    if (shared->memory_mib) limit(RLIMIT_AS, rlim_t(shared->memory_mib) << 20);
    // Standard error is a file in memory: an endless loop of prints would fill the machine. CPython
    // ignores SIGXFSZ, so that loop gets EFBIG.
    limit(RLIMIT_FSIZE, rlim_t(16) << 20);
    if (stderr_fd >= 0) dup2(stderr_fd, 2);
    install_crash_handler();
}

// Has a hanging child record its stack, and waits two seconds for it, as for a fresh process: without
// the stack, a known hang would be filed as a new one.
static void request_stack(pid_t pid, int pidfd) {
    kill(pid, kDeadlineSignal);
    pollfd wanted{pidfd, POLLIN, 0};
    for (int tries = 0; tries < 200 && shared->facts.frame_count == 0; ++tries)
        if (poll(&wanted, 1, 10) > 0) return;
}

// The most that a deadline moves (executor/limits.py, MOST_WAITED).
constexpr int64_t kMostWaited = 20 * 1000000;

// How a process and its descendants were scheduled so far, in microseconds: `waited`, the most in which
// one of their threads was ready to run and waited for a processor; `ran`, what all had of one. `ready`:
// whether a thread runs or waits now. All 0 where the kernel does not tell.
struct Scheduled {
    int64_t waited = 0, ran = 0;
    bool ready = false;
};

static bool read_text(const char* path, char* text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[std::max<ssize_t>(length, 0)] = 0;
    return length > 0;
}

static void add_scheduled(Scheduled& found, pid_t pid);

// A parent waits while its fork does the work. A list that is longer than the room may end within a
// number: the last one counts only with the space behind it.
static void add_children(Scheduled& found, char* pids) {
    for (char* space; (space = strchr(pids, ' ')); pids = space + 1) add_scheduled(found, atoi(pids));
}

static void add_scheduled(Scheduled& found, pid_t pid) {
    char path[80], text[512];
    snprintf(path, sizeof path, "/proc/%d/task", int(pid));
    DIR* tasks = opendir(path);
    if (!tasks) return;
    while (const dirent* task = readdir(tasks)) {
        long long ran = 0, waited = 0;  // nanoseconds
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", int(pid), task->d_name);
        if (!read_text(path, text, sizeof text) || sscanf(text, "%lld %lld", &ran, &waited) != 2) continue;
        found.waited = std::max<int64_t>(found.waited, waited / 1000);
        found.ran += ran / 1000;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/stat", int(pid), task->d_name);
        const char* name_end = read_text(path, text, sizeof text) ? strrchr(text, ')') : nullptr;
        found.ready |= name_end && strncmp(name_end, ") R", 3) == 0;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", int(pid), task->d_name);
        if (read_text(path, text, sizeof text)) add_children(found, text);
    }
    closedir(tasks);
}

static Scheduled read_scheduled(pid_t pid) {
    Scheduled found;
    add_scheduled(found, pid);
    return found;
}

static int wait_for_end(int pidfd, int64_t microseconds) {
    pollfd wanted{pidfd, POLLIN, 0};
    return poll(&wanted, 1, int(std::max<int64_t>(microseconds, 0) / 1000) + 1);
}

// The kernel adds a wait when it is over. Whether one is under way: a thread is ready, and in a while
// of several ticks none runs, or a wait comes to its end.
static bool is_kept_waiting(int pidfd, pid_t pid, const Scheduled& before) {
    if (!before.ready) return false;
    wait_for_end(pidfd, 20 * 1000);
    Scheduled now = read_scheduled(pid);
    return now.waited > before.waited || (now.ready && now.ran == before.ran);
}

// Returns whether a child ended by its deadline. That moves by the time in which the child waited for
// a processor: on a busy machine, an honest program of 3 ms had not ended after two seconds.
static bool ends_in_time(int pidfd, pid_t pid, int64_t begin, int64_t deadline) {
    int64_t waited = 0;
    for (;;) {
        int ready = wait_for_end(pidfd, begin + deadline + waited - read_clock());
        if (ready > 0) return true;
        if (ready < 0 && errno == EINTR) continue;
        if (read_clock() - begin > deadline + kMostWaited) return false;
        Scheduled now = read_scheduled(pid);
        bool had_it = now.ran >= deadline;
        if (now.waited <= waited && (had_it || !is_kept_waiting(pidfd, pid, now))) return false;
        waited = std::min(std::max(waited, now.waited), kMostWaited);
    }
}

// Waits until the child ends or its deadline passes, and kills what is left of its group. The child
// is reaped only afterwards, so that its id and its group's id can't belong to another process.
static void wait_for_child(pid_t pid, uint32_t deadline_ms) {
    Facts& facts = shared->facts;
    int64_t begin = read_clock();
    int pidfd = int(syscall(SYS_pidfd_open, pid, 0));
    if (!ends_in_time(pidfd, pid, begin, int64_t(deadline_ms) * 1000)) {
        facts.timed_out = 1;
        request_stack(pid, pidfd);
        kill(pid, SIGKILL);
    }
    if (pidfd >= 0) close(pidfd);
    kill(-pid, SIGKILL);  // processes left in its group; the child itself has ended or been killed
    int status = 0;
    rusage used{};
    while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
    }
    facts.status = status;
    // A child that is killed, or calls _exit, does not record its peak. (A fork's ru_maxrss is its
    // own, unlike that of a fresh process: see record_peak.)
    if (facts.peak_kib == 0) facts.peak_kib = uint32_t(used.ru_maxrss);
    facts.microseconds = uint64_t(read_clock() - begin);
    // Orphans come to the zygote, their subreaper. Those that left the group are still alive: the
    // zygote reports them and the parent ends them.
    for (;;) {
        pid_t other = waitpid(-1, nullptr, WNOHANG);
        if (other > 0 || (other < 0 && errno == EINTR)) continue;
        facts.stragglers = other == 0;
        break;
    }
}

constexpr uint32_t kScoutMs = 2000;

// Forks a scout: a bare child that records the pages it touches (pages.h). Returns the scout's id or,
// in the scout, 0.
static pid_t fork_scout() {
    prepare_pages();
    PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid == 0) {
        PyOS_AfterFork_Child();
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        limit(RLIMIT_CORE, 0);  // an extension may crash from its import alone
        record_pages_at_end();
        return 0;
    }
    PyOS_AfterFork_Parent();
    if (pid > 0) wait_for_child(pid, kScoutMs);
    return pid;
}

// Serves one program after another. Returns kProgram in each child, kBare in a bare child, and kGone
// when the parent is gone. A bare child only finalizes: the unit of a program's cost.
// Without pidfd_open each program would seem to hang: before Linux 5.3, and where a sandbox forbids it.
static bool can_wait() {
    int pidfd = int(syscall(SYS_pidfd_open, getpid(), 0));
    if (pidfd < 0) fprintf(stderr, "this system has no pidfd_open: %s\n", strerror(errno));
    if (pidfd >= 0) close(pidfd);
    return pidfd >= 0;
}

Served serve(int request_fd, int response_fd, int stderr_fd) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const Beginning beginning;
    if (!can_wait()) return kGone;
    if (fork_scout() == 0) return kBare;
    share();
    for (;;) {
        char byte = 0;
        ssize_t got = read(request_fd, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got != 1) return kGone;
        PyOS_BeforeFork();  // 3.13 aborts without
        pid_t pid = fork();
        if (pid == 0) {
            PyOS_AfterFork_Child();
            close(request_fd);
            close(response_fd);
            populate_pages();
            if (byte == 'b') return kBare;
            become_child(stderr_fd);
            beginning.restore();
            count_cpython_blocks();
            return kProgram;
        }
        PyOS_AfterFork_Parent();
        if (pid < 0) return kGone;
        wait_for_child(pid, shared->deadline_ms);
        while (write(response_fd, &byte, 1) < 0 && errno == EINTR) {
        }
    }
}

}  // namespace finfuzz
