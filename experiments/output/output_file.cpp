#include "experiments/output/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

OutputFile::OutputFile(const std::string& path) : target_(output_target(path)) {
    int descriptor = target_.descriptor;
    if (target_.file()) {
        descriptor = temporary_.emplace(path).descriptor();
    } else if (target_.device) {
        descriptor = opened_ = open(path.c_str(), O_WRONLY | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
        if (opened_ < 0)
            throw InputError(text("cannot write '{}': {}", path, std::strerror(errno)));
    }
    stream_ = std::make_unique<DescriptorStream>(descriptor);
}

OutputFile::~OutputFile() {
    if (opened_ >= 0) close(opened_);
}

void OutputFile::commit() {
    stream_->flush();
    // Whoever read standard output went away: that is the reader's affair, as in main.
    const bool unread = target_.descriptor == STDOUT_FILENO && stream_->error() == EPIPE;
    if (!*stream_ && !unread)
        throw OutputError(
            text("cannot write '{}': {}", target_.path, std::strerror(stream_->error())));
    if (temporary_) temporary_->put_in_place();
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
