// The fit against what must come out: coefficients that made the data, brute force over all sets
// of positive coefficients, and every row really left out.
#include "profiles/fit/regression.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numbers>

#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

double normal(Rng& rng) {
    return std::sqrt(-2 * std::log(1 - rng.unit())) * std::cos(2 * std::numbers::pi * rng.unit());
}

// Rows of features that differ by factors of up to 10^9, costs of `truth` (the constant last)
// times (1 + cv * normal).
Design synthetic(Rng& rng, std::size_t rows, const std::vector<double>& truth, double cv) {
    Design design;
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<double> row;
        double cost = truth.back();
        for (std::size_t j = 0; j + 1 < truth.size(); ++j) {
            row.push_back(std::floor(rng.unit() * std::pow(1000.0, static_cast<double>(j + 1))));
            cost += truth[j] * row.back();
        }
        design.rows.push_back(row);
        design.targets.push_back(cost * (1 + cv * normal(rng)));
    }
    return design;
}

double squares(const Design& design, const Regression& fit) {
    double sum = 0;
    for (std::size_t i = 0; i < design.rows.size(); ++i)
        sum += std::pow(fit.predict(design.rows[i]) - design.targets[i], 2);
    return sum;
}

// The least sum of squares over all sets of positive coefficients (an optimum of NNLS solves the
// unconstrained problem of its own set).
double brute_force(const Design& design) {
    const std::size_t n = design.rows.size();
    const std::size_t k = design.rows[0].size() + 1;
    const Eigen::VectorXd y =
        Eigen::Map<const Eigen::VectorXd>(design.targets.data(), static_cast<Eigen::Index>(n));
    double least = y.squaredNorm();
    for (unsigned set = 1; set < (1U << k); ++set) {
        Eigen::MatrixXd a(n, std::popcount(set));
        Eigen::Index column = 0;
        for (std::size_t j = 0; j < k; ++j) {
            if ((set >> j & 1U) == 0) continue;
            for (std::size_t i = 0; i < n; ++i)
                a(static_cast<Eigen::Index>(i), column) = j + 1 == k ? 1 : design.rows[i][j];
            ++column;
        }
        for (Eigen::Index j = 0; j < a.cols(); ++j) a.col(j).normalize();
        const Eigen::VectorXd x = a.colPivHouseholderQr().solve(y);
        if (x.minCoeff() < 0) continue;
        least = std::min(least, (a * x - y).squaredNorm());
    }
    return least;
}

TEST(Regression, RecoversCoefficientsExactlyWithoutNoise) {
    const std::vector<double> truth{20000, 0.5, 0.0023, 80000};
    SWAPLAB_FOR_SEEDS(seed, 1, 20) {
        Rng rng(seed);
        const Regression fit = fit_nonnegative(synthetic(rng, 40, truth, 0));
        for (std::size_t j = 0; j < 3; ++j)
            EXPECT_NEAR(fit.coefficients[j], truth[j], 1e-8 * truth[j]);
        EXPECT_NEAR(fit.constant, truth[3], 1e-6 * truth[3]);
        EXPECT_NEAR(fit.r2, 1, 1e-12);
        EXPECT_LT(*fit.loo_mape, 1e-8);
        EXPECT_LT(fit.residual_cv, 1e-8);
        EXPECT_EQ(fit.samples, 40);
    }
}

// The error of a coefficient falls as 1/sqrt(rows); 5 standard errors hold over all seeds.
TEST(Regression, RecoversCoefficientsFromNoise) {
    const std::vector<double> truth{3.0, 0.01, 50};
    for (const std::size_t rows : {50U, 500U, 5000U}) {
        SWAPLAB_FOR_SEEDS(seed, 1, 10) {
            Rng rng(seed);
            const double cv = 0.05;
            const Regression fit = fit_nonnegative(synthetic(rng, rows, truth, cv));
            const double tolerance = 5 * cv * 5 / std::sqrt(static_cast<double>(rows));
            EXPECT_NEAR(fit.coefficients[1], truth[1], tolerance * truth[1]);
            EXPECT_NEAR(fit.residual_cv, cv, 0.03);
            EXPECT_NEAR(*fit.loo_mape, cv * std::sqrt(2 / std::numbers::pi), 0.6 * cv);
            EXPECT_GT(fit.r2, 0.97);
        }
    }
}

TEST(Regression, IsTheBestOverAllSetsOfPositiveCoefficients) {
    SWAPLAB_FOR_SEEDS(seed, 1, 300) {
        Rng rng(seed);
        const std::size_t features = static_cast<std::size_t>(rng.between(1, 4));
        Design design;
        for (std::int64_t i = rng.between(6, 30); i > 0; --i) {
            std::vector<double> row(features);
            for (double& value : row) value = std::floor(rng.unit() * 1000);
            design.rows.push_back(row);
            design.targets.push_back(100 * normal(rng) + 20);  // negative ones, too
        }
        const Regression fit = fit_nonnegative(design);
        EXPECT_GE(fit.constant, 0);
        for (const double c : fit.coefficients) EXPECT_GE(c, 0);
        const double best = brute_force(design);
        EXPECT_NEAR(squares(design, fit), best, 1e-9 * best);
    }
}

TEST(Regression, LeavesOutEachRowForItsPrediction) {
    SWAPLAB_FOR_SEEDS(seed, 1, 50) {
        Rng rng(seed);
        const Design design = synthetic(rng, 12, {5, 0.001, 40}, 0.6);
        double sum = 0;
        for (std::size_t i = 0; i < design.rows.size(); ++i) {
            Design rest = design;
            rest.rows.erase(rest.rows.begin() + static_cast<std::ptrdiff_t>(i));
            rest.targets.erase(rest.targets.begin() + static_cast<std::ptrdiff_t>(i));
            sum += std::abs(fit_nonnegative(rest).predict(design.rows[i]) - design.targets[i]) /
                   std::abs(design.targets[i]);
        }
        EXPECT_NEAR(*fit_nonnegative(design).loo_mape, sum / 12, 1e-6 * sum);
    }
}

TEST(Regression, LeavesOutWhatCannotBeTold) {
    // 2 + 3 a; b is one value, c = 2 a + 1.
    Design design;
    for (const double a : {1.0, 2.0, 5.0}) {
        design.rows.push_back({a, 7, 2 * a + 1});
        design.targets.push_back(2 + 3 * a);
    }
    const Regression fit = fit_nonnegative(design);
    EXPECT_EQ(fit.left_out, (std::vector{LeftOut::no, LeftOut::does_not_vary, LeftOut::dependent}));
    EXPECT_NEAR(fit.coefficients[0], 3, 1e-12);
    EXPECT_EQ(fit.coefficients[1], 0);
    EXPECT_EQ(fit.coefficients[2], 0);
    EXPECT_NEAR(fit.constant, 2, 1e-12);
    EXPECT_EQ(fit.hull[2], (Hull{3, 11}));
}

TEST(Regression, OneRowIsAConstant) {
    const Regression fit = fit_nonnegative({{{4, 5}}, {10}});
    EXPECT_NEAR(fit.constant, 10, 1e-12);
    EXPECT_EQ(fit.left_out, (std::vector{LeftOut::does_not_vary, LeftOut::does_not_vary}));
    EXPECT_EQ(fit.loo_mape, std::nullopt);
    EXPECT_EQ(fit.r2, 1);
    EXPECT_EQ(fit_nonnegative({{{}, {}}, {0, 0}}).constant, 0);  // no features, costs nothing
}

TEST(Regression, ARowThatAloneDeterminesACoefficientIsNotPredicted) {
    // The feature is 0 but in the last row: without it nothing is known of the feature.
    const Regression fit = fit_nonnegative({{{0}, {0}, {0}, {100}}, {10, 10, 13, 500}});
    EXPECT_NEAR(fit.constant, 11, 1e-12);
    // 10 predicted as 11.5, 10 as 11.5, 13 as 10.
    EXPECT_NEAR(*fit.loo_mape, (0.15 + 0.15 + 3.0 / 13) / 3, 1e-9);
}

}  // namespace
}  // namespace swaplab
