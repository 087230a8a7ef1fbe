// The work clock against the page's own words: each activity keeps its remaining work in units of
// 2^-20 ns, dt ns remove dt * r, and it completes ceil(remaining / r) ns later.
#include "policies/lanes/sharing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

TEST(RateTable, IsThePageRounded) {
    Node node;
    node.read.concurrency = {1.0, 1.6, 1.8};
    const auto index = [](Activity a) { return static_cast<std::size_t>(a); };
    node.contention[index(Activity::read)][index(Activity::execute)] = 1.02;
    node.contention[index(Activity::read)][index(Activity::copy)] = 0.5;
    const RateTable table(node, 4);
    const auto reads = [&](std::uint32_t k, std::uint32_t others) {
        return table.at(k << kKinds | 1U | others)[0];
    };
    constexpr std::uint32_t copy = 1U << 1;
    constexpr std::uint32_t execute = 1U << 3;
    EXPECT_EQ(reads(1, 0), 1 << 20);
    EXPECT_EQ(reads(2, 0), 838861);        // llround(2^20 * 1.6 / 2)
    EXPECT_EQ(reads(3, 0), 629146);        // llround(2^20 * 1.8 / 3)
    EXPECT_EQ(reads(4, 0), 471859);        // the last entry holds: llround(2^20 * 1.8 / 4)
    EXPECT_EQ(reads(1, execute), 1028016); // llround(2^20 / 1.02)
    EXPECT_EQ(reads(1, copy), 1 << 21);    // a factor below 1 speeds up
    EXPECT_EQ(reads(1, copy | execute), 2056031);
    // Nobody stretches execution here.
    EXPECT_EQ(table.at(1U << kKinds | 1U | execute)[3], 1 << 20);
}

TEST(RateTable, IsAtLeastOne) {
    Node node;
    node.contention[0][static_cast<std::size_t>(Activity::execute)] = 1e300;
    EXPECT_EQ(RateTable(node, 1).at(1U << kKinds | 1U | 1U << 3)[0], 1);
}

struct Remaining {
    Ticket ticket;
    std::int64_t work;  // 2^-20 ns
};

TEST(WorkClock, EqualsRemainingWorkOfEachActivity) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed);
        Rng rng(seed);
        WorkClock clock;
        std::vector<Remaining> naive;
        std::int64_t rate = kFullRate;
        Time now = kStart;
        std::uint32_t next = 0;
        for (int step = 0; step < 300; ++step) {
            const auto kind = rng.between(0, 3);
            if (kind == 0 || naive.empty()) {
                const Duration work{rng.between(0, 1000)};
                naive.push_back({{next}, work.count() * kFullRate});
                clock.start({next++}, work, now);
            } else if (kind == 1) {
                rate = rng.between(1, 2 * kFullRate);
                clock.set_rate(rate, now);
            }
            // Go on to the next end, or somewhere before it.
            std::int64_t wait = std::numeric_limits<std::int64_t>::max();
            for (const Remaining& r : naive)
                wait = std::min(wait, r.work <= 0 ? 0 : (r.work + rate - 1) / rate);
            ASSERT_EQ(clock.next_end(), now + Duration{wait});
            const Duration gone{kind == 2 ? rng.between(0, wait) : wait};
            now += gone;
            std::vector<Ticket> expected, scratch, ended;
            for (Remaining& r : naive) {
                r.work -= gone.count() * rate;
                if (r.work <= 0) expected.push_back(r.ticket);
            }
            std::erase_if(naive, [](const Remaining& r) { return r.work <= 0; });
            clock.end_all(now, scratch, [&](Ticket ticket) { ended.push_back(ticket); });
            ASSERT_EQ(ended, expected);  // in order of submission
            ASSERT_EQ(clock.size(), naive.size());
        }
    }
}

TEST(WorkClock, RefusesAnEndBeyondTime) {
    WorkClock clock;
    clock.set_rate(1, kStart);
    clock.start({0}, kLongestActivity - Duration{1}, kStart);
    EXPECT_EQ(clock.next_end(), kStart + Duration{((std::int64_t{1} << 42) - 1) << 20});
    WorkClock late;
    late.set_rate(1, kStart + Duration{std::int64_t{1} << 62});
    late.start({0}, kLongestActivity - Duration{1}, kStart + Duration{std::int64_t{1} << 62});
    EXPECT_THROW(late.next_end(), InputError);
}

}  // namespace
}  // namespace swaplab
