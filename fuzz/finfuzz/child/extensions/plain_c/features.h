// The extension's features, listed once. Each row is a header and the names that it offers: the table
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

#include "actions.h"
#include "buffers.h"
#include "classes.h"
#include "conversions.h"
#include "ends.h"
#include "enums.h"
#include "errors.h"
#include "functions.h"
#include "gil.h"
#include "holders.h"
#include "members.h"
#include "modules.h"
#include "native_enums.h"
#include "native_threads.h"
#include "overrides.h"
#include "returning.h"
#include "statics.h"

// clang-format off
#define FINFUZZ_FEATURES(FEATURE)                                                                \
    FEATURE(actions, "action")                                                                   \
    FEATURE(buffers, "Numbers Buffer")                                                           \
    FEATURE(classes, "Dynamic WithMetaclass First Second Multiple")                              \
    FEATURE(conversions, "takes_wrapped takes_releasing value_of same")                          \
    FEATURE(ends, "at_py_atexit at_static_destructor at_thread_local_destructor")                \
    FEATURE(enums, "Colour colour_name")                                                         \
    FEATURE(errors, "Error LocalError raise_error")                                              \
    FEATURE(functions, "answer Callee")                                                          \
    FEATURE(gil, "GilTaker GilStateTaker")                                                       \
    FEATURE(holders, "Unique Shared Smart Holder Callback KeptError Local")                      \
    FEATURE(members, "set_member keep_alive native_function capsule at_capsule")                 \
    FEATURE(modules, "module_with_free")                                                         \
    FEATURE(native_enums, "NativeColour")                                                        \
    FEATURE(native_threads, "keep_in_native_thread return_in_native_thread wait_in_native_thread")\
    FEATURE(overrides, "Overridable call_override")                                              \
    FEATURE(returning, "wait_for_the_end")                                                       \
    FEATURE(statics, "call_once static_answer static_object native_thread_local")
// clang-format on
