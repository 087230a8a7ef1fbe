#include "profiles/base/digests.h"

#include <algorithm>

namespace swaplab {

void Digests::push_back(std::string digest) {
    const std::size_t index = size_++;
    repeats_ = repeats_ || (index > 0 && digest == round_.front());
    if (!repeats_)
        round_.push_back(std::move(digest));
    else if (digest != round_[index % round_.size()])
        other_.emplace(index, std::move(digest));
}

const std::string& Digests::operator[](std::size_t index) const {
    if (const auto other = other_.find(index); other != other_.end()) return other->second;
    return round_[index % round_.size()];
}

// What is kept follows from the sequence alone.
bool operator==(const Digests& a, const Digests& b) {
    return a.size_ == b.size_ && a.round_ == b.round_ && a.other_ == b.other_;
}

}  // namespace swaplab
