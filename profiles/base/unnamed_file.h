// A file that nobody else sees and that goes with the process.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace swaplab {

class UnnamedFile {
  public:
    // In TMPDIR, or in /var/tmp; null where none can be made.
    static std::shared_ptr<UnnamedFile> make();
    ~UnnamedFile();
    UnnamedFile(const UnnamedFile&) = delete;
    UnnamedFile& operator=(const UnnamedFile&) = delete;

    // False where the system refuses (it is full).
    bool write(std::span<const std::byte> bytes, std::size_t at);
    // All of `to`; throws `std::system_error`.
    void read(std::span<std::byte> to, std::size_t at) const;

  private:
    explicit UnnamedFile(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace swaplab
