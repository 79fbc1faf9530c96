// The code of the stubs.
//
// A stub takes 16 bytes, and has one register to use: r11, in which a call may leave anything. What the
// stubs share keeps every register that passes arguments, with `al` of variadic functions. Unwinders
// know its stack: a backtrace from inside leads to the caller.
#include "gate.h"

#if defined(__x86_64__)
#include <cstddef>

namespace finfuzz {

constexpr size_t kStubBytes = 16;
extern "C" char finfuzz_stubs[] __attribute__((visibility("hidden")));

void* find_stub_code(uint32_t index) { return finfuzz_stubs + index * kStubBytes; }

static_assert(kStubs == 32768, "as below");
asm(R"(
    .pushsection .text
    .p2align 4
    .globl finfuzz_stubs
    .hidden finfuzz_stubs
    .type finfuzz_stubs, @function
finfuzz_stubs:
    .cfi_startproc
    .set finfuzz_index, 0
    .rept 32768
    movl $finfuzz_index, %r11d
    jmp finfuzz_gate
    .p2align 4
    .set finfuzz_index, finfuzz_index + 1
    .endr
    .cfi_endproc
    .size finfuzz_stubs, . - finfuzz_stubs

    .type finfuzz_gate, @function
finfuzz_gate:
    .cfi_startproc
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    pushq %r8
    .cfi_adjust_cfa_offset 8
    pushq %r9
    .cfi_adjust_cfa_offset 8
    pushq %rax
    .cfi_adjust_cfa_offset 8
    pushq %r10
    .cfi_adjust_cfa_offset 8
    subq $136, %rsp
    .cfi_adjust_cfa_offset 136
    movups %xmm0, (%rsp)
    movups %xmm1, 16(%rsp)
    movups %xmm2, 32(%rsp)
    movups %xmm3, 48(%rsp)
    movups %xmm4, 64(%rsp)
    movups %xmm5, 80(%rsp)
    movups %xmm6, 96(%rsp)
    movups %xmm7, 112(%rsp)
    movl %r11d, %edi
    movq 200(%rsp), %rsi
    call finfuzz_record_call
    movq %rax, %r11
    movups (%rsp), %xmm0
    movups 16(%rsp), %xmm1
    movups 32(%rsp), %xmm2
    movups 48(%rsp), %xmm3
    movups 64(%rsp), %xmm4
    movups 80(%rsp), %xmm5
    movups 96(%rsp), %xmm6
    movups 112(%rsp), %xmm7
    addq $136, %rsp
    .cfi_adjust_cfa_offset -136
    popq %r10
    .cfi_adjust_cfa_offset -8
    popq %rax
    .cfi_adjust_cfa_offset -8
    popq %r9
    .cfi_adjust_cfa_offset -8
    popq %r8
    .cfi_adjust_cfa_offset -8
    popq %rcx
    .cfi_adjust_cfa_offset -8
    popq %rdx
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    jmp *%r11
    .cfi_endproc
    .size finfuzz_gate, . - finfuzz_gate
    .popsection
)");

}  // namespace finfuzz
#endif
