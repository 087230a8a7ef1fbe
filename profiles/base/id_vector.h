// Vectors and spans that are indexed by a strong id and by nothing else: `jobs[command.job]`. In
// all else they are a `std::vector` and a `std::span`; both become plain spans where only the order
// matters. Indexing out of range is undefined, as there.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "profiles/base/ids.h"

namespace swaplab {

template <class Id, class T>
class IdVector {
  public:
    using value_type = T;
    using reference = typename std::vector<T>::reference;
    using const_reference = typename std::vector<T>::const_reference;

    IdVector() = default;
    explicit IdVector(std::size_t size) : values_(size) {}
    IdVector(std::size_t size, const T& value) : values_(size, value) {}
    IdVector(std::initializer_list<T> values) : values_(values) {}
    // The values in the order of their ids.
    IdVector(std::vector<T> values) : values_(std::move(values)) {}

    reference operator[](Id id) { return values_[id.index]; }
    const_reference operator[](Id id) const { return values_[id.index]; }
    bool contains(Id id) const { return id.index < values_.size(); }
    IdRange<Id> ids() const { return {0, static_cast<std::uint32_t>(values_.size())}; }

    std::size_t size() const { return values_.size(); }
    bool empty() const { return values_.empty(); }
    auto data() { return values_.data(); }
    auto data() const { return values_.data(); }
    auto begin() { return values_.begin(); }
    auto begin() const { return values_.begin(); }
    auto end() { return values_.end(); }
    auto end() const { return values_.end(); }
    reference front() { return values_.front(); }
    const_reference front() const { return values_.front(); }
    reference back() { return values_.back(); }
    const_reference back() const { return values_.back(); }

    void reserve(std::size_t size) { values_.reserve(size); }
    void resize(std::size_t size) { values_.resize(size); }
    void resize(std::size_t size, const T& value) { values_.resize(size, value); }
    void clear() { values_.clear(); }
    void push_back(const T& value) { values_.push_back(value); }
    void push_back(T&& value) { values_.push_back(std::move(value)); }
    template <class... Arguments>
    reference emplace_back(Arguments&&... arguments) {
        return values_.emplace_back(std::forward<Arguments>(arguments)...);
    }
    // Behind the last, in their order.
    void append(const IdVector& more) {
        values_.insert(values_.end(), more.values_.begin(), more.values_.end());
    }

    friend bool operator==(const IdVector&, const IdVector&) = default;

  private:
    std::vector<T> values_;
};

// Borrows what it looks at.
template <class Id, class T>
class IdSpan {
  public:
    IdSpan() = default;
    IdSpan(std::span<T> values) : values_(values) {}
    IdSpan(IdVector<Id, std::remove_const_t<T>>& values) : values_(values) {}
    IdSpan(const IdVector<Id, std::remove_const_t<T>>& values) requires std::is_const_v<T>
        : values_(values) {}

    T& operator[](Id id) const { return values_[id.index]; }
    bool contains(Id id) const { return id.index < values_.size(); }
    IdRange<Id> ids() const { return {0, static_cast<std::uint32_t>(values_.size())}; }

    std::size_t size() const { return values_.size(); }
    bool empty() const { return values_.empty(); }
    T* data() const { return values_.data(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }
    T& front() const { return values_.front(); }

  private:
    std::span<T> values_;
};

}  // namespace swaplab
