// The floor: the thinnest embedder of CPython that has the extension imported, forking children that
// do nothing but finalize. What is more than this in a child of finfuzz is finfuzz's doing.
//
//     floor HOME FOLDER [interpreter]
//
// HOME: where CPython's library is; FOLDER: where the extension is. A line on standard input is how
// many children to fork, one after the other; the answer is a line of six numbers: nanoseconds in all,
// how many did not exit with 0, and nanoseconds until they were there, in a subinterpreter, in
// Py_FinalizeEx, and until they were gone.
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

// When a child was where. It is told through shared memory: 60 ns of 2 ms.
struct Marks {
    int64_t there, finalizing, finalized;
};
static Marks* marks;

struct Answer {
    int64_t all, failures, fork, interpreter, finalize, exit;
};

constexpr unsigned kPatience = 10;  // seconds; a child that hangs dies of SIGALRM, and is a failure

static int64_t nanoseconds() {
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
    config.use_hash_seed = 1;  // to 0, as children of finfuzz have it
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

static void import_in_another() {
    PyThreadState* main = PyThreadState_Get();
    PyThreadState* other = Py_NewInterpreter();
    if (!other) exit(1);
    import_target();
    Py_EndInterpreter(other);
    PyThreadState_Swap(main);
}

[[noreturn]] static void be_child() {
    alarm(kPatience);
    marks->there = nanoseconds();
    if (interpreter) import_in_another();
    marks->finalizing = nanoseconds();
    int failed = Py_FinalizeEx();
    marks->finalized = nanoseconds();
    exit(failed ? 1 : 0);  // not _exit: static destructors are part of a user's process
}

static void add_child(Answer& answer) {
    int64_t begin = nanoseconds();
    PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid == 0) {
        PyOS_AfterFork_Child();
        be_child();
    }
    PyOS_AfterFork_Parent();
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        ++answer.failures;  // its marks may be another's
        return;
    }
    int64_t end = nanoseconds();
    answer.all += end - begin;
    answer.fork += marks->there - begin;
    answer.interpreter += marks->finalizing - marks->there;
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
    import_target();  // where there is another interpreter too: so has the executor's zygote
    for (int64_t count = 0; scanf("%" SCNd64, &count) == 1;) {
        Answer answer{};
        while (count-- > 0) add_child(answer);
        printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", answer.all,
               answer.failures, answer.fork, answer.interpreter, answer.finalize, answer.exit);
        fflush(stdout);  // before the next fork: a child's exit writes what is left
    }
}
