// Finds the objects under the gated paths, and leads their slots for functions of CPython to stubs.
//
// All of it is done while dl_iterate_phdr holds the linker's lock, since two interpreters with GILs of
// their own may load objects at once. A stub is complete before a slot leads to it: another thread may
// call through that slot. Nothing comes from malloc: a program that uses freed memory must find there
// what it would find without the gate.
#include "gate.h"

#if defined(__x86_64__)
#include <Python.h>

#include <dlfcn.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "gate_image.h"

namespace finfuzz {

Stub stubs[kStubs];
Object cpython;

static uint32_t stub_count = 0;
static Image cpython_image;
static void* (*open_original)(const char* path, int flags) = nullptr;
static unsigned long long last_adds = 0;  // objects loaded in this process, at the last look

constexpr size_t kPaths = 256, kObjects = 2048;
static const char* paths[kPaths];
static size_t path_count = 0;
static Object objects[kObjects];
static size_t object_count = 0;

// Names and paths. Pages that nothing writes to cost nothing.
static char texts[2 << 20];
static size_t text_bytes = 0;

// Returns a copy, or an empty text where there is no more room.
static const char* keep_text(const char* text) {
    size_t bytes = std::strlen(text) + 1;
    if (text_bytes + bytes > sizeof texts) return "";
    auto* kept = static_cast<const char*>(std::memcpy(texts + text_bytes, text, bytes));
    text_bytes += bytes;
    return kept;
}

static uint64_t hash_text(const char* text, uint64_t hash) {  // FNV-1a
    for (; *text; ++text) hash = (hash ^ uint8_t(*text)) * 0x100000001b3;
    return hash;
}

static uint64_t hash_stub(const char* path, const char* name) {
    const char* slash = std::strrchr(path, '/');
    return hash_text(name, hash_text(slash ? slash : path, 0xcbf29ce484222325) * 31);
}

static bool lies_under(const char* path, const char* name) {
    size_t length = std::strlen(path);
    return std::strncmp(name, path, length) == 0 && (name[length] == 0 || name[length] == '/');
}

static bool is_gated(const char* name) {
    char real[PATH_MAX];
    if (realpath(name, real) == nullptr) return false;
    for (size_t index = 0; index < path_count; ++index)
        if (lies_under(paths[index], name) || lies_under(paths[index], real)) return true;
    return false;
}

static bool is_known(const Image& image, const char* path) {
    for (size_t index = 0; index < object_count; ++index)
        if (objects[index].base == image.base && std::strcmp(objects[index].path, path) == 0) return true;
    return false;
}

// An address that code reads may be stored or compared: it stays CPython's where that matters.
static bool may_patch(const Image& image, const Import& import) {
    if (std::strncmp(import.name, "Py", 2) != 0 && std::strncmp(import.name, "_Py", 3) != 0) return false;
    return import.is_call || !(is_compared(import.name) || image.calls(import));
}

// Returns the function of CPython that a slot leads to, or null. A slot that is bound lazily leads
// into its own object until the first call.
static void* find_original(const Image& image, const Import& import) {
    auto value = reinterpret_cast<uintptr_t>(*import.slot);
    if (cpython_image.has_code(value)) return *import.slot;
    if (!import.is_call || !image.has_code(value)) return nullptr;
    void* found = dlsym(RTLD_DEFAULT, import.name);
    return cpython_image.has_code(reinterpret_cast<uintptr_t>(found)) ? found : nullptr;
}

static void lead_to_stub(const Import& import, const Object& object, void* original) {
    if (stub_count == kStubs) return;
    stubs[stub_count] = {original, keep_text(import.name), &object, hash_stub(object.path, import.name),
                         find_allowed(import.name)};
    __atomic_store_n(import.slot, find_stub_code(stub_count++), __ATOMIC_RELEASE);
}

static void patch(const Image& image, const char* path) {
    Writable writable(image);
    if (!writable || object_count == kObjects) return;
    Object& object = objects[object_count++];
    object = {image.base, image.begin, image.end, keep_text(path)};
    image.for_each_import([&](const Import& import) {
        if (!may_patch(image, import)) return;
        void* original = find_original(image, import);
        if (original) lead_to_stub(import, object, original);
    });
}

static void* open_and_gate(const char* path, int flags) {
    void* handle = open_original(path, flags);
    if (handle) gate_new_objects();
    return handle;
}

// Leads CPython's own calls of dlopen through ours: an extension is gated before its init function runs.
static void take_dlopen() {
    Writable writable(cpython_image);
    if (!writable) return;
    cpython_image.for_each_import([](const Import& import) {
        if (!import.is_call || std::strcmp(import.name, "dlopen") != 0) return;
        open_original = reinterpret_cast<decltype(open_original)>(dlsym(RTLD_DEFAULT, "dlopen"));
        if (open_original) *import.slot = reinterpret_cast<void*>(open_and_gate);
    });
}

static int find_cpython(dl_phdr_info* info, size_t, void*) {
    Image image(*info);
    if (!image.has_code(reinterpret_cast<uintptr_t>(&PyThreadState_Get))) return 0;
    cpython_image = image;
    cpython = {image.base, image.begin, image.end, ""};
    take_dlopen();
    return 1;
}

static int look_at(dl_phdr_info* info, size_t, void* adds) {
    if (info->dlpi_adds == last_adds) return 1;
    *static_cast<unsigned long long*>(adds) = info->dlpi_adds;
    Image image(*info);
    bool is_ours = image.has_code(reinterpret_cast<uintptr_t>(&find_stub_code));
    if (is_ours || image.base == cpython.base || !is_gated(info->dlpi_name)) return 0;
    if (!is_known(image, info->dlpi_name)) patch(image, info->dlpi_name);
    return 0;
}

void gate_new_objects() {
    if (path_count == 0) return;
    unsigned long long adds = last_adds;
    dl_iterate_phdr(look_at, &adds);
    last_adds = adds;
}

static void add_path(const char* path) {
    const char* kept = path_count < kPaths ? keep_text(path) : "";
    if (*kept) paths[path_count++] = kept;
}

void gate_path(const char* path) {
    char real[PATH_MAX];
    if (path_count == 0) dl_iterate_phdr(find_cpython, nullptr);
    add_path(path);
    if (realpath(path, real)) add_path(real);
    last_adds = 0;
}

}  // namespace finfuzz
#endif
