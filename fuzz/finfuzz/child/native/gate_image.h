// A loaded object as the linker sees it: its code, and its slots for imported functions.
#pragma once

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace finfuzz {

struct Import {
    const char* name;
    void** slot;
    bool is_call;  // the slot serves calls alone; any other is read by code that may compare it
    uint32_t symbol;
};

class Image {
   public:
    uintptr_t base = 0, begin = 0, end = 0;

    Image() = default;

    explicit Image(const dl_phdr_info& info) : base(info.dlpi_addr), begin(UINTPTR_MAX) {
        for (int index = 0; index < info.dlpi_phnum; ++index) {
            const ElfW(Phdr)& header = info.dlpi_phdr[index];
            Range range{base + header.p_vaddr, base + header.p_vaddr + header.p_memsz};
            if (header.p_type == PT_LOAD) add_segment(range, header.p_flags & PF_X);
            if (header.p_type == PT_GNU_RELRO) relro_ = range;
            if (header.p_type == PT_DYNAMIC) dynamic_ = reinterpret_cast<const ElfW(Dyn)*>(range.begin);
        }
    }

    bool has_code(uintptr_t address) const {
        for (size_t index = 0; index < code_count_; ++index)
            if (code_[index].begin <= address && address < code_[index].end) return true;
        return false;
    }

    // Calls `use` with each slot for a function or variable of another object.
    template <typename Use>
    void for_each_import(Use use) const {
        Tables tables = read_tables();
        visit(tables, tables.calls, tables.call_bytes, use);
        visit(tables, tables.others, tables.other_bytes, use);
    }

    // Whether calls of the same function have a slot of their own.
    bool calls(const Import& import) const {
        Tables tables = read_tables();
        bool found = false;
        visit(tables, tables.calls, tables.call_bytes, [&](const Import& call) {
            found = found || (call.is_call && call.symbol == import.symbol);
        });
        return found;
    }

    // The pages that the linker made read-only after relocation, as it rounds them; maybe none.
    std::pair<void*, size_t> find_read_only() const {
        uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE));
        uintptr_t first = relro_.begin & -page, last = relro_.end & -page;
        return {reinterpret_cast<void*>(first), last > first ? last - first : 0};
    }

   private:
    struct Range {
        uintptr_t begin, end;
    };

    struct Tables {
        const ElfW(Sym)* symbols = nullptr;
        const char* strings = nullptr;
        const ElfW(Rela)* calls = nullptr;
        const ElfW(Rela)* others = nullptr;
        size_t call_bytes = 0, other_bytes = 0;
    };

    static constexpr size_t kMostCode = 8;  // segments; an optimizer of binaries adds some
    Range code_[kMostCode] = {};
    size_t code_count_ = 0;
    Range relro_ = {};
    const ElfW(Dyn)* dynamic_ = nullptr;

    void add_segment(Range range, bool executable) {
        if (range.begin < begin) begin = range.begin;
        if (range.end > end) end = range.end;
        if (executable && code_count_ < kMostCode) code_[code_count_++] = range;
    }

    // glibc has relocated these pointers, other C libraries have not.
    template <typename Entry>
    void point(const Entry*& to, const ElfW(Dyn)& entry) const {
        uintptr_t address = entry.d_un.d_ptr;
        to = reinterpret_cast<const Entry*>(address < base ? base + address : address);
    }

    Tables read_tables() const {
        Tables found;
        for (auto* entry = dynamic_; entry && entry->d_tag != DT_NULL; ++entry) {
            switch (entry->d_tag) {
                case DT_SYMTAB: point(found.symbols, *entry); break;
                case DT_STRTAB: point(found.strings, *entry); break;
                case DT_JMPREL: point(found.calls, *entry); break;
                case DT_PLTRELSZ: found.call_bytes = entry->d_un.d_val; break;
                case DT_RELA: point(found.others, *entry); break;
                case DT_RELASZ: found.other_bytes = entry->d_un.d_val; break;
            }
        }
        return found;
    }

    template <typename Use>
    void visit(const Tables& tables, const ElfW(Rela)* at, size_t bytes, Use use) const {
        if (at == nullptr || tables.symbols == nullptr || tables.strings == nullptr) return;
        for (auto* last = at + bytes / sizeof *at; at != last; ++at) {
            auto type = ELF64_R_TYPE(at->r_info);
            uint32_t symbol = uint32_t(ELF64_R_SYM(at->r_info));
            if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) continue;
            if (tables.symbols[symbol].st_shndx != SHN_UNDEF) continue;
            use(Import{tables.strings + tables.symbols[symbol].st_name,
                       reinterpret_cast<void**>(base + at->r_offset), type == R_X86_64_JUMP_SLOT, symbol});
        }
    }
};

// While it lives, the object's slots can be written. The linker's protection is restored.
class Writable {
   public:
    explicit Writable(const Image& image) : pages_(image.find_read_only()), done_(protect(PROT_READ | PROT_WRITE)) {}
    ~Writable() {
        if (done_) protect(PROT_READ);
    }
    Writable(const Writable&) = delete;
    explicit operator bool() const { return done_; }

   private:
    std::pair<void*, size_t> pages_;
    bool done_;

    bool protect(int how) { return pages_.second == 0 || mprotect(pages_.first, pages_.second, how) == 0; }
};

}  // namespace finfuzz
