// Forks of a program's child, and ends of a process that bypass Python.
#include <Python.h>

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "module.h"
#include "shared.h"
#include "../common/threads.h"

namespace finfuzz {

// Facts about this process's own interpreters, saved before a fork: the forked process goes on in the
// same shared memory.
static struct {
    uint32_t progress;
    uint32_t current;
    int32_t alive;
    std::vector<Life> lives;
} saved;

static void save_facts() {
    const Facts& facts = shared->facts;
    saved.progress = facts.progress;
    saved.current = facts.current;
    saved.alive = facts.alive;
    saved.lives.assign(shared->life, shared->life + facts.lives);
}

static void prepare_forked_child() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // not inherited
    forget_slots();                    // fork is legal only after all of them have ended
}

static void restore_facts() {
    Facts& facts = shared->facts;
    facts.progress = saved.progress;
    facts.current = saved.current;
    facts.alive = saved.alive;
    facts.lives = uint32_t(saved.lives.size());
    std::copy(saved.lives.begin(), saved.lives.end(), shared->life);
}

void prepare_forks() { pthread_atfork(save_facts, nullptr, prepare_forked_child); }

static int wait_for(pid_t pid) {
    int status = 0;
    PyThreadState* caller = PyEval_SaveThread();
    forward_deadline_to(pid);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    forward_deadline_to(0);
    PyEval_RestoreThread(caller);
    return status;
}

// follow(pid): waits for a forked child. If a signal killed the child, raises the same signal here;
// the child has already recorded its crash.
PyObject* follow(PyObject*, PyObject* pid) {
    int status = wait_for(pid_t(PyLong_AsLong(pid)));
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    restore_facts();
    Py_RETURN_NONE;
}

static void leave_python() {
    observe_progress(kExited);
    record_peak();
    exit(0);
}

PyObject* c_exit(PyObject*, PyObject*) {
    leave_python();
    return nullptr;
}

// thread_exit(): calls exit in another thread while this one waits without the GIL.
PyObject* thread_exit(PyObject*, PyObject*) {
    run_on_another_thread(leave_python);
    return nullptr;
}

}  // namespace finfuzz
