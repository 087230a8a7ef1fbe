#include "hw/storage/direct_reader.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// How often in a row a request may be interrupted, or come back without a whole unit of alignment,
// before that is an error: many, since a signal is no fault of the storage; not forever.
constexpr std::uint32_t kMostFruitless = 100;

}  // namespace

// The one at the lowest offset, so that what is told does not depend on the order of completions.
struct DirectReader::Failure {
    bool happened = false;
    std::int64_t offset = 0;
    int error = 0;  // 0: the file ended

    void note(const IoRequest& request, int why) {
        if (!happened || request.offset < offset) *this = {true, request.offset, why};
    }
};

DirectReader::DirectReader(std::unique_ptr<BlockIo> io, ReadPlan plan)
    : plan_(std::move(plan)), slots_(plan_.depth), io_(std::move(io)) {
    SWAPLAB_CHECK(plan_.depth >= 1, "{} requests in flight", plan_.depth);
    SWAPLAB_CHECK(plan_.request_bytes.count > 0 &&
                      plan_.request_bytes.count % plan_.info.alignment.count == 0,
                  "requests of {} bytes, alignment {}", plan_.request_bytes.count,
                  plan_.info.alignment.count);
    for (std::uint32_t tag = plan_.depth; tag-- > 0;) {
        slots_[tag].request.tag = tag;
        free_.push_back(tag);
    }
}

void DirectReader::check(Bytes offset, Bytes size, const std::byte* to) const {
    const std::int64_t alignment = plan_.info.alignment.count;
    const auto address = reinterpret_cast<std::uintptr_t>(to);
    SWAPLAB_CHECK(offset.count >= 0 && size.count >= 0 && offset.count % alignment == 0 &&
                      size.count % alignment == 0 &&
                      address % static_cast<std::uintptr_t>(alignment) == 0,
                  "{}: a read of {} bytes at {} to {}, alignment {}", plan_.file, size.count,
                  offset.count, static_cast<const void*>(to), alignment);
    if (offset > plan_.file_size || size > plan_.file_size - offset) {
        throw StorageError(text("{}: {} bytes at offset {} asked for, but the file ends at {}",
                                plan_.file, size.count, offset.count, plan_.file_size.count));
    }
}

// What no request has been made for yet.
class DirectReader::Rest {
  public:
    explicit Rest(std::span<const ReadRange> ranges) : ranges_(ranges) { skip_empty(); }

    bool empty() const { return ranges_.empty(); }
    void drop() { ranges_ = {}; }
    // At most so many bytes of it, of one range.
    IoRequest take(std::uint32_t tag, Bytes most) {
        const ReadRange& range = ranges_.front();
        const std::int64_t size = std::min(most.count, range.size.count - begun_);
        const IoRequest request{tag, range.offset.count + begun_, static_cast<std::size_t>(size),
                                range.to + begun_};
        begun_ += size;
        if (begun_ == range.size.count) {
            begun_ = 0;
            ranges_ = ranges_.subspan(1);
            skip_empty();
        }
        return request;
    }

  private:
    void skip_empty() {
        while (!ranges_.empty() && ranges_.front().size.count == 0) ranges_ = ranges_.subspan(1);
    }

    std::span<const ReadRange> ranges_;
    std::int64_t begun_ = 0;  // of the first
};

// Never leaves with requests in flight: what they write to belongs to the caller again.
void DirectReader::read(std::span<const ReadRange> ranges) {
    for (const ReadRange& range : ranges) check(range.offset, range.size, range.to);
    Failure failure;
    Rest rest(ranges);
    while (!rest.empty() || free_.size() < slots_.size()) {
        while (!rest.empty() && !free_.empty()) {
            Slot& slot = slots_[free_.back()];
            free_.pop_back();
            slot = {rest.take(slot.request.tag, plan_.request_bytes)};
            io_->submit(slot.request);
        }
        const IoCompletion completion = io_->wait();
        SWAPLAB_CHECK(completion.tag < slots_.size(), "completion of request {}", completion.tag);
        Slot& slot = slots_[completion.tag];
        if (is_done(completion, slot, failure)) {
            free_.push_back(completion.tag);
        } else {
            io_->submit(slot.request);
        }
        if (failure.happened) rest.drop();
    }
    if (plan_.after_read)
        for (const ReadRange& range : ranges) plan_.after_read(range.offset, range.size);
    if (failure.happened) fail(failure);
}

// Afterwards `slot` holds what is still to be read.
bool DirectReader::is_done(const IoCompletion& completion, Slot& slot, Failure& failure) const {
    IoRequest& request = slot.request;
    const std::int64_t result = completion.result;
    if (result == 0) {
        failure.note(request, 0);
    } else if (result > 0) {
        take(static_cast<std::size_t>(result), slot);
        if (request.size == 0) return true;
    } else if (result == -EINTR || result == -EAGAIN) {
        ++slot.fruitless;
        std::this_thread::yield();
    } else {
        failure.note(request, static_cast<int>(-result));
    }
    if (slot.fruitless > kMostFruitless)
        failure.note(request, result < 0 ? -static_cast<int>(result) : EIO);
    return failure.happened;
}

// What a short read brought counts in whole units of alignment: the rest is asked for again, since
// a direct read can start nowhere else.
void DirectReader::take(std::size_t got, Slot& slot) const {
    IoRequest& request = slot.request;
    SWAPLAB_CHECK(got <= request.size, "{} bytes came, {} were asked for", got, request.size);
    if (got < request.size) got -= got % static_cast<std::size_t>(plan_.info.alignment.count);
    slot.fruitless = got == 0 ? slot.fruitless + 1 : 0;
    request.offset += static_cast<std::int64_t>(got);
    request.size -= got;
    request.to += got;
}

void DirectReader::fail(const Failure& failure) const {
    const Bytes offset{failure.offset};
    if (failure.error != 0)
        throw storage_error(plan_.file, offset, "cannot be read", failure.error);
    throw StorageError(
        text("{}: nothing at offset {}, though the file had {} bytes when it was opened",
             plan_.file, offset.count, plan_.file_size.count));
}

}  // namespace swaplab
