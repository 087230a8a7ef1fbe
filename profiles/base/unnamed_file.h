// A file that nobody else sees and that goes with the process, in slots of one size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace swaplab {

class UnnamedFile {
  public:
    static constexpr std::size_t kSlotBytes = std::size_t{1} << 16;

    // Bytes in the file, for as long as somebody holds them.
    class Slot {
      public:
        Slot(UnnamedFile& file, std::uint32_t index) : file_(file), index_(index) {}
        ~Slot() { file_.give_back(index_); }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        std::size_t begin() const { return index_ * kSlotBytes; }
        // All of `to`, from `at` in the slot; throws `std::system_error`.
        void read(std::span<std::byte> to, std::size_t at) const;

      private:
        UnnamedFile& file_;
        std::uint32_t index_;
    };

    // The one of this process, in TMPDIR or in /var/tmp, made when it is first asked for.
    static UnnamedFile& of_process();

    // At most a slot; null where there is no such file, or it cannot hold more. Any thread.
    std::shared_ptr<const Slot> keep(std::span<const std::byte> bytes);

  private:
    UnnamedFile();
    bool write(std::span<const std::byte> bytes, std::size_t at) const;
    std::uint32_t take();
    void give_back(std::uint32_t slot);

    int descriptor_;  // -1: none could be made
    std::mutex mutex_;
    std::vector<std::uint32_t> free_;
    std::uint32_t end_ = 0;  // slots that have been used so far
};

}  // namespace swaplab
