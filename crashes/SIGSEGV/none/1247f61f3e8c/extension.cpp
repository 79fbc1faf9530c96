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
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace finfuzz {

inline bool has_word(const char *words, const char *word) {
    return (' ' + std::string(words) + ' ').find(' ' + std::string(word) + ' ') != std::string::npos;
}

}  // namespace finfuzz

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

// ---------------------------------------------------------------------------------------------
// The module: its two types from the start, every feature when one of its names is first asked for
// (PEP 562). Binding all of them at each import would cost more than most programs do.

struct Feature {
    const char *names;
    void (*bind)(py::module_ &m);
};

const Feature kFeatures[] = {
    {"takes_wrapped value_of same", bind_conversions},
    {"Colour colour_name", bind_enums},
    {"Error LocalError KeptError raise_error", bind_errors},
    {"NativeColour", bind_native_enums},
    {"Overridable call_override", bind_overrides},
    {"call_once static_answer static_object native_thread_local", bind_statics},
};

// Binds what offers the name, unless that is done or under way; true if the module has it then.
bool bind_on_demand(py::module_ &m, const char *name) {
    for (const Feature &feature : kFeatures) {
        if (!finfuzz::has_word(feature.names, name)) continue;
        std::string mark = std::string("bound ") + feature.names;
        auto names = py::reinterpret_borrow<py::dict>(PyModule_GetDict(m.ptr()));
        if (!names.contains(mark)) {
            names[mark.c_str()] = true;
            feature.bind(m);
        }
        return names.contains(name);
    }
    return false;
}

PyObject *get_attribute(PyObject *module, PyObject *name) {
    try {
        auto m = py::reinterpret_borrow<py::module_>(module);
        const char *text = PyUnicode_AsUTF8(name);
        if (!text) return nullptr;
        if (bind_on_demand(m, text)) return PyObject_GenericGetAttr(module, name);
        PyErr_SetObject(PyExc_AttributeError, name);
    } catch (py::error_already_set &error) {
        error.restore();
    } catch (const std::exception &error) {
        PyErr_SetString(PyExc_ImportError, error.what());
    }
    return nullptr;
}

PyMethodDef kGetAttribute[] = {
    {"__getattr__", get_attribute, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

void bind_instance(py::module_ &m) {
    auto type = py::class_<Instance>(m, "Instance");
    type.def(py::init<>()).def_readonly("value", &Instance::value);
}

void bind_module(py::module_ &m) {
    bind_instance(m);
    if (PyModule_AddFunctions(m.ptr(), kGetAttribute) < 0) throw py::error_already_set();
}

}  // namespace

PYBIND11_MODULE(finfuzz_target, m, py::mod_gil_not_used(),
                py::multiple_interpreters::per_interpreter_gil()) {
    bind_module(m);
}
