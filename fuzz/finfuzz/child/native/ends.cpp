// Processes of a program besides the child itself, and ends that Python does not see.
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

// What the facts say of this process's own interpreters, from before a fork: the forked process
// goes on in the same shared memory.
static struct {
    uint32_t progress;
    uint32_t current;
    int32_t alive;
    std::vector<Life> lives;
} remembered;

static void before_fork() {
    const Facts& facts = shared->facts;
    remembered.progress = facts.progress;
    remembered.current = facts.current;
    remembered.alive = facts.alive;
    remembered.lives.assign(shared->life, shared->life + facts.lives);
}

static void after_fork_in_child() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // not inherited
    forget_slots();                    // all of them ended: fork is legal only where none lives
}

static void restore_facts() {
    Facts& facts = shared->facts;
    facts.progress = remembered.progress;
    facts.current = remembered.current;
    facts.alive = remembered.alive;
    facts.lives = uint32_t(remembered.lives.size());
    std::copy(remembered.lives.begin(), remembered.lives.end(), shared->life);
}

void prepare_forks() { pthread_atfork(before_fork, nullptr, after_fork_in_child); }

static int wait_for(pid_t pid) {
    int status = 0;
    PyThreadState* caller = PyEval_SaveThread();
    deadline_is_for(pid);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    deadline_is_for(0);
    PyEval_RestoreThread(caller);
    return status;
}

// follow(pid): what a forked child died of, this process dies of too; the child has
// said all there is to say about it.
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

// thread_exit(): another thread exits while this one waits, its GIL released.
PyObject* thread_exit(PyObject*, PyObject*) {
    on_another_thread(leave_python);
    return nullptr;
}

}  // namespace finfuzz
