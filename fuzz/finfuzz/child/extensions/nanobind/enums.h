#pragma once

#include "core.h"

FINFUZZ_TYPES {

#if FINFUZZ_HAS(Colour)
enum class Colour { red = 1, green = 2 };
#endif
#if FINFUZZ_HAS(Level)
enum class Level { low = 1, high = 2 };
#endif
#if FINFUZZ_HAS(Permission)
enum class Permission { read = 1, write = 2 };

// Before 2.2 nanobind has no flags: ordinary members.
#    if NB_VERSION_MAJOR > 2 || NB_VERSION_MINOR >= 2
nb::enum_<Permission> new_permission(nb::module_ &m) {
    return nb::enum_<Permission>(m, "Permission", nb::is_flag());
}
#    else
nb::enum_<Permission> new_permission(nb::module_ &m) {
    return nb::enum_<Permission>(m, "Permission");
}
#    endif

#endif
void bind_enums(nb::module_ &m) {
#if FINFUZZ_HAS(Colour)
    nb::enum_<Colour>(m, "Colour").value("red", Colour::red).value("green", Colour::green);
#endif
#if FINFUZZ_HAS(colour_name)
    m.def("colour_name", [](Colour colour) { return colour == Colour::red ? "red" : "green"; });
#endif
#if FINFUZZ_HAS(Level)
    nb::enum_<Level>(m, "Level", nb::is_arithmetic())
        .value("low", Level::low)
        .value("high", Level::high);
#endif
#if FINFUZZ_HAS(Permission)
    new_permission(m).value("read", Permission::read).value("write", Permission::write);
#endif
}

}  // namespace
