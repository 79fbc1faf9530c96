// The functions of an extension that the runtime calls, where its framework has them.
#pragma once

#include <dlfcn.h>

#include <type_traits>

#include "reduced.h"

namespace finfuzz {

struct Framework {
#if FINFUZZ_HAS(framework)
    void* (*create)() = nullptr;
#    if FINFUZZ_HAS(start_released)
    void* (*create_released)() = nullptr;  // gives the GIL up meanwhile
#    endif
    int (*run)(void* handle, int (*function)(void*), void* argument) = nullptr;
    void (*end)(void* handle) = nullptr;
#endif
#if FINFUZZ_HAS(with_gil)
    int (*with_gil)(int (*function)(void*), void* argument) = nullptr;
#endif
};

inline Framework framework;

inline void find_framework(void* extension) {
    auto find = [extension](auto& function, const char* name) {
        using Pointer = std::remove_reference_t<decltype(function)>;
        if (function == nullptr) function = reinterpret_cast<Pointer>(dlsym(extension, name));
    };
#if FINFUZZ_HAS(framework)
    find(framework.create, "finfuzz_create_subinterpreter");
#    if FINFUZZ_HAS(start_released)
    find(framework.create_released, "finfuzz_create_subinterpreter_released");
#    endif
    find(framework.run, "finfuzz_in_subinterpreter");
    find(framework.end, "finfuzz_end_subinterpreter");
#endif
#if FINFUZZ_HAS(with_gil)
    find(framework.with_gil, "finfuzz_with_gil");
#endif
}

// Calls `function`, which takes nothing, through a function that takes one of C and its argument.
template <typename Through, typename Function>
void call_through(Through through, Function& function) {
    auto call = [](void* argument) {
        (*static_cast<Function*>(argument))();
        return 0;
    };
    through(call, &function);
}

}  // namespace finfuzz
