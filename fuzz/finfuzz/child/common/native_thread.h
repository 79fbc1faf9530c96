// The program's native thread: CPython did not make it, and it lives to the end of the process. Between
// the functions that it calls it waits without a thread state, and touches nothing of Python.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace finfuzz {

class NativeThread {
   public:
    NativeThread() : thread_([this] { serve(); }) { thread_.detach(); }

    // Calls `function` in the thread; the caller must not hold the GIL.
    void call(const std::function<void()>& function) {
        std::unique_lock<std::mutex> lock(mutex_);
        job_ = &function;
        changed_.notify_all();
        changed_.wait(lock, [this] { return job_ == nullptr; });
    }

   private:
    [[noreturn]] void serve() {
        std::unique_lock<std::mutex> lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return job_ != nullptr; });
            (*job_)();
            job_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* job_ = nullptr;
    std::thread thread_;  // the last member: it uses the others
};

// Never destroyed: the thread waits in it while static destructors run.
inline NativeThread* native_thread = nullptr;

// Returns the thread; the first call starts it. A forked process has only the thread that forked, so
// the next call there starts another one.
inline NativeThread& get_native_thread() {
    static const int watched = pthread_atfork(nullptr, nullptr, [] { native_thread = nullptr; });
    (void)watched;
    if (native_thread == nullptr) native_thread = new NativeThread;
    return *native_thread;
}

}  // namespace finfuzz
