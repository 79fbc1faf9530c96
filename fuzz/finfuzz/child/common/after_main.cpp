// Wraps the `main` of the Python into which it is preloaded. Further lives of Python run when Python's own
// main has returned. In an exit function they would come too late for foreign C++: `exit` first destroys
// the main thread's thread-locals.
#include <dlfcn.h>

#include <cstdlib>

#define EXPORTED __attribute__((visibility("default")))

using Main = int(int argc, char** argv, char** environment);

static Main* own_main;

extern "C" {

// If not null, it is called when own_main has returned, and returns the exit code in its place.
EXPORTED int (*run_after_main)() = nullptr;

static int main_and_after(int argc, char** argv, char** environment) {
    // What Python starts must not get this file. A shell script that starts Python hands it on.
    if (dlsym(RTLD_DEFAULT, "Py_RunMain")) unsetenv("LD_PRELOAD");
    int code = own_main(argc, argv, environment);
    return run_after_main ? run_after_main() : code;
}

// Takes the place of the C library's function, which `_start` calls.
EXPORTED int __libc_start_main(Main* main, int argc, char** argv, void (*init)(), void (*fini)(),
                               void (*linker_fini)(), void* stack) {
    own_main = main;
    auto start = reinterpret_cast<decltype(&__libc_start_main)>(dlsym(RTLD_NEXT, "__libc_start_main"));
    return start(main_and_after, argc, argv, init, fini, linker_fini, stack);
}

}  // extern "C"
