// The reader's logic, apart from how requests reach the kernel: splitting, what is in flight,
// short reads, retries, errors. Tests put it over a faulty `BlockIo`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw/storage/block_io.h"
#include "hw/storage/file.h"
#include "hw/storage/reader.h"

namespace swaplab {

struct ReadPlan {
    std::string file;     // what messages call it
    Bytes file_size;      // reads beyond it fail before anything is submitted
    Bytes request_bytes;  // a multiple of info.alignment
    std::uint32_t depth = 1;
    ReaderInfo info;
    FileHandle handle;  // what the `BlockIo` reads, to keep it open; may be empty
    std::function<void(Bytes offset, Bytes size)> after_read;  // may be empty
};

class DirectReader final : public Reader {
  public:
    DirectReader(std::unique_ptr<BlockIo> io, ReadPlan plan);

    using Reader::read;
    void read(std::span<const ReadRange> ranges) override;
    const ReaderInfo& info() const override { return plan_.info; }

  private:
    // What is left of a request that is in flight.
    struct Slot {
        IoRequest request;
        std::uint32_t fruitless = 0;  // completions in a row that brought nothing
    };
    struct Failure;
    class Rest;

    void check(Bytes offset, Bytes size, const std::byte* to) const;
    bool is_done(const IoCompletion& completion, Slot& slot, Failure& failure) const;
    void take(std::size_t got, Slot& slot) const;
    [[noreturn]] void fail(const Failure& failure) const;

    ReadPlan plan_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;  // slots without a request, by tag
    std::unique_ptr<BlockIo> io_;
};

}  // namespace swaplab
