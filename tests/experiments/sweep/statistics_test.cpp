// Statistics: against published tables, and by what they promise, over a thousand studies with
// known differences.
#include "experiments/statistics/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "experiments/compare/leads.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using namespace literals;
using Values = std::vector<double>;

TEST(Statistics, APairedIntervalIsStudents) {
    // d = 1, 2, 3: mean 2, s = 1, t(2) = 4.30265, so 2 +- 2.4841.
    const PairedDifference difference = paired_difference(Values{11, 22, 33}, Values{10, 20, 30});
    EXPECT_DOUBLE_EQ(difference.mean, 2);
    EXPECT_NEAR(difference.interval.low, 2 - 2.48414, 1e-4);
    EXPECT_NEAR(difference.interval.high, 2 + 2.48414, 1e-4);
    EXPECT_NEAR(difference.p_value, 0.07418, 1e-4);
    EXPECT_EQ(difference.a_is_less, 0);
    EXPECT_FALSE(difference.bootstrap);
}

TEST(Statistics, WhatDoesNotVaryIsKnown) {
    const PairedDifference same = paired_difference(Values{1, 2}, Values{1, 2});
    EXPECT_EQ(same.p_value, 1);
    EXPECT_EQ(same.a_is_less, 0.5);
    const PairedDifference less = paired_difference(Values{1, 2}, Values{2, 3});
    EXPECT_EQ(less.p_value, 0);
    EXPECT_EQ(less.interval.high, -1);
    EXPECT_EQ(less.a_is_less, 1);
}

TEST(Statistics, HolmRejectsStepByStep) {
    // 0.01 <= 0.05/4, 0.015 <= 0.05/3, 0.03 > 0.05/2: it stops there, although 0.04 <= 0.05/1.
    EXPECT_EQ(holm_rejects(Values{0.03, 0.01, 0.04, 0.015}),
              (std::vector<bool>{false, true, false, true}));
    EXPECT_EQ(holm_rejects(Values{}), std::vector<bool>{});
}

TEST(Statistics, PrecisionAsksForReplications) {
    const Values pilot{98, 100, 102};  // half width 4.968 %
    EXPECT_NEAR(relative_half_width(pilot), 0.04968, 1e-4);
    EXPECT_EQ(replications_for(pilot, 0.01), 75);  // 3 * 4.968^2 = 74.05
    EXPECT_EQ(replications_for(pilot, 0.2), 3);
}

// --- What they promise --------------------------------------------------------------------------

// Noise that all policies of a replication share, and noise of each: normal, or skewed to the right
// (log-normal with sigma 0.4: skewness 1.3).
class Draws {
  public:
    explicit Draws(unsigned seed) : random_(seed) {}
    double shared() { return normal_(random_); }
    double own(bool skewed) {
        if (!skewed) return normal_(random_);
        constexpr double sigma = 0.4;
        return 2 * (std::exp(sigma * normal_(random_)) - std::exp(sigma * sigma / 2));
    }

  private:
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
};

constexpr int kStudies = 1000;
constexpr unsigned kSeed = 15;  // a promise of 95 % is broken by some seed

TEST(Statistics, IntervalsCoverWhatIsTrue) {
    Draws draws(kSeed);
    for (const bool skewed : {false, true}) {
        int covered = 0;
        for (int study = 0; study < kStudies; ++study) {
            constexpr double difference = 0.7;
            Values a;
            Values b;
            for (int r = 0; r < 20; ++r) {
                const double shared = 5 * draws.shared();
                a.push_back(100 + shared + difference + draws.own(skewed));
                b.push_back(100 + shared);
            }
            covered += paired_difference(a, b).interval.contains(difference);
        }
        RecordProperty(skewed ? "covered_skewed" : "covered", covered);
        EXPECT_GE(covered, 930) << skewed;
        EXPECT_LE(covered, 970) << skewed;
    }
}

// A comparison whose cells have these figures by replication.
Comparison study_of(const Scenario& scenario, const std::vector<std::vector<Values>>& rows) {
    Comparison comparison;
    comparison.scenario = &scenario;
    for (std::size_t i = 0; i < rows.front().size(); ++i)
        comparison.policies.push_back({testing::policies_named({"swapnet"}).front(), 1_MiB});
    for (const std::vector<Values>& row : rows) {
        comparison.budgets.push_back({testing::budgets_named("4MiB").front(), 4_MiB});
        std::vector<RunResult>& cells = comparison.cells.emplace_back();
        auto& replications = comparison.replications.emplace_back();
        for (const Values& values : row) {
            RunResult& cell = cells.emplace_back();
            cell.budget = 4_MiB;
            std::vector<ReplicationFigures>& figures = replications.emplace_back();
            double sum = 0;
            for (const double value : values) {
                const Duration latency{std::llround(value * 1e6)};
                figures.push_back({.latency = latency});
                sum += value;
            }
            cell.latency.mean =
                Duration{std::llround(sum * 1e6 / static_cast<double>(values.size()))};
        }
    }
    return comparison;
}

// Stars where the best ones are truly equal are false; where one is better by much, they are owed.
TEST(Statistics, StarsAreRarelyFalse) {
    Scenario scenario = testing::made_up_scenario();
    scenario.noise = NoiseKey{};
    scenario.replications = 20;
    scenario.device.platform.nodes.front().noise.cv[0] = 0.1;
    Draws draws(kSeed);
    for (const bool skewed : {false, true}) {
        int false_stars = 0;
        int owed = 0;
        for (int study = 0; study < kStudies; ++study) {
            // In the first row two are equally good and one is worse, in the second one is better.
            std::vector<std::vector<Values>> rows(2, std::vector<Values>(3));
            for (int r = 0; r < 20; ++r)
                for (std::size_t row = 0; row < 2; ++row) {
                    const double shared = 100 + 5 * draws.shared();
                    const std::vector<double> truth =
                        row == 0 ? std::vector<double>{0, 0, 3} : std::vector<double>{0, 3, 3};
                    for (std::size_t i = 0; i < 3; ++i)
                        rows[row][i].push_back(shared + truth[i] + draws.own(skewed));
                }
            const Comparison comparison = study_of(scenario, rows);
            const std::vector<RowLeads> leads = leads_of(comparison, latency_metric());
            false_stars += std::ranges::count(leads[0].standings, Standing::leads) > 0;
            owed += leads[1].standings[0] == Standing::leads;
        }
        RecordProperty(skewed ? "false_stars_skewed" : "false_stars", false_stars);
        EXPECT_LE(false_stars, 65) << skewed;
        EXPECT_GE(owed, 950) << skewed;
    }
}

}  // namespace
}  // namespace swaplab
