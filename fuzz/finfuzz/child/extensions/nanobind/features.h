// The extension's features, listed once. Each row is a header and the names that it offers: the table
// of names and the binding at import are made of the rows, and so is what a script takes along.
//
// What a name needs besides, in a script:
// action: hook
// at_capsule: set_act
// capsule: set_act
// cast_forgotten: register_forgotten
// colour_name: Colour
// convert: takes_wrapped
// hook: Container Instance set_act
// module_with_free: set_act
// raise_error: Error
// register_forgotten: cast_forgotten
// same: Instance
// SharedType: Shared
// UniqueType: Unique
// value_of: Instance
#pragma once

#include "actions.h"
#include "annotations.h"
#include "arrays.h"
#include "buffers.h"
#include "callbacks.h"
#include "capsules.h"
#include "casts.h"
#include "classes.h"
#include "conversions.h"
#include "ends.h"
#include "enums.h"
#include "errors.h"
#include "functions.h"
#include "gil.h"
#include "holders.h"
#include "intrusive.h"
#include "lifetimes.h"
#include "maps.h"
#include "modules.h"
#include "native_enums.h"
#include "native_threads.h"
#include "outliving.h"
#include "overrides.h"
#include "pointers.h"
#include "returning.h"
#include "statics.h"
#include "times.h"
#include "vectors.h"

// clang-format off
#define FINFUZZ_FEATURES(FEATURE)                                                                \
    FEATURE(conversions, "takes_wrapped takes_releasing value_of same")                          \
    FEATURE(actions, "action")                                                                   \
    FEATURE(annotations, "Weak WeakDynamic Pooled Supplemented")                                 \
    FEATURE(arrays, "array array_view sum Arrays")                                               \
    FEATURE(buffers, "Numbers Buffer")                                                           \
    FEATURE(callbacks, "Callback native_function")                                               \
    FEATURE(capsules, "capsule at_capsule")                                                      \
    FEATURE(casts, "cast_unregistered register_forgotten cast_forgotten")                        \
    FEATURE(classes, "Dynamic New Static Whole")                                                 \
    FEATURE(ends, "at_py_atexit at_static_destructor at_thread_local_destructor")                \
    FEATURE(enums, "Colour colour_name Level Permission")                                        \
    FEATURE(errors, "Error KeptError raise_error")                                               \
    FEATURE(functions, "function_with_default answer Callee")                                    \
    FEATURE(gil, "GilTaker GilStateTaker")                                                       \
    FEATURE(holders, "Unique UniqueType Shared SharedType Holder")                               \
    FEATURE(intrusive, "Intrusive")                                                              \
    FEATURE(lifetimes, "keep_alive")                                                             \
    FEATURE(maps, "Items")                                                                       \
    FEATURE(modules, "module_with_free")                                                         \
    FEATURE(native_enums, "NativeColour")                                                        \
    FEATURE(native_threads, "keep_in_native_thread return_in_native_thread wait_in_native_thread")\
    FEATURE(outliving, "Outliving")                                                              \
    FEATURE(overrides, "Overridable call_override")                                              \
    FEATURE(pointers, "SharedPointers UniquePointers")                                           \
    FEATURE(returning, "wait_for_the_end")                                                       \
    FEATURE(statics, "static_object native_thread_local")                                        \
    FEATURE(times, "duration seconds")                                                           \
    FEATURE(vectors, "Objects")
// clang-format on
