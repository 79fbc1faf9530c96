// What the script of a finding is spared. It gets these sources with each condition on these macros
// decided and only its own branch left (triage/repro/reduce.py); for the fuzzer they say this.
#pragma once

#define FINFUZZ_ALONE 0      // no probe: nobody counts blocks, events and objects
#define FINFUZZ_HAS(name) 1  // the program uses this name: of a class, a function, an action …
#define FINFUZZ_ON_DEMAND 1  // features are bound when one of their names is first asked for
#define FINFUZZ_TWO 1        // there may be another extension, of another name
#define FINFUZZ_WATCH 1      // internals that are made again are told

// A framework has policies as macros FINFUZZ_POLICY_<NAME>, one of them 1: the compiler is told.
