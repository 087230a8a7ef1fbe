// Vectors and spans that only an id indexes.
#include "profiles/base/id_vector.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>

namespace swaplab {
namespace {

// What may not compile: other ids, and plain numbers.
template <class Vector, class Index>
concept IndexedBy = requires(Vector vector, Index index) {
    vector[index];
};
static_assert(IndexedBy<IdVector<JobId, int>, JobId>);
static_assert(!IndexedBy<IdVector<JobId, int>, BlockId>);
static_assert(!IndexedBy<IdVector<JobId, int>, std::size_t>);
static_assert(IndexedBy<IdSpan<UnitId, const int>, UnitId>);
static_assert(!IndexedBy<IdSpan<UnitId, const int>, LayerId>);

// What does not change cannot be changed through a span.
static_assert(std::is_constructible_v<IdSpan<JobId, const int>, const IdVector<JobId, int>&>);
static_assert(!std::is_constructible_v<IdSpan<JobId, int>, const IdVector<JobId, int>&>);

TEST(IdVector, IsAVectorIndexedByIds) {
    IdVector<BlockId, int> values{3, 1, 4};
    values.push_back(1);
    values[{1}] += 10;
    EXPECT_EQ(values, (IdVector<BlockId, int>{3, 11, 4, 1}));
    EXPECT_EQ(values.size(), 4U);
    EXPECT_TRUE(values.contains({3}));
    EXPECT_FALSE(values.contains({4}));
    EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0), 19);
    int sum = 0;
    for (const BlockId id : values.ids()) sum += static_cast<int>(id.index) * values[id];
    EXPECT_EQ(sum, 11 + 8 + 3);
}

TEST(IdVector, HoldsWhatCannotBeCopied) {
    IdVector<JobId, std::unique_ptr<int>> owners(2);
    owners[{1}] = std::make_unique<int>(7);
    owners.emplace_back(std::make_unique<int>(8));
    EXPECT_EQ(owners.front(), nullptr);
    EXPECT_EQ(*owners[{1}], 7);
    EXPECT_EQ(*owners.back(), 8);
}

TEST(IdVector, HoldsBits) {
    IdVector<BlockId, bool> kept(2);
    kept[{1}] = true;
    kept.append({false, true});
    EXPECT_EQ(kept, (IdVector<BlockId, bool>{false, true, false, true}));
}

TEST(IdVector, IsLookedAtThroughSpans) {
    IdVector<UnitId, int> values(3, 5);
    const IdSpan<UnitId, int> all(values);
    all[{2}] = 6;
    const IdSpan<UnitId, const int> seen(values);
    EXPECT_EQ(seen[{2}], 6);
    EXPECT_EQ(seen.data(), values.data());
    EXPECT_FALSE(seen.contains({3}));
    EXPECT_TRUE((IdSpan<UnitId, const int>().empty()));
    const std::span<const int> plain = values;
    EXPECT_EQ(plain.size(), 3U);
}

TEST(IdRange, GoesThroughTheIdsInOrder) {
    std::vector<UnitId> ids;
    for (const UnitId id : IdRange<UnitId>(2, 5)) ids.push_back(id);
    EXPECT_EQ(ids, (std::vector<UnitId>{{2}, {3}, {4}}));
}

}  // namespace
}  // namespace swaplab
