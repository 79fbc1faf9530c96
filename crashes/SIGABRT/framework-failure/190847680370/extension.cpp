// repro.py, next to this file, builds it with these commands:
//
//     : ${PYTHON:=python3.13}
//     INCLUDE=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
//     SUFFIX=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
//     : ${NANOBIND_DIR:=nanobind-3.1.0/nanobind}
//     test -d "$NANOBIND_DIR" ||
//         "$PYTHON" -m pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0 ||
//         pip install -q --no-deps -t nanobind-3.1.0 nanobind==3.1.0
//     ${CXX:-c++} -std=c++17 -O1 -g -DNDEBUG -shared -fPIC -fvisibility=hidden \
//         -I"$INCLUDE" -I"$NANOBIND_DIR/include" -I"$NANOBIND_DIR/ext/robin_map/include" \
//         -fno-strict-aliasing -pthread \
//         extension.cpp "$NANOBIND_DIR/src/nb_combined.cpp" -o finfuzz_target"$SUFFIX"

#include <nanobind/nanobind.h>

#include <vector>

namespace nb = nanobind;

namespace {

using Members = std::vector<nb::object>;

struct Instance {
    int value = 7;
};

enum class Colour { red = 1, green = 2 };
void bind_enums(nb::module_ &m) {
    nb::enum_<Colour>(m, "Colour").value("red", Colour::red).value("green", Colour::green);
}

void bind_instance(nb::module_ &m) {
    nb::class_<Instance>(m, "Instance").def(nb::init<>()).def_ro("value", &Instance::value);
}

void bind_module(nb::module_ &m) {
    bind_instance(m);
    bind_enums(m);
}

}  // namespace

NB_MODULE(finfuzz_target, m) { bind_module(m); }
