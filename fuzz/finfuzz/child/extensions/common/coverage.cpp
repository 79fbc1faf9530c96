// The callback that -fsanitize-coverage=trace-pc puts into every basic block; compiled without that
// flag itself. A block's counter is (return address - start of the executable segment) / 5: the
// callback is reached by call instructions of 5 bytes, so two return addresses are never nearer than
// that and no two blocks share a counter.
#include <link.h>

#include "../../common/probe.h"

namespace {

uintptr_t begin = 0;  // of the executable segment of this shared object
size_t size = 0;
constexpr size_t kCall = 5;

int find_segment(dl_phdr_info* info, size_t, void* inside) {
    for (int index = 0; index < info->dlpi_phnum; ++index) {
        const ElfW(Phdr)& header = info->dlpi_phdr[index];
        uintptr_t from = info->dlpi_addr + header.p_vaddr;
        uintptr_t address = reinterpret_cast<uintptr_t>(inside);
        if (header.p_type != PT_LOAD || !(header.p_flags & PF_X)) continue;
        if (address < from || address >= from + header.p_memsz) continue;
        begin = from;
        size = header.p_memsz;
        return 1;
    }
    return 0;
}

}  // namespace

namespace finfuzz {

void prepare_coverage() { dl_iterate_phdr(find_segment, reinterpret_cast<void*>(&prepare_coverage)); }

}  // namespace finfuzz

// A child calls this some thousand times: no division that the compiler can't turn into a product.
extern "C" void __sanitizer_cov_trace_pc() {
    using finfuzz::probe;
    if (!probe || !probe->blocks) return;
    size_t offset = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) - begin;
    if (offset >= size) return;
    size_t index = offset / kCall;
    if (index >= probe->block_count) index %= probe->block_count;
    finfuzz::count_in(probe->blocks[index]);
}
