#include "experiments/sweep/records/record_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>

#include "experiments/output/output_file.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/reading.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// "0000012c 8f14e45fceea167a ": eight digits of the length, sixteen of the hash.
constexpr std::size_t kLengthDigits = 8;
constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kFrame = kLengthDigits + 1 + kHashDigits + 1;
constexpr std::size_t kMostPayload = std::size_t{64} << 20;

std::string checksum(std::string_view payload) {
    return hex_digest(payload).substr(0, kHashDigits);
}

std::optional<std::size_t> length_in(std::string_view frame) {
    std::size_t length = 0;
    const char* const end = frame.data() + kLengthDigits;
    const auto [last, error] = std::from_chars(frame.data(), end, length, 16);
    if (error != std::errc() || last != end || length > kMostPayload) return std::nullopt;
    return length;
}

// The payload of the next record, or nothing where no whole one follows.
std::optional<std::string> next_record(std::istream& stream) {
    std::string frame(kFrame, '\0');
    if (!stream.read(frame.data(), kFrame)) return std::nullopt;
    const std::optional<std::size_t> length = length_in(frame);
    if (!length) return std::nullopt;
    std::string payload(*length + 1, '\0');
    if (!stream.read(payload.data(), static_cast<std::streamsize>(payload.size())))
        return std::nullopt;
    if (payload.back() != '\n') return std::nullopt;
    payload.pop_back();
    if (frame.substr(kLengthDigits + 1, kHashDigits) != checksum(payload)) return std::nullopt;
    return payload;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw InputError(text("cannot write '{}': {}", path, why));
}

}  // namespace

RecordScan read_records(const std::string& path,
                        const std::function<void(std::string_view)>& on_record) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw InputError(text("cannot read '{}': {}", path, std::strerror(errno)));
    RecordScan scan;
    const auto next = [&] { return next_record(stream); };
    while (const std::optional<std::string> payload = reading(stream, path, next)) {
        scan.whole_bytes += static_cast<std::int64_t>(kFrame + payload->size() + 1);
        on_record(*payload);
    }
    stream.clear();
    stream.seekg(0, std::ios::end);
    scan.torn_bytes = static_cast<std::int64_t>(stream.tellg()) - scan.whole_bytes;
    return scan;
}

RecordWriter::RecordWriter(const std::string& path) : path_(path) {
    file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0) refuse(path, std::strerror(errno));
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        close(file_);
        refuse(path, reason == EWOULDBLOCK ? "another sweep is writing it" : std::strerror(reason));
    }
    const RecordScan scan = read_records(path, [](std::string_view) {});
    end_ = scan.whole_bytes;
    cut_off_ = scan.torn_bytes;
    if (cut_off_ > 0 && ftruncate(file_, end_) != 0) {
        const int reason = errno;
        close(file_);
        refuse(path, std::strerror(reason));
    }
}

RecordWriter::~RecordWriter() { close(file_); }

// What was written of a record goes again; if even that fails, the next reader cuts it off.
void RecordWriter::take_back(int reason) {
    [[maybe_unused]] const int ignored = ftruncate(file_, end_);
    throw OutputError(text("cannot write '{}': {}", path_, std::strerror(reason)));
}

void RecordWriter::append(std::string_view payload) {
    SWAPLAB_CHECK(payload.size() <= kMostPayload, "a record of {} bytes", payload.size());
    const std::string record = text("{:08x} {} {}\n", payload.size(), checksum(payload), payload);
    std::string_view left = record;
    while (!left.empty()) {
        const ssize_t written = write(file_, left.data(), left.size());
        if (written > 0)
            left.remove_prefix(static_cast<std::size_t>(written));
        else if (written == 0)
            take_back(ENOSPC);
        else if (errno != EINTR)
            take_back(errno);
    }
    end_ += static_cast<std::int64_t>(record.size());
}

void RecordWriter::sync() {
    if (fdatasync(file_) != 0 && errno != EINVAL && errno != EROFS)
        throw OutputError(text("cannot write '{}': {}", path_, std::strerror(errno)));
}

}  // namespace swaplab
