// The features of plain_c that the limited API can express, listed once. Each row is a header and the names that it offers: the table
// of names and the binding at import are made of the rows, and so is what a script takes along.
//
// What a name needs besides, in a script:
// action: hook
// at_capsule: set_act
// capsule: set_act
// convert: takes_wrapped
// hook: Container Instance set_act
// keep_alive: set_act
// module_with_free: set_act
// native_function: set_act
// raise_error: Error
// same: Instance
// Second: First
// set_act: Container is_a
// set_member: set_act
// value_of: Instance
// WithMetaclass: Instance
#pragma once

#include "../plain_c/actions.h"
#include "../plain_c/classes.h"
#include "../plain_c/conversions.h"
#include "../plain_c/ends.h"
#include "../plain_c/enums.h"
#include "../plain_c/errors.h"
#include "../plain_c/functions.h"
#include "../plain_c/holders.h"
#include "../plain_c/members.h"
#include "../plain_c/modules.h"
#include "../plain_c/native_enums.h"
#include "../plain_c/overrides.h"
#include "../plain_c/returning.h"
#include "../plain_c/statics.h"

// clang-format off
#define FINFUZZ_FEATURES(FEATURE)                                                                \
    FEATURE(actions, "action")                                                                   \
    FEATURE(classes, "Dynamic WithMetaclass First Second Multiple")                              \
    FEATURE(conversions, "takes_wrapped takes_releasing value_of same")                          \
    FEATURE(ends, "at_py_atexit at_static_destructor at_thread_local_destructor")                \
    FEATURE(enums, "Colour colour_name")                                                         \
    FEATURE(errors, "Error LocalError raise_error")                                              \
    FEATURE(functions, "answer Callee")                                                          \
    FEATURE(holders, "Unique Shared Smart Holder Callback KeptError Local")                      \
    FEATURE(members, "set_member keep_alive native_function capsule at_capsule")                 \
    FEATURE(modules, "module_with_free")                                                         \
    FEATURE(native_enums, "NativeColour")                                                        \
    FEATURE(overrides, "Overridable call_override")                                              \
    FEATURE(returning, "wait_for_the_end")                                                       \
    FEATURE(statics, "call_once static_answer static_object native_thread_local")
// clang-format on
