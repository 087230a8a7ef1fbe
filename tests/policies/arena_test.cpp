// Arenas against a map of bytes: what is reserved never overlaps, stays inside, and is found
// exactly when the rule of the arena says so.
#include "policies/memory/arena.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

// Which item, if any, holds each byte.
class ByteMap {
  public:
    explicit ByteMap(std::int64_t capacity) : held_(static_cast<std::size_t>(capacity), false) {}

    void take(const Place& place) { fill(place, true); }
    void give_back(const Place& place) { fill(place, false); }
    std::int64_t largest_hole() const {
        std::int64_t run = 0, longest = 0;
        for (const bool held : held_) longest = std::max(longest, run = held ? 0 : run + 1);
        return longest;
    }

  private:
    void fill(const Place& place, bool value) {
        ASSERT_GE(place.offset.count, 0);
        ASSERT_LE(place.offset.count + place.size.count, static_cast<std::int64_t>(held_.size()));
        for (std::int64_t b = 0; b < place.size.count; ++b) {
            const auto at = static_cast<std::size_t>(place.offset.count + b);
            ASSERT_NE(held_[at], value) << "byte " << at;
            held_[at] = value;
        }
    }
    std::vector<bool> held_;
};

// By hand, a ring of 10: 4 at 0, 4 at 4; 3 do not fit before the end (2 left), so they start at 0
// as soon as the first 4 are given back, and the slack of 2 is wasted.
TEST(RingArena, WrapsAndWastesTheSlack) {
    const auto ring = make_ring_arena({10});
    const auto a = ring->reserve({4});
    const auto b = ring->reserve({4});
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->offset, Bytes{0});
    EXPECT_EQ(b->offset, Bytes{4});
    EXPECT_FALSE(ring->reserve({3}));
    EXPECT_EQ(ring->largest_hole(), Bytes{2});
    ring->free(*a);
    const auto c = ring->reserve({3});
    ASSERT_TRUE(c);
    EXPECT_EQ(c->offset, Bytes{0});
    EXPECT_FALSE(ring->reserve({2}));  // 1 byte before b; the slack behind it is not used
    ring->free(*b);
    ring->free(*c);
    // The write position stays at 3 although the ring is empty.
    const auto d = ring->reserve({6});
    ASSERT_TRUE(d);
    EXPECT_EQ(d->offset, Bytes{3});
    ring->free(*d);
    const auto e = ring->reserve({2});  // 9 + 2 > 10
    ASSERT_TRUE(e);
    EXPECT_EQ(e->offset, Bytes{0});
}

// The rule in plain words: the next item goes behind the last one, or to 0 if it does not fit
// before the end, whenever those bytes are free and no older item would be passed by.
TEST(RingArena, EqualsABruteForceRing) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed);
        Rng rng(seed);
        const std::int64_t capacity = rng.between(5, 40);
        const auto ring = make_ring_arena({capacity});
        ByteMap bytes(capacity);
        std::deque<Place> held;
        std::int64_t write = 0;
        for (int step = 0; step < 200; ++step) {
            if (!held.empty() && rng.chance(45)) {
                ring->free(held.front());
                bytes.give_back(held.front());
                held.pop_front();
                continue;
            }
            const std::int64_t size = rng.between(1, capacity);
            const std::int64_t at = write + size <= capacity ? write : 0;
            // Free up to the oldest item, going round: from the write position on nothing is
            // passed.
            const bool goes_round = at != write;
            bool fits = true;
            for (const Place& other : held) {
                const std::int64_t begin = other.offset.count;
                const std::int64_t end = begin + other.size.count;
                if (at < end && begin < at + size) fits = false;
                if (goes_round && begin >= write) fits = false;  // it lies in the slack to skip
            }
            const auto place = ring->reserve({size});
            ASSERT_EQ(place.has_value(), fits) << "step " << step << " size " << size;
            if (!place) continue;
            ASSERT_EQ(place->offset.count, at);
            bytes.take(*place);
            held.push_back(*place);
            write = at + size;
            // The hole that can be used: the real one, but for the slack that was skipped.
            ASSERT_LE(ring->largest_hole().count, bytes.largest_hole());
        }
    }
}

TEST(RingArena, GivesSpaceBackInOrder) {
    const auto ring = make_ring_arena({10});
    const auto a = ring->reserve({5});
    const auto b = ring->reserve({5});
    ring->free(*b);  // out of order: a still stands before it
    EXPECT_FALSE(ring->reserve({5}));
    ring->free(*a);
    EXPECT_TRUE(ring->reserve({5}));
}

// Every plan with s_i + s_{i+1} <= capacity is realised, with two neighbours held at any time.
TEST(TwoEndedArena, RealisesEveryPlanOfNeighbours) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed);
        Rng rng(seed);
        std::vector<std::int64_t> sizes;
        for (int i = 0; i < 30; ++i) sizes.push_back(rng.between(1, 50));
        std::int64_t capacity = 0;
        for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
            capacity = std::max(capacity, sizes[i] + sizes[i + 1]);
        const auto arena = make_two_ended_arena({capacity});
        ByteMap bytes(capacity);
        std::deque<Place> held;
        for (const std::int64_t size : sizes) {
            if (held.size() == 2) {
                arena->free(held.front());
                bytes.give_back(held.front());
                held.pop_front();
            }
            const auto place = arena->reserve({size});
            ASSERT_TRUE(place);
            bytes.take(*place);
            held.push_back(*place);
            ASSERT_EQ(arena->largest_hole().count, bytes.largest_hole());
        }
    }
}

TEST(TwoEndedArena, WaitsForItsOwnEnd) {
    const auto arena = make_two_ended_arena({100});
    const auto bottom = arena->reserve({10});
    ASSERT_TRUE(arena->reserve({10}));
    EXPECT_FALSE(arena->reserve({10}));  // the bottom's turn, and the bottom is taken
    arena->free(*bottom);
    const auto next = arena->reserve({90});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->offset, Bytes{0});
}

TEST(SlotArena, TakesSlotsInTurn) {
    const auto arena = make_slot_arena({20}, 2);
    const auto a = arena->reserve({10});
    const auto b = arena->reserve({3});
    ASSERT_TRUE(a && b);
    EXPECT_EQ(b->offset, Bytes{10});
    EXPECT_FALSE(arena->reserve({1}));
    arena->free(*b);
    EXPECT_FALSE(arena->reserve({1}));  // slot 0 is next, and it is taken
    arena->free(*a);
    EXPECT_FALSE(arena->reserve({11}));
    EXPECT_TRUE(arena->reserve({10}));
    EXPECT_EQ(arena->largest_hole(), Bytes{10});
}

TEST(CounterArena, CountsBytes) {
    const auto arena = make_counter_arena({10});
    const auto a = arena->reserve({6});
    EXPECT_FALSE(arena->reserve({5}));
    EXPECT_TRUE(arena->reserve({4}));
    EXPECT_EQ(arena->largest_hole(), Bytes{0});
    arena->free(*a);
    EXPECT_EQ(arena->largest_hole(), Bytes{6});
}

TEST(ArenaDeathTest, GivingBackTwiceStopsTheProgram) {
    const auto ring = make_ring_arena({10});
    const auto place = ring->reserve({4});
    ring->free(*place);
    EXPECT_DEATH(ring->free(*place), "freeing item 0");
    const auto slots = make_slot_arena({10}, 2);
    const auto slot = slots->reserve({4});
    slots->free(*slot);
    EXPECT_DEATH(slots->free(*slot), "freeing slot 0");
}

}  // namespace
}  // namespace swaplab
