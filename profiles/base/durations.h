// Durations in the order in which they came. What is in memory is bounded: of many, those that came
// first lie in the process's unnamed file, if there is one and it holds them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include "profiles/base/units.h"
#include "profiles/base/unnamed_file.h"

namespace swaplab {

class Durations {
  public:
    static constexpr std::size_t kMostInMemory = UnnamedFile::kSlotBytes / sizeof(Duration);

    class Iterator;
    class Reader;
    using value_type = Duration;
    using const_iterator = Iterator;

    Durations() = default;
    Durations(std::initializer_list<Duration> all);
    Durations(const std::vector<Duration>& all);

    std::size_t size() const { return put_away() + recent_.size(); }
    bool empty() const { return size() == 0; }
    // Whether some lie in a file, so that each one by its index takes a call of the system.
    bool beyond_memory() const { return !slots_.empty(); }

    void push_back(Duration duration) {
        recent_.push_back(duration);
        if (recent_.size() >= kMostInMemory) [[unlikely]]
            put_recent_away();
    }
    void append(const Durations& more);

    // These and all that follow throw `std::system_error` where the file cannot be read.
    Duration operator[](std::size_t index) const;
    Duration front() const { return (*this)[0]; }
    Duration back() const { return (*this)[size() - 1]; }
    Duration sum() const;
    // Each of them, in order.
    template <class Visit>
    void for_each(Visit visit) const {
        std::vector<Duration> buffer;
        for (std::size_t at = 0; at < size();) {
            const std::span<const Duration> some = from(at, buffer);
            for (const Duration duration : some) visit(duration);
            at += some.size();
        }
    }
    Iterator begin() const;
    Iterator end() const;
    friend bool operator==(const Durations& a, const Durations& b);

  private:
    std::size_t put_away() const { return slots_.size() * kMostInMemory; }  // how many
    void put_recent_away();
    // Some from there on, at least one; in `buffer` where they are read.
    std::span<const Duration> from(std::size_t at, std::vector<Duration>& buffer) const;

    std::vector<std::shared_ptr<const UnnamedFile::Slot>> slots_;  // full ones; copies share them
    std::vector<Duration> recent_;
    bool stays_in_memory_ = false;  // since there is no such file
};

class Durations::Iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Duration;
    using difference_type = std::ptrdiff_t;
    using pointer = const Duration*;
    using reference = Duration;

    Iterator() = default;
    Iterator(const Durations* all, std::size_t index) : all_(all), index_(index) {}
    Duration operator*() const { return (*all_)[index_]; }
    Iterator& operator++() {
        ++index_;
        return *this;
    }
    Iterator operator++(int) { return {all_, index_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

  private:
    const Durations* all_ = nullptr;
    std::size_t index_ = 0;
};

inline Durations::Iterator Durations::begin() const { return {this, 0}; }
inline Durations::Iterator Durations::end() const { return {this, size()}; }

// One after the other, from the first; of one that is not changed meanwhile.
class Durations::Reader {
  public:
    explicit Reader(const Durations& all) : all_(all) {}
    Duration next() {
        if (some_.empty()) some_ = all_.from(at_, buffer_);
        const Duration duration = some_.front();
        some_ = some_.subspan(1);
        ++at_;
        return duration;
    }

  private:
    const Durations& all_;
    std::vector<Duration> buffer_;
    std::span<const Duration> some_;
    std::size_t at_ = 0;
};

}  // namespace swaplab
