// Digests of the outputs of requests, in their order. Few inputs take turns, so outputs repeat:
// kept is one round, and whatever differs from it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace swaplab {

class Digests {
  public:
    class Iterator;
    using value_type = std::string;
    using const_iterator = Iterator;

    Digests() = default;
    Digests(std::initializer_list<std::string> all) : Digests(std::vector<std::string>(all)) {}
    Digests(const std::vector<std::string>& all) {
        for (const std::string& digest : all) push_back(digest);
    }

    void push_back(std::string digest);
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const std::string& operator[](std::size_t index) const;
    Iterator begin() const;
    Iterator end() const;
    friend bool operator==(const Digests& a, const Digests& b);

  private:
    // The first ones, until the very first came again; then `other` has those that are not as they
    // were a round before.
    std::vector<std::string> round_;
    bool repeats_ = false;
    std::map<std::size_t, std::string> other_;
    std::size_t size_ = 0;
};

class Digests::Iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    Iterator() = default;
    Iterator(const Digests* all, std::size_t index) : all_(all), index_(index) {}
    reference operator*() const { return (*all_)[index_]; }
    Iterator& operator++() {
        ++index_;
        return *this;
    }
    Iterator operator++(int) { return {all_, index_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

  private:
    const Digests* all_ = nullptr;
    std::size_t index_ = 0;
};

inline Digests::Iterator Digests::begin() const { return {this, 0}; }
inline Digests::Iterator Digests::end() const { return {this, size_}; }

}  // namespace swaplab
