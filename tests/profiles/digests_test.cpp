// Digests of outputs against a vector of all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "profiles/base/digests.h"
#include "profiles/base/text.h"
#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

// Some inputs that take turns, of which some give the same outputs; now and then another one.
std::vector<std::string> random_digests(Rng& random) {
    const std::int64_t inputs = random.between(1, 4), different = random.between(1, 4);
    const std::int64_t count = random.between(0, 40);
    const int odd = static_cast<int>(random.between(0, 20));
    std::vector<std::string> all;
    for (std::int64_t r = 0; r < count; ++r)
        all.push_back(random.chance(odd) ? text("odd {}", random.between(0, 2))
                                         : text("{}", r % inputs % different));
    return all;
}

TEST(Digests, AreThoseThatCame) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        SCOPED_TRACE(text("seed {}", seed));
        Rng random(seed);
        const std::vector<std::string> expected = random_digests(random);
        const Digests all(expected);
        ASSERT_EQ(all.size(), expected.size());
        EXPECT_EQ(all.empty(), expected.empty());
        EXPECT_TRUE(std::equal(all.begin(), all.end(), expected.begin()));
        const std::vector<std::string> other = random_digests(random);
        EXPECT_EQ(all == Digests(other), expected == other);
        if (expected.empty()) continue;
        std::vector<std::string> changed = expected;
        changed[static_cast<std::size_t>(random.between(0, std::ssize(changed) - 1))] = "changed";
        EXPECT_FALSE(all == Digests(changed));
    }
}

}  // namespace
}  // namespace swaplab
