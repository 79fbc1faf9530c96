// The extension's features, listed once, for the script writer: Cython itself does not read this. Each
// row is a file that module.pyx includes, and the names that it offers.
//
// What a name needs besides, in a script:
// action: hook
// at_capsule: capsule
// Callback: set_member
// capsule: set_act set_member
// catch_error: Error
// convert: takes_wrapped
// create: Instance
// Holder: set_member
// hook: Container Instance set_act
// KeptError: set_member
// lookup: Instance
// native_function: set_member
// raise_error: Error
// same: Instance
// Second: First
// set_member: members
// tint_name: Tint
// Unique: set_member
// use_globals: Instance
// value_of: Instance
// view_of: Buffer
// ViewKeeper: Buffer
#pragma once

// clang-format off
#define FINFUZZ_FEATURES(FEATURE)                                                                \
    FEATURE(actions, "action")                                                                   \
    FEATURE(buffers, "Numbers Buffer")                                                           \
    FEATURE(capsules, "capsule at_capsule")                                                      \
    FEATURE(classes, "Dynamic WithMetaclass First Second NoGc NoGcClear Freelist Finalized Derived ListChild")\
    FEATURE(conversions, "takes_wrapped takes_releasing value_of same")                          \
    FEATURE(coroutines, "coroutine async_generator")                                             \
    FEATURE(ends, "at_py_atexit at_static_destructor at_thread_local_destructor")                \
    FEATURE(enums, "Tint tint_name Shade")                                                       \
    FEATURE(errors, "Error NativeError KeptError traceback raise_error catch_error")             \
    FEATURE(freed, "FailsInDealloc pass_on stop_early")                                          \
    FEATURE(functions, "native_function fused c_function answer Callee")                         \
    FEATURE(generators, "generator delegating expression")                                       \
    FEATURE(gil, "GilStateTaker")                                                                \
    FEATURE(globals, "call_once store use_globals import_something")                             \
    FEATURE(holders, "Unique Holder Callback")                                                   \
    FEATURE(members, "set_member")                                                               \
    FEATURE(native_threads, "keep_in_native_thread return_in_native_thread wait_in_native_thread")\
    FEATURE(overrides, "Overridable call_override")                                              \
    FEATURE(returning, "wait_for_the_end")                                                       \
    FEATURE(views, "view_of ViewKeeper array")
// clang-format on
