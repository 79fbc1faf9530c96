/* The callback of -fsanitize-coverage=trace-pc for a CPython that finfuzz fuzzes itself. Linked into the
   interpreter (docs/how-it-works.md says how); compiled without that flag. */

/* Null until finfuzz's runtime begins a program: the interpreter is as usual. `block`: an address in it. */
void (*finfuzz_trace)(const void *block);

void __sanitizer_cov_trace_pc(void) {
    void (*trace)(const void *) = finfuzz_trace;
    if (trace) trace(__builtin_return_address(0));
}
