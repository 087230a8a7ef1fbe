#include "experiments/output/output_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw InputError(text("cannot write '{}': {}", path, why));
}

// The stream of this process that a name stands for; -1 for none.
int named_descriptor(std::string_view path) {
    if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!path.starts_with(folder)) continue;
        const std::string_view digits = path.substr(folder.size());
        int number = -1;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc{} && end == digits.data() + digits.size() && number >= 0)
            return number;
    }
    return -1;
}

void require_open(const std::string& path, int descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) refuse(path, "it is not open");
    if ((flags & O_ACCMODE) == O_RDONLY) refuse(path, "it is open for reading only");
}

// What swallows what is written to it, or shows it: null, full and terminals.
bool holds_nothing(const struct stat& status) {
    constexpr unsigned memory = 1;
    constexpr unsigned null = 3;
    constexpr unsigned full = 7;
    constexpr unsigned terminal = 5;
    constexpr unsigned first_pty = 136;
    constexpr unsigned last_pty = 143;
    const unsigned kind = major(status.st_rdev);
    const unsigned which = minor(status.st_rdev);
    return (kind == memory && (which == null || which == full)) ||
           (kind == terminal && which == 0) || (kind >= first_pty && kind <= last_pty);
}

bool is_program(int descriptor) {
    std::array<char, 4> begin{};
    return pread(descriptor, begin.data(), begin.size(), 0) == 4 &&
           std::memcmp(begin.data(), "\177ELF", begin.size()) == 0;
}

// The way to find out whether a file may be written: the access rights, a mount that is read-only
// and a program that runs have their say.
void require_replaceable(const std::string& path) {
    const int writer = open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (writer < 0) refuse(path, std::strerror(errno));
    close(writer);
    const int reader = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (reader < 0) return;  // may be written, and not be read
    const bool program = is_program(reader);
    close(reader);
    if (program) refuse(path, "it is a program or a library");
}

void require_folder(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    struct stat folder {};
    if (stat(parent.empty() ? "." : parent.c_str(), &folder) != 0)
        refuse(path, std::strerror(errno));
    if (!S_ISDIR(folder.st_mode)) refuse(path, text("{} is no folder", parent.string()));
}

[[noreturn]] void refuse_link(const std::string& path) {
    std::error_code unknown;
    const std::string to = fs::read_symlink(path, unknown).string();
    refuse(path, text("it is a link to '{}', and links are not followed; name what it leads to, or "
                      "remove it",
                      to));
}

}  // namespace

std::optional<FileIdentity> identity_of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0) return FileIdentity{status.st_dev, status.st_ino, {}};
    const fs::path whole(path);
    const fs::path parent = whole.parent_path();
    if (stat(parent.empty() ? "." : parent.c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino, whole.filename().string()};
}

bool is_standard_output(const std::string& path) { return named_descriptor(path) == STDOUT_FILENO; }

OutputTarget output_target(const std::string& path) {
    if (path.empty()) refuse(path, "the name is empty");
    OutputTarget target{path, named_descriptor(path), false};
    if (target.descriptor >= 0) {
        require_open(path, target.descriptor);
        return target;
    }
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
        if (errno != ENOENT) refuse(path, std::strerror(errno));
        if (path.ends_with('/')) refuse(path, "there is no such folder");
        require_folder(path);
        return target;
    }
    if (S_ISLNK(status.st_mode)) refuse_link(path);
    if (S_ISDIR(status.st_mode)) refuse(path, "it is a folder");
    target.device = S_ISCHR(status.st_mode) && holds_nothing(status);
    if (target.device) return target;
    if (S_ISFIFO(status.st_mode))
        refuse(path, "it is a pipe; `>(COMMAND)` of a shell, or -, can be written to");
    if (!S_ISREG(status.st_mode)) refuse(path, "it is a device or a socket");
    require_replaceable(path);
    return target;
}

}  // namespace swaplab
