// The floor: the thinnest embedder of CPython. It imports the extension and forks children that only
// finalize. All that a child of finfuzz costs beyond the floor is finfuzz's own.
//
//     floor HOME FOLDER [interpreter]
//
// HOME: the folder of CPython's library; FOLDER: the extension's folder. A line on standard input is a
// number of children to fork, one after another. The answer is a line of six numbers: nanoseconds in
// all; children that did not exit with 0; and nanoseconds in four phases: fork, subinterpreter,
// Py_FinalizeEx, exit.
#include <Python.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

static const char* folder;
static bool interpreter;

// The times at which a child reached each phase, in shared memory: 60 ns of 2 ms.
struct Marks {
    int64_t forked, finalizing, finalized;
};
static Marks* marks;

struct Answer {
    int64_t all, failures, fork, interpreter, finalize, exit;
};

constexpr unsigned kPatience = 10;  // seconds; SIGALRM ends a child that hangs, which is a failure

static int64_t read_clock() {  // in nanoseconds
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

static void initialize(const char* home) {
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.use_hash_seed = 1;  // hash seed 0, as in children of finfuzz
    config.write_bytecode = 0;
    check(PyConfig_SetBytesString(&config, &config.home, home));
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

static void import_target() {
    PyObject* entry = PyUnicode_FromString(folder);
    if (entry && PyList_Insert(PySys_GetObject("path"), 0, entry) == 0) {
        Py_DECREF(entry);
        entry = PyImport_ImportModule("finfuzz_target");
    }
    if (PyErr_Occurred()) {
        PyErr_Print();
        exit(1);
    }
    Py_DECREF(entry);
}

static void import_in_subinterpreter() {
    PyThreadState* main = PyThreadState_Get();
    PyThreadState* other = Py_NewInterpreter();
    if (!other) exit(1);
    import_target();
    Py_EndInterpreter(other);
    PyThreadState_Swap(main);
}

[[noreturn]] static void run_child() {
    alarm(kPatience);
    marks->forked = read_clock();
    if (interpreter) import_in_subinterpreter();
    marks->finalizing = read_clock();
    int failed = Py_FinalizeEx();
    marks->finalized = read_clock();
    exit(failed ? 1 : 0);  // not _exit: static destructors are part of a user's process
}

static void add_child(Answer& answer) {
    int64_t begin = read_clock();
    PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid == 0) {
        PyOS_AfterFork_Child();
        run_child();
    }
    PyOS_AfterFork_Parent();
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        ++answer.failures;  // the marks may be an earlier child's
        return;
    }
    int64_t end = read_clock();
    answer.all += end - begin;
    answer.fork += marks->forked - begin;
    answer.interpreter += marks->finalizing - marks->forked;
    answer.finalize += marks->finalized - marks->finalizing;
    answer.exit += end - marks->finalized;
}

int main(int argc, char** argv) {
    folder = argv[2];
    interpreter = argc > 3 && !strcmp(argv[3], "interpreter");
    void* shared = mmap(nullptr, sizeof(Marks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    marks = static_cast<Marks*>(shared);
    initialize(argv[1]);
    import_target();  // also for children with a subinterpreter, as the executor's zygote does
    for (int64_t count = 0; scanf("%" SCNd64, &count) == 1;) {
        Answer answer{};
        while (count-- > 0) add_child(answer);
        printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", answer.all,
               answer.failures, answer.fork, answer.interpreter, answer.finalize, answer.exit);
        fflush(stdout);  // before the next fork: a child's exit would write the rest again
    }
}
