// A library to be preloaded that makes calls of the system fail, by their number.
//
//   FAULTS_PLAN=KIND:FIRST:LAST:ACTION   calls FIRST to LAST (from 1) of a kind fail; LAST 0: all
//                                        that follow. ACTION is an errno, or `short`: half of what
//                                        was asked for is read or written
//   FAULTS_LOG=FILE                      at the end: how many calls of each kind there were since
//                                        main, and how many failed
//   FAULTS_TRACE=FILE                    if the process dies of a signal: two lines of the files
//                                        (libraries, the program) that were on the stack, innermost
//                                        first: "failed ..." at the last call that failed, "died
//                                        ..." at the end; ":throws" where an exception was thrown
//
// What goes to standard error is left alone: it is where the program says what happened.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#if __has_include(<liburing.h>)
#include <liburing.h>
#endif

namespace {

enum Kind {
    open_,
    read_,
    write_,
    sync_,
    rename_,
    make_,
    remove_,
    stat_,
    truncate_,
    map_,
    advise_,
    thread_,
    memory_,
    large_,
    ring_,
    completion_,
    kinds
};
constexpr const char* kNames[kinds] = {
    "open",     "read", "write",  "sync",   "rename", "make",  "remove", "stat",
    "truncate", "map",  "advise", "thread", "memory", "large", "ring",   "completion"};
constexpr std::size_t kLarge = std::size_t{1} << 16;  // of memory: who asks for this should look

std::atomic<bool> in_main{false};
std::atomic<std::uint64_t> calls[kinds];
std::atomic<std::uint64_t> failed{0};

struct Plan {
    int kind = kinds;
    unsigned long long first = 0, last = 0;
    int error = 0;  // 0: short
};
Plan plan;

// --- Whose call failed, and where the process died ----------------------------------------------

struct Stack {
    void* frames[64];
    int size = 0;
};
std::atomic_flag failing = ATOMIC_FLAG_INIT;  // held while `last_failed` is written
Stack last_failed;

void note_failed() {
    if (failing.test_and_set()) return;  // of calls that fail at once one is noted
    last_failed.size = backtrace(last_failed.frames, 64);
    failing.clear();
}

void write_stack(int file, const char* what, const Stack& stack) {
    const auto put = [file](const char* text) {
        syscall(SYS_write, file, text, std::strlen(text));
    };
    put(what);
    for (int i = 0; i < stack.size; ++i) {
        Dl_info where{};
        // A call that does not return may be the last thing in its function.
        const void* const at = static_cast<const char*>(stack.frames[i]) - 1;
        const bool known = dladdr(at, &where) != 0 && where.dli_fname != nullptr;
        const char* const slash = known ? std::strrchr(where.dli_fname, '/') : nullptr;
        put(" ");
        put(slash != nullptr ? slash + 1 : known ? where.dli_fname : "?");
        if (known && where.dli_sname != nullptr && std::strcmp(where.dli_sname, "__cxa_throw") == 0)
            put(":throws");
    }
    put("\n");
}

void on_death(int signal) {
    in_main = false;
    const char* const path = std::getenv("FAULTS_TRACE");
    const auto file =
        static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    Stack here;
    here.size = backtrace(here.frames, 64);
    write_stack(file, "failed", last_failed);
    write_stack(file, "died", here);
    syscall(SYS_close, file);
    std::signal(signal, SIG_DFL);
    raise(signal);
}

void trace_deaths() {
    if (std::getenv("FAULTS_TRACE") == nullptr) return;
    Stack first;
    first.size = backtrace(first.frames, 64);  // loads what it needs while there is memory
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
        std::signal(signal, on_death);
}

// --- Which calls fail ---------------------------------------------------------------------------

enum class Fate { real, error, half };

Fate fate_of(Kind kind) {
    if (!in_main.load(std::memory_order_relaxed)) return Fate::real;
    const std::uint64_t number = ++calls[kind];
    if (kind != plan.kind || number < plan.first || (plan.last != 0 && number > plan.last))
        return Fate::real;
    ++failed;
    note_failed();
    if (plan.error == 0) return Fate::half;
    errno = plan.error;
    return Fate::error;
}

bool fails(Kind kind) { return fate_of(kind) == Fate::error; }

std::size_t half_of(std::size_t size) { return size > 1 ? size / 2 : size; }

void read_plan() {
    const char* const given = std::getenv("FAULTS_PLAN");
    char name[32] = "", action[32] = "";
    if (given == nullptr ||
        std::sscanf(given, "%31[^:]:%llu:%llu:%31s", name, &plan.first, &plan.last, action) != 4)
        return;
    for (int kind = 0; kind < kinds; ++kind)
        if (std::strcmp(name, kNames[kind]) == 0) plan.kind = kind;
    plan.error = std::strcmp(action, "short") == 0 ? 0 : std::atoi(action);
}

void write_log() {
    in_main = false;
    const char* const path = std::getenv("FAULTS_LOG");
    if (path == nullptr) return;
    const auto file =
        static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    char line[64];
    for (int kind = 0; kind <= kinds; ++kind) {
        const auto count = kind < kinds ? calls[kind].load() : failed.load();
        const int size =
            std::snprintf(line, sizeof line, "%s %llu\n", kind < kinds ? kNames[kind] : "failed",
                          static_cast<unsigned long long>(count));
        syscall(SYS_write, file, line, static_cast<std::size_t>(size));
    }
    syscall(SYS_close, file);
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int main_with_faults(int argc, char** argv, char** environment) {
    read_plan();
    trace_deaths();
    std::atexit(write_log);
    in_main = true;
    return real_main(argc, argv, environment);
}

}  // namespace

// The next of that name, once.
#define REAL(name) \
    static const auto real = reinterpret_cast<decltype(&(name))>(dlsym(RTLD_NEXT, #name))
#define FAIL(kind, result) \
    if (fails(kind)) return result

extern "C" {

int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*rtld_fini)(), void* stack_end) {
    using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
    real_main = main;
    const auto start = reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"));
    return start(main_with_faults, argc, argv, init, fini, rtld_fini, stack_end);
}

// Who leaves in a hurry is counted, too.
[[noreturn]] void _exit(int status) {
    write_log();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}

// --- Files --------------------------------------------------------------------------------------

#define OPENS(name, parameters, arguments)                        \
    int name parameters {                                         \
        REAL(name);                                               \
        va_list more;                                             \
        va_start(more, flags);                                    \
        const auto mode = static_cast<mode_t>(va_arg(more, int)); \
        va_end(more);                                             \
        FAIL(open_, -1);                                          \
        return real arguments;                                    \
    }
OPENS(open, (const char* path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char* path, int flags, ...), (path, flags, mode))
OPENS(openat, (int folder, const char* path, int flags, ...), (folder, path, flags, mode))
OPENS(openat64, (int folder, const char* path, int flags, ...), (folder, path, flags, mode))

#define WRAP(kind, result, failure, name, parameters, arguments) \
    result name parameters {                                     \
        REAL(name);                                              \
        FAIL(kind, failure);                                     \
        return real arguments;                                   \
    }
WRAP(open_, FILE*, nullptr, fopen, (const char* path, const char* mode), (path, mode))
WRAP(open_, FILE*, nullptr, fopen64, (const char* path, const char* mode), (path, mode))
WRAP(open_, int, -1, mkstemp, (char* path), (path))
WRAP(open_, int, -1, mkostemp, (char* path, int flags), (path, flags))
WRAP(open_, int, -1, memfd_create, (const char* name, unsigned flags), (name, flags))
WRAP(sync_, int, -1, fsync, (int file), (file))
WRAP(sync_, int, -1, fdatasync, (int file), (file))
WRAP(rename_, int, -1, rename, (const char* from, const char* to), (from, to))
WRAP(rename_, int, -1, renameat, (int a, const char* from, int b, const char* to), (a, from, b, to))
WRAP(rename_, int, -1, renameat2, (int a, const char* from, int b, const char* to, unsigned flags),
     (a, from, b, to, flags))
WRAP(rename_, int, -1, linkat, (int a, const char* from, int b, const char* to, int flags),
     (a, from, b, to, flags))
WRAP(make_, int, -1, mkdir, (const char* path, mode_t mode), (path, mode))
WRAP(make_, int, -1, mkdirat, (int folder, const char* path, mode_t mode), (folder, path, mode))
WRAP(make_, char*, nullptr, mkdtemp, (char* path), (path))
WRAP(remove_, int, -1, unlink, (const char* path), (path))
WRAP(remove_, int, -1, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
WRAP(remove_, int, -1, rmdir, (const char* path), (path))
WRAP(stat_, int, -1, stat, (const char* path, struct stat* to), (path, to))
WRAP(stat_, int, -1, lstat, (const char* path, struct stat* to), (path, to))
WRAP(stat_, int, -1, fstat, (int file, struct stat* to), (file, to))
WRAP(stat_, int, -1, fstatat, (int folder, const char* path, struct stat* to, int flags),
     (folder, path, to, flags))
WRAP(stat_, int, -1, stat64, (const char* path, struct stat64* to), (path, to))
WRAP(stat_, int, -1, lstat64, (const char* path, struct stat64* to), (path, to))
WRAP(stat_, int, -1, fstat64, (int file, struct stat64* to), (file, to))
WRAP(truncate_, int, -1, ftruncate, (int file, off_t size), (file, size))
WRAP(truncate_, int, -1, ftruncate64, (int file, off64_t size), (file, size))
WRAP(truncate_, int, -1, fallocate, (int file, int mode, off_t at, off_t size),
     (file, mode, at, size))
WRAP(truncate_, int, -1, fallocate64, (int file, int mode, off64_t at, off64_t size),
     (file, mode, at, size))

// --- Bytes --------------------------------------------------------------------------------------

#define MOVE(kind, name, parameters, file, size, arguments) \
    ssize_t name parameters {                               \
        REAL(name);                                         \
        if ((file) == STDERR_FILENO) return real arguments; \
        const Fate fate = fate_of(kind);                    \
        if (fate == Fate::error) return -1;                 \
        if (fate == Fate::half) (size) = half_of(size);     \
        return real arguments;                              \
    }
MOVE(read_, read, (int file, void* to, size_t size), file, size, (file, to, size))
MOVE(read_, pread, (int file, void* to, size_t size, off_t at), file, size, (file, to, size, at))
MOVE(read_, pread64, (int file, void* to, size_t size, off64_t at), file, size,
     (file, to, size, at))
MOVE(write_, write, (int file, const void* from, size_t size), file, size, (file, from, size))
MOVE(write_, pwrite, (int file, const void* from, size_t size, off_t at), file, size,
     (file, from, size, at))

#define MOVE_VECTOR(kind, name)                                                \
    ssize_t name(int file, const struct iovec* parts, int count) {             \
        REAL(name);                                                            \
        if (file == STDERR_FILENO) return real(file, parts, count);            \
        const Fate fate = fate_of(kind);                                       \
        if (fate == Fate::error) return -1;                                    \
        return real(file, parts, fate == Fate::half && count > 1 ? 1 : count); \
    }
MOVE_VECTOR(read_, readv)
MOVE_VECTOR(write_, writev)

// --- Memory and threads -------------------------------------------------------------------------

WRAP(map_, void*, MAP_FAILED, mmap,
     (void* at, size_t size, int access, int flags, int file, off_t from),
     (at, size, access, flags, file, from))
WRAP(map_, void*, MAP_FAILED, mmap64,
     (void* at, size_t size, int access, int flags, int file, off64_t from),
     (at, size, access, flags, file, from))
WRAP(map_, int, -1, mprotect, (void* at, size_t size, int access), (at, size, access))
WRAP(advise_, int, -1, madvise, (void* at, size_t size, int advice), (at, size, advice))
WRAP(advise_, int, -1, mlock, (const void* at, size_t size), (at, size))

void* mremap(void* at, size_t size, size_t new_size, int flags, ...) {
    REAL(mremap);
    va_list more;
    va_start(more, flags);
    void* const to = va_arg(more, void*);
    va_end(more);
    FAIL(map_, MAP_FAILED);
    return real(at, size, new_size, flags, to);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
    REAL(pthread_create);
    if (fails(thread_)) return plan.error;  // not in errno
    return real(thread, attributes, start, argument);
}

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

static bool no_memory(size_t size) { return fails(memory_) || (size >= kLarge && fails(large_)); }

void* malloc(size_t size) { return no_memory(size) ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) {
    return no_memory(count * size) ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
    return no_memory(size) ? nullptr : __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
    return no_memory(size) ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** to, size_t alignment, size_t size) {
    if (no_memory(size)) return ENOMEM;
    *to = __libc_memalign(alignment, size);
    return *to == nullptr ? ENOMEM : 0;
}

// --- io_uring -----------------------------------------------------------------------------------

#if __has_include(<liburing.h>)
int io_uring_queue_init(unsigned entries, struct io_uring* ring, unsigned flags) {
    REAL(io_uring_queue_init);
    FAIL(ring_, -plan.error);
    return real(entries, ring, flags);
}

// What has come may have gone wrong: the first completion that is there.
int io_uring_submit_and_wait(struct io_uring* ring, unsigned wait) {
    REAL(io_uring_submit_and_wait);
    FAIL(ring_, -plan.error);
    const int submitted = real(ring, wait);
    struct io_uring_cqe* first = nullptr;
    if (submitted < 0 || io_uring_peek_cqe(ring, &first) != 0 || first == nullptr) return submitted;
    const Fate fate = fate_of(completion_);
    if (fate == Fate::error) first->res = -plan.error;
    if (fate == Fate::half && first->res > 1) first->res /= 2;
    return submitted;
}
#endif

}  // extern "C"
