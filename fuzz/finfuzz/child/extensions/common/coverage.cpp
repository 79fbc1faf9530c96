// The callback that -fsanitize-coverage=trace-pc puts into every basic block; compiled without that
// flag itself. No two blocks share a counter.
#include "../../common/probe.h"
#include "../../common/segment.h"

namespace finfuzz {

static Segment segment;  // of this shared object

void prepare_coverage() { segment = find_segment(reinterpret_cast<uintptr_t>(&prepare_coverage)); }

}  // namespace finfuzz

// A child calls this some thousand times: no division that the compiler can't turn into a product.
extern "C" void __sanitizer_cov_trace_pc() {
    using namespace finfuzz;
    if (!probe || !probe->blocks) return;
    size_t offset = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) - segment.begin;
    if (offset >= segment.size) return;
    size_t index = offset / kCall;
    if (index >= probe->block_count) index %= probe->block_count;
    count_in(probe->blocks[index]);
}
