// offers: Unique Shared Smart Holder Callback KeptError Local
#pragma once

#include "core.h"

namespace {

bool bind_holders(PyObject *module) {
    return add_type(module, FINFUZZ_NAME ".Unique", no_slots) &&
           add_type(module, FINFUZZ_NAME ".Shared", no_slots) &&
           add_type(module, FINFUZZ_NAME ".Smart", no_slots) &&
           add_type(module, FINFUZZ_NAME ".Holder", no_slots) &&
           add_type(module, FINFUZZ_NAME ".Callback", no_slots) &&
           add_type(module, FINFUZZ_NAME ".KeptError", no_slots) &&
           add_type(module, FINFUZZ_NAME ".Local", no_slots);
}

}  // namespace
