// Blocks by hand.
#include "hw/session.h"

#include <gtest/gtest.h>

#include "profiles/base/error.h"
#include "tests/support/digesting_executor.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using testing::digest_of_file;
using testing::DigestingExecutor;

class SessionTest : public ::testing::Test {
  protected:
    SessionTest() : pack_(testing::uneven_pack(folder_.file("pack"))) {}
    std::unique_ptr<Session> session(const std::vector<std::uint32_t>& cuts, Bytes budget) const {
        return std::make_unique<Session>(
            pack_, cuts, budget, CpuOptions{},
            [this](JobId, std::span<const UnitRange> blocks, ActivationMemory& activations) {
                return std::make_unique<DigestingExecutor>(*pack_, blocks, activations);
            });
    }

    testing::TemporaryFolder folder_;
    PackPtr pack_;
};

TEST_F(SessionTest, LoadRunUnload) {
    // The largest block, and a page of activations.
    const auto by_hand = session({2, 4, 5}, pack_->extent({4, 5}).size + kPage);
    ASSERT_EQ(by_hand->blocks(), 4U);
    EXPECT_FALSE(by_hand->output_digest());
    for (int request = 0; request < 2; ++request) {
        for (std::uint32_t b = 0; b < by_hand->blocks(); ++b) {
            by_hand->load_block({b});
            by_hand->run_block({b});
            by_hand->unload_block({b});
        }
        EXPECT_EQ(by_hand->output_digest(), digest_of_file(*pack_));
    }
    EXPECT_LE(by_hand->committed(), pack_->extent({4, 5}).size + kPage);
}

TEST_F(SessionTest, AFullBudgetIsAnErrorAndLeavesTheBlockOut) {
    const auto by_hand = session({4}, pack_->extent({4, 7}).size + kPage);
    by_hand->load_block({1});
    EXPECT_THROW(by_hand->load_block({0}), std::runtime_error);
    by_hand->unload_block({1});
    by_hand->load_block({0});
    by_hand->run_block({0});
}

TEST_F(SessionTest, CutsMustBeLegal) {
    EXPECT_THROW(session({0}, Bytes{1 << 20}), InputError);
    EXPECT_THROW(session({3, 2}, Bytes{1 << 20}), InputError);
    EXPECT_THROW(session({7}, Bytes{1 << 20}), InputError);
}

}  // namespace
}  // namespace swaplab
