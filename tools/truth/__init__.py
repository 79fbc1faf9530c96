"""How good is the fuzzer? Known defects, and how long it takes to find each again."""
