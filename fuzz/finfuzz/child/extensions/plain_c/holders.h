#pragma once

#include "core.h"

namespace {

bool bind_holders(PyObject *module) {
    bool done = true;
#if FINFUZZ_HAS(Unique)
    done = done && add_type(module, FINFUZZ_NAME ".Unique", no_slots);
#endif
#if FINFUZZ_HAS(Shared)
    done = done && add_type(module, FINFUZZ_NAME ".Shared", no_slots);
#endif
#if FINFUZZ_HAS(Smart)
    done = done && add_type(module, FINFUZZ_NAME ".Smart", no_slots);
#endif
#if FINFUZZ_HAS(Holder)
    done = done && add_type(module, FINFUZZ_NAME ".Holder", no_slots);
#endif
#if FINFUZZ_HAS(Callback)
    done = done && add_type(module, FINFUZZ_NAME ".Callback", no_slots);
#endif
#if FINFUZZ_HAS(KeptError)
    done = done && add_type(module, FINFUZZ_NAME ".KeptError", no_slots);
#endif
#if FINFUZZ_HAS(Local)
    done = done && add_type(module, FINFUZZ_NAME ".Local", no_slots);
#endif
    return done;
}

}  // namespace
