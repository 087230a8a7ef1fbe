// Owners: of an open file, of a folder whose files are opened beneath it, of memory that direct I/O
// can reach.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
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

// A folder from somebody else, whose files are opened beneath it and nowhere else.
class Folder {
  public:
    // The folder may be reached through links: its name is the user's own. Throws `InputError`.
    explicit Folder(std::string path);

    // Regular files only, each under its own name: what a link leads to, a pipe or a device is
    // nothing that a stranger's folder may have opened. Never waits. Throws `InputError` naming
    // the file and what is there instead.
    FileHandle open(const std::string& name) const;
    // What is in the file: at most so many bytes, else `InputError`.
    std::string read(const std::string& name, Bytes most) const;

    const std::string& path() const { return path_; }
    std::string path_of(const std::string& name) const;

  private:
    std::string path_;
    std::shared_ptr<const FileHandle> handle_;
};

// Opens a file that the user names, links followed: a regular file or a disk, never a pipe, for
// which it would wait. Throws `InputError`.
FileHandle open_regular(const std::string& path);

// The size of an open file. Throws `InputError`; `shown_as` is what messages call it.
Bytes size_of(const FileHandle& file, const std::string& shown_as);

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
