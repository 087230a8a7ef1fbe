#include "experiments/output/separate_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "experiments/output/output_target.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

[[noreturn]] void refuse(const NamedFile& one, const NamedFile& output) {
    throw InputError(
        text("{} and {} name the same file, {}", one.first, output.first, output.second));
}

bool same(const OutputTarget& a, const OutputTarget& b) {
    if (a.device || b.device) return false;  // both may go to /dev/null
    if (a.descriptor >= 0 || b.descriptor >= 0) return a.descriptor == b.descriptor;
    return identity_of(a.path) == identity_of(b.path);
}

// A regular file that a stream of this process was sent to would lose what the stream writes.
void require_no_stream(const NamedFile& output) {
    for (const auto& [descriptor, name] :
         {std::pair{STDOUT_FILENO, "standard output"}, {STDERR_FILENO, "standard error"}}) {
        struct stat status {};
        if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
            identity_of(output.second) == FileIdentity{status.st_dev, status.st_ino, {}})
            refuse({name, ""}, output);
    }
}

void require_no_input(const std::vector<NamedFile>& inputs, const NamedFile& output) {
    const auto written = identity_of(output.second);
    for (const NamedFile& input : inputs)
        if (!input.second.empty() && identity_of(input.second) == written) refuse(input, output);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

void require_separate(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
    std::vector<std::pair<NamedFile, OutputTarget>> before;
    for (const NamedFile& output : outputs) {
        if (output.second.empty()) continue;
        const OutputTarget target = output_target(output.second);
        if (target.file()) {
            require_no_input(inputs, output);
            require_no_stream(output);
        }
        for (const auto& [other, where] : before)
            if (same(where, target)) refuse(other, output);
        before.emplace_back(output, target);
    }
}

void require_ending(const NamedFile& output, const std::string& ending) {
    const auto& [flag, path] = output;
    if (path.empty() || !output_target(path).file()) return;
    const std::string found = std::filesystem::path(path).extension().string();
    if (found.empty() || lower(found) == ending) return;
    throw InputError(
        text("{} {}: expected a name that ends in {}, which is what is written, found '{}'", flag,
             path, ending, found));
}

}  // namespace swaplab
