// The executable segment that holds an address: its blocks are counted by their distance from its
// beginning.
#pragma once

#include <link.h>

#include <cstddef>
#include <cstdint>

namespace finfuzz {

struct Segment {
    uintptr_t begin = 0;
    size_t size = 0;
};

// No two return addresses are nearer: the callback of -fsanitize-coverage=trace-pc is reached by call
// instructions of 5 bytes.
constexpr size_t kCall = 5;

inline Segment find_segment(uintptr_t address) {
    struct Search {
        uintptr_t address;
        Segment found;
    } search{address, {}};
    auto look = [](dl_phdr_info* info, size_t, void* argument) {
        auto& [address, found] = *static_cast<Search*>(argument);
        for (int index = 0; index < info->dlpi_phnum; ++index) {
            const ElfW(Phdr)& header = info->dlpi_phdr[index];
            uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            if (header.p_type != PT_LOAD || !(header.p_flags & PF_X)) continue;
            if (address < begin || address >= begin + header.p_memsz) continue;
            found = {begin, header.p_memsz};
            return 1;
        }
        return 0;
    };
    dl_iterate_phdr(look, &search);
    return search.found;
}

}  // namespace finfuzz
