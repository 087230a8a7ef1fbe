#include "experiments/shell/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "experiments/shell/interrupt.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const char* why) {
    throw InputError(text("cannot write '{}': {}", path, why));
}

// Where the bytes go until they are complete; empty if they go to the path itself.
std::string temporary_for(const std::string& path) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::is_directory(status)) refuse(path, "it is a folder");
    if (fs::exists(status) && access(path.c_str(), W_OK) != 0) refuse(path, std::strerror(errno));
    if (fs::exists(status) && !fs::is_regular_file(status)) return {};
    return text("{}.{}.tmp", path, getpid());
}

// A link stays a link: the file it leads to is replaced.
std::string target_of(const std::string& path) {
    std::error_code failed;
    if (!fs::is_symlink(path, failed)) return path;
    const fs::path target = fs::weakly_canonical(path, failed);
    return failed ? path : target.string();
}

}  // namespace

void require_distinct(const std::vector<std::pair<std::string, std::string>>& files) {
    std::error_code ignored;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto& [flag, path] = files[i];
        const bool special = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
        if (path.empty() || special) continue;
        for (std::size_t j = 0; j < i; ++j) {
            const auto& [other_flag, other] = files[j];
            if (other.empty()) continue;
            if (fs::weakly_canonical(fs::absolute(path), ignored) ==
                fs::weakly_canonical(fs::absolute(other), ignored))
                throw InputError(text("{} and {} name the same file, {}", other_flag, flag, path));
        }
    }
}

OutputFile::OutputFile(const std::string& path) : path_(target_of(path)) {
    if (path_.empty()) refuse(path_, "the name is empty");
    temporary_ = temporary_for(path_);
    stream_.open(temporary_.empty() ? path_ : temporary_, std::ios::binary | std::ios::trunc);
    if (!stream_) {
        const int reason = errno;
        temporary_.clear();
        refuse(path_, std::strerror(reason));
    }
    if (!temporary_.empty()) remove_on_interrupt(temporary_);
}

OutputFile::~OutputFile() {
    if (temporary_.empty()) return;
    stream_.close();
    std::remove(temporary_.c_str());
    keep_on_interrupt(temporary_);
}

void OutputFile::commit() {
    errno = 0;
    stream_.close();
    if (!stream_)
        throw OutputError(text("cannot write '{}': {}", path_,
                               errno != 0 ? std::strerror(errno) : "is the disk full?"));
    if (temporary_.empty()) return;
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
        throw OutputError(text("cannot put '{}' in place: {}", path_, std::strerror(errno)));
    keep_on_interrupt(temporary_);
    temporary_.clear();
}

std::unique_ptr<OutputFile> open_if_asked(const std::string& path) {
    return path.empty() ? nullptr : std::make_unique<OutputFile>(path);
}

void write_if_asked(const std::unique_ptr<OutputFile>& file, const std::string& content) {
    if (!file) return;
    file->stream() << content;
    file->commit();
}

}  // namespace swaplab
