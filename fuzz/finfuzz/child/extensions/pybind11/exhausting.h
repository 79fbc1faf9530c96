#pragma once

#include <pthread.h>

#include <utility>
#include <vector>

#include "core.h"

namespace {

// Conversions, and keys for the storage of threads that are left for them: a process has 1,024 keys on
// Linux (PTHREAD_KEYS_MAX), and as many conversions as that would take a minute to compile.
constexpr int kConversions = 32;
constexpr int kKeysLeft = 24;

// Keys of other libraries, which leave a few.
class ManyKeys {
public:
    ManyKeys() {
        pthread_key_t key;
        while (pthread_key_create(&key, nullptr) == 0) keys_.push_back(key);
        for (int left = 0; left < kKeysLeft && !keys_.empty(); ++left) drop();
    }
    ManyKeys(const ManyKeys &) = delete;
    ~ManyKeys() {
        while (!keys_.empty()) drop();
    }

private:
    void drop() {
        pthread_key_delete(keys_.back());
        keys_.pop_back();
    }

    std::vector<pthread_key_t> keys_;
};

template <int number>
struct OneOfMany {};

struct FromMany FINFUZZ_COUNTED {};

}  // namespace

// No object is one of many: each conversion is tried and declines.
template <int number>
struct pybind11::detail::type_caster<OneOfMany<number>> {
    bool load(handle, bool) { return false; }
};

namespace {

template <int... numbers>
void register_many(std::integer_sequence<int, numbers...>) {
    (py::implicitly_convertible<OneOfMany<numbers>, FromMany>(), ...);
}

void bind_exhausting(py::module_ &m) {
    py::class_<FromMany>(m, "FromMany").def(py::init<>());
    register_many(std::make_integer_sequence<int, kConversions>());
    m.def("takes_from_many", [](const FromMany &) {});
    m.def("convert_many", [](const py::function &takes_from_many) {
        ManyKeys of_others;
        takes_from_many(5);
    });
}

}  // namespace
