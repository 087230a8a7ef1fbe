#include "profiles/base/durations.h"

#include <algorithm>

#include "profiles/base/unnamed_file.h"

namespace swaplab {

Durations::Durations(std::initializer_list<Duration> all) : Durations(std::vector<Duration>(all)) {}

Durations::Durations(const std::vector<Duration>& all) {
    for (const Duration duration : all) push_back(duration);
}

void Durations::append(const Durations& more) {
    more.for_each([this](Duration duration) { push_back(duration); });
}

// A copy has the same file, and reads in it only.
void Durations::put_away() {
    if (stays_in_memory_) return;
    if (file_ == nullptr) file_ = UnnamedFile::make();
    const bool written =
        file_ != nullptr && file_.use_count() == 1 &&
        file_->write(std::as_bytes(std::span(recent_)), put_away_ * sizeof(Duration));
    stays_in_memory_ = !written;
    if (!written) return;
    put_away_ += recent_.size();
    recent_.clear();
}

std::span<const Duration> Durations::from(std::size_t at, std::vector<Duration>& buffer) const {
    if (at >= put_away_) return std::span(recent_).subspan(at - put_away_);
    buffer.resize(std::min(put_away_ - at, kMostInMemory));
    file_->read(std::as_writable_bytes(std::span(buffer)), at * sizeof(Duration));
    return buffer;
}

Duration Durations::operator[](std::size_t index) const {
    if (index >= put_away_) return recent_[index - put_away_];
    Duration duration{};
    file_->read(std::as_writable_bytes(std::span(&duration, 1)), index * sizeof(Duration));
    return duration;
}

Duration Durations::sum() const {
    Duration sum{};
    for_each([&](Duration duration) { sum += duration; });
    return sum;
}

bool operator==(const Durations& a, const Durations& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace swaplab
