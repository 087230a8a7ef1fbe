// Owners: of an open file, and of memory that direct I/O can reach.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "profiles/base/units.h"

namespace swaplab {

// Closes the file at the end; errors of closing are not seen (who writes calls fsync before).
class FileHandle {
  public:
    FileHandle() = default;
    explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
    FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~FileHandle();

    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// `size` bytes whose first is at a multiple of `alignment`, a power of two. Not initialised.
class AlignedBuffer {
  public:
    explicit AlignedBuffer(Bytes size, Bytes alignment = Bytes{4096})
        : size_(static_cast<std::size_t>(size.count)),
          bytes_(static_cast<std::byte*>(::operator new(size_, aligned(alignment))),
                 Free{aligned(alignment)}) {}

    std::byte* data() { return bytes_.get(); }
    const std::byte* data() const { return bytes_.get(); }
    Bytes size() const { return {static_cast<std::int64_t>(size_)}; }
    std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }

  private:
    static std::align_val_t aligned(Bytes alignment) {
        return std::align_val_t{static_cast<std::size_t>(alignment.count)};
    }
    struct Free {
        std::align_val_t alignment;
        void operator()(std::byte* bytes) const { ::operator delete(bytes, alignment); }
    };

    std::size_t size_;
    std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace swaplab
