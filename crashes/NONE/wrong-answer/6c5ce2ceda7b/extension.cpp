// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${PYBIND11_INCLUDE:=pybind11-3.1.0/pybind11/include}
//     test -d "$PYBIND11_INCLUDE" ||
//         "$PYTHON" -m pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0 ||
//         pip install -q --no-deps -t pybind11-3.1.0 pybind11==3.1.0
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -I"$PYBIND11_INCLUDE" -pthread \
//         extension.cpp -o finfuzz_target"$SUFFIX"
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -ldl -pthread \
//         capi.cpp -o capi"$SUFFIX"

#include <pybind11/gil_safe_call_once.h>
#include <pybind11/native_enum.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {

using Members = std::vector<py::object>;

struct Instance {
    int value = 7;
};

struct Wrapped {
    explicit Wrapped(int value) : value(value) {}
    int value;
};

void bind_conversions(py::module_ &m) {
    py::class_<Wrapped>(m, "Wrapped").def(py::init<int>());
    py::implicitly_convertible<int, Wrapped>();
    m.def("takes_wrapped", [](const Wrapped &wrapped) { return wrapped.value; });
    m.def("value_of", [](const Instance &instance) { return instance.value; });
    m.def("same", [](Instance &instance) { return &instance; }, py::return_value_policy::reference);
}

enum class Colour { red = 1, green = 2 };
enum class Shade {};  // one without values is freed in another way (pybind11 issue 5976)

void bind_enums(py::module_ &m) {
    py::enum_<Colour>(m, "Colour").value("red", Colour::red).value("green", Colour::green);
    py::enum_<Shade>(m, "Shade");
    m.def("colour_name", [](Colour colour) { return colour == Colour::red ? "red" : "green"; });
}

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void bind_errors(py::module_ &m) {
    py::register_exception<Error>(m, "Error");
    m.def("raise_error", [] { throw Error("thrown in C++"); });
}

enum class NativeColour { red = 1, green = 2 };

void bind_native_enums(py::module_ &m) {
    py::native_enum<NativeColour>(m, "NativeColour", "enum.Enum")
        .value("red", NativeColour::red)
        .value("green", NativeColour::green)
        .finalize();
}

struct Overridable {
    virtual ~Overridable() = default;
    virtual int answer() const { return 7; }
};

struct Trampoline : Overridable {
    int answer() const override { PYBIND11_OVERRIDE(int, Overridable, answer); }
};

void bind_overrides(py::module_ &m) {
    py::class_<Overridable, Trampoline>(m, "Overridable")
        .def(py::init<>())
        .def("answer", &Overridable::answer);
    m.def("call_override", [](const Overridable &object) { return object.answer(); });
}

// An object that each interpreter has to make for itself; says so if it is another one's.
std::string static_answer() {
    std::int64_t id = PyInterpreterState_GetID(PyInterpreterState_Get());
    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::int_> storage;
    auto made_in = storage.call_once_and_store_result([&] { return py::int_(id); }).get_stored();
    if (made_in.cast<std::int64_t>() == id) return "finfuzz";
    return "an object of another interpreter";
}

void bind_statics(py::module_ &m) {
    m.def("static_answer", &static_answer);
}

void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
}

void bind_module(py::module_ &m) {
    bind_instance(m);
    bind_conversions(m);
    bind_enums(m);
    bind_errors(m);
    bind_native_enums(m);
    bind_overrides(m);
    bind_statics(m);
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
