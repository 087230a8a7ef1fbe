#include "tests/hw/storage_faulty_io.h"

#include <algorithm>
#include <cstring>

namespace swaplab::testing {

void FaultyIo::submit(const IoRequest& request) noexcept {
    if (in_flight_ != nullptr) ++*in_flight_;
    const auto fault = faults_.find(submitted_++);
    if (fault == faults_.end()) {
        inner_->submit(request);
    } else if (fault->second.error != 0 || fault->second.file_ends) {
        failed_.push_back({request.tag, -std::int64_t{fault->second.error}});
    } else {
        IoRequest shorter = request;
        shorter.size = std::min(shorter.size, fault->second.most);
        inner_->submit(shorter);
    }
}

IoCompletion FaultyIo::wait() noexcept {
    if (in_flight_ != nullptr) --*in_flight_;
    if (failed_.empty()) return inner_->wait();
    const IoCompletion completion = failed_.front();
    failed_.pop_front();
    return completion;
}

IoCompletion ShuffledIo::wait() noexcept {
    const std::size_t chosen = random_() % requests_.size();
    std::swap(requests_[chosen], requests_.back());
    const IoRequest request = requests_.back();
    requests_.pop_back();
    const auto offset = static_cast<std::size_t>(request.offset);
    const std::size_t size = std::min(request.size, file_.size() - std::min(offset, file_.size()));
    if (size > 0) std::memcpy(request.to, file_.data() + offset, size);
    return {request.tag, static_cast<std::int64_t>(size)};
}

}  // namespace swaplab::testing
