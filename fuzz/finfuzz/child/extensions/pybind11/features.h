// The extension's features, listed once. Each row is a header and the names that it offers: the table
// of names and the binding at import are made of the rows, and so is what a script takes along.
//
// What a name needs besides, in a script:
// action: hook
// at_capsule: set_act
// capsule: set_act
// cast_forgotten: register_forgotten
// cast_shared: Shared
// cast_smart: Smart
// cast_unique: Unique
// convert: takes_wrapped
// convert_many: takes_from_many
// hook: Container Instance set_act
// module_with_free: set_act
// raise_error: Error
// register_forgotten: cast_forgotten
// same: Instance
// Second: First
// value_of: Instance
// WithMetaclass: Instance
#pragma once

#include "actions.h"
#include "buffers.h"
#include "callbacks.h"
#include "capsules.h"
#include "casts.h"
#include "classes.h"
#include "conversions.h"
#include "ends.h"
#include "enums.h"
#include "errors.h"
#include "exhausting.h"
#include "functions.h"
#include "gil.h"
#include "holders.h"
#include "leaving.h"
#include "lifetimes.h"
#include "modules.h"
#include "native_enums.h"
#include "native_threads.h"
#include "overrides.h"
#include "returning.h"
#include "statics.h"

// clang-format off
#define FINFUZZ_FEATURES(FEATURE)                                                                \
    FEATURE(conversions, "takes_wrapped takes_releasing value_of same")                          \
    FEATURE(actions, "action")                                                                   \
    FEATURE(buffers, "Numbers Buffer")                                                           \
    FEATURE(callbacks, "Callback native_function")                                               \
    FEATURE(capsules, "capsule at_capsule")                                                      \
    FEATURE(classes, "Dynamic Local WithMetaclass First Second Multiple")                        \
    FEATURE(ends, "at_py_atexit at_static_destructor at_thread_local_destructor")                \
    FEATURE(enums, "Colour colour_name")                                                         \
    FEATURE(errors, "Error LocalError KeptError raise_error")                                    \
    FEATURE(exhausting, "takes_from_many convert_many")                                          \
    FEATURE(functions, "answer Callee")                                                          \
    FEATURE(gil, "GilTaker GilStateTaker")                                                       \
    FEATURE(holders, "Unique Shared Smart Holder")                                               \
    FEATURE(casts, "cast_shared cast_unique cast_smart cast_local cast_unregistered register_forgotten cast_forgotten")\
    FEATURE(leaving, "importing_capsule printing_capsule Catching call_back catch_in_cpp import_in_cpp throw_out")\
    FEATURE(lifetimes, "keep_alive")                                                             \
    FEATURE(modules, "module_with_free")                                                         \
    FEATURE(native_enums, "NativeColour")                                                        \
    FEATURE(native_threads, "keep_in_native_thread return_in_native_thread wait_in_native_thread")\
    FEATURE(overrides, "Overridable call_override")                                              \
    FEATURE(returning, "wait_for_the_end")                                                       \
    FEATURE(statics, "call_once static_answer static_object native_thread_local")
// clang-format on
