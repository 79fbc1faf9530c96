// Macros that select fuzzer-only code; here are the fuzzer's values. For a finding's script, each
// condition on them is decided and only one branch is kept (triage/repro/reduce.py).
#pragma once

#define FINFUZZ_ALONE 0      // without a probe: blocks, events and objects are not counted
#define FINFUZZ_HAS(name) 1  // the program uses this name of a class, function, action …
#define FINFUZZ_ON_DEMAND 1  // a feature is bound when one of its names is first used
#define FINFUZZ_TWO 1        // there may be another extension, of another name
#define FINFUZZ_WATCH 1      // recreated internals are reported

// A framework's policies are macros FINFUZZ_POLICY_<NAME>. The build defines one as 1, the rest as 0.
