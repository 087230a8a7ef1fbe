// What a name that was given for an output stands for: a file to make or to replace, or a stream
// that is there already.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tuple>

namespace swaplab {

// The same of two names of one file, whichever way they lead there: of a file that exists its
// device and inode, of another those of its folder and its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    std::string name;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
// Nothing where neither the file nor its folder is there.
std::optional<FileIdentity> identity_of(const std::string& path);

struct OutputTarget {
    std::string path;     // as it was given
    int descriptor = -1;  // of a stream of this process: -, /dev/stdout, /dev/stderr, /dev/fd/N
    bool device = false;  // /dev/null and the like: written directly

    bool file() const { return descriptor < 0 && !device; }
};

// Throws `InputError` for what no output can be written to: a folder, a link, a program, a pipe by
// its name, a device that holds something, what may not be written, what has no folder.
OutputTarget output_target(const std::string& path);

// Whether the output goes to standard output, for which `-` stands too.
bool is_standard_output(const std::string& path);

}  // namespace swaplab
