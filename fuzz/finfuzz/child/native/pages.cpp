#include "pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace finfuzz {

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

constexpr uintptr_t kPage = 4096;
constexpr size_t kMostRanges = 256;  // 64 to 70 on CPython 3.11 to 3.13, with pybind11 3.1.0
// Ranges at most this far apart are merged: a call less, for a few pages copied in vain.
constexpr uintptr_t kGap = 2 * kPage;

struct Range {
    uintptr_t begin, end;
    int advice;
};

static struct Ranges {
    size_t count;
    Range range[kMostRanges];
}* ranges = nullptr;  // shared, so that the scout can fill it in

static bool recording = false;

void prepare_pages() {
    void* mapping =
        mmap(nullptr, sizeof(Ranges), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping != MAP_FAILED) ranges = static_cast<Ranges*>(mapping);
}

void record_pages_at_end() { recording = true; }

static void add_page(uintptr_t page, int advice) {
    Range* last = ranges->count ? &ranges->range[ranges->count - 1] : nullptr;
    if (last && last->advice == advice && page >= last->end && page - last->end <= kGap) {
        last->end = page + kPage;
    } else if (ranges->count < kMostRanges) {
        ranges->range[ranges->count++] = {page, page + kPage, advice};
    }
}

// Bits of /proc/self/pagemap: the page is present; no other process has the page too.
constexpr uint64_t kPresent = uint64_t(1) << 63, kExclusive = uint64_t(1) << 56;

// A sanitizer's shadow memory is larger than any heap: reading it would take hours.
constexpr uintptr_t kMostBytes = uintptr_t(1) << 32;

static void record_mapping(int pagemap, uintptr_t begin, uintptr_t end, const char* mode) {
    bool writable = mode[1] == 'w', shared = mode[3] == 's';
    if (mode[0] != 'r' || end - begin > kMostBytes) return;
    uint64_t wanted = writable && !shared ? kPresent | kExclusive : kPresent;
    for (uintptr_t page = begin; page < end; page += kPage) {
        uint64_t entry = 0;
        if (pread(pagemap, &entry, sizeof entry, off_t(page / kPage * sizeof entry)) != sizeof entry) return;
        if ((entry & wanted) == wanted) add_page(page, writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
    }
}

void record_pages() {
    if (!recording || ranges == nullptr) return;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    FILE* maps = pagemap < 0 ? nullptr : fopen("/proc/self/maps", "re");
    char line[512], mode[5];
    uintptr_t begin, end;
    while (maps && fgets(line, sizeof line, maps))
        if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, mode) == 3)
            record_mapping(pagemap, begin, end, mode);
}

// Errors don't matter: a kernel before 5.14 has no such advice, and pages come by faults then.
void populate_pages() {
    if (ranges == nullptr) return;
    for (size_t index = 0; index < ranges->count; ++index) {
        const Range& one = ranges->range[index];
        madvise(reinterpret_cast<void*>(one.begin), one.end - one.begin, one.advice);
    }
}

}  // namespace finfuzz
