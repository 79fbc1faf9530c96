// Finds the objects under the gated paths, and leads their slots for functions of CPython to stubs.
//
// All of it is done while dl_iterate_phdr holds the linker's lock, since two interpreters with GILs of
// their own may load objects at once. A stub is complete before a slot leads to it: another thread may
// call through that slot.
#include "gate.h"

#if defined(__x86_64__)
#include <Python.h>

#include <dlfcn.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "gate_image.h"

namespace finfuzz {

Stub stubs[kStubs];
Object cpython;

static uint32_t stub_count = 0;
static Image cpython_image;
static void* (*open_original)(const char* path, int flags) = nullptr;
// Never destroyed: threads may load objects while the process ends.
static auto& paths = *new std::vector<std::string>;
static auto& objects = *new std::vector<const Object*>;
static unsigned long long last_adds = 0;  // objects loaded in this process, at the last look

static uint64_t hash_text(const char* text, uint64_t hash) {  // FNV-1a
    for (; *text; ++text) hash = (hash ^ uint8_t(*text)) * 0x100000001b3;
    return hash;
}

static uint64_t hash_stub(const char* path, const char* name) {
    const char* slash = std::strrchr(path, '/');
    return hash_text(name, hash_text(slash ? slash : path, 0xcbf29ce484222325) * 31);
}

static bool lies_under(const std::string& path, const char* name) {
    if (std::strncmp(name, path.c_str(), path.size()) != 0) return false;
    char next = name[path.size()];
    return next == 0 || next == '/';
}

static bool is_gated(const char* name) {
    char real[PATH_MAX];
    if (realpath(name, real) == nullptr) return false;
    for (const std::string& path : paths)
        if (lies_under(path, name) || lies_under(path, real)) return true;
    return false;
}

static bool is_known(const Image& image, const char* path) {
    for (const Object* object : objects)
        if (object->base == image.base && std::strcmp(object->path, path) == 0) return true;
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
    stubs[stub_count] = {original, strdup(import.name), &object, hash_stub(object.path, import.name),
                         find_allowed(import.name)};
    __atomic_store_n(import.slot, find_stub_code(stub_count++), __ATOMIC_RELEASE);
}

static void patch(const Image& image, const char* path) {
    auto* object = new Object{image.base, image.begin, image.end, strdup(path)};
    objects.push_back(object);
    Writable writable(image);
    if (!writable) return;
    image.for_each_import([&](const Import& import) {
        if (!may_patch(image, import)) return;
        void* original = find_original(image, import);
        if (original) lead_to_stub(import, *object, original);
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
    if (paths.empty()) return;
    unsigned long long adds = last_adds;
    dl_iterate_phdr(look_at, &adds);
    last_adds = adds;
}

void gate_path(const char* path) {
    char real[PATH_MAX];
    if (paths.empty()) dl_iterate_phdr(find_cpython, nullptr);
    paths.emplace_back(path);
    if (realpath(path, real) && paths.back() != real) paths.emplace_back(real);
    last_adds = 0;
}

}  // namespace finfuzz
#endif
