#include "profiles/fit/regression.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr int kMost = static_cast<int>(kMostFeatures) + 1;  // with the constant
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic>;
using Column = Eigen::Matrix<double, Eigen::Dynamic, 1>;
// Normal equations are small: no allocation in the loop that leaves out each row in turn.
using Square = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, kMost, kMost>;
using Short = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, kMost, 1>;

// A column is dependent if the columns before it explain all but this share of its length.
constexpr double kIndependent = 1e-6;
// A row whose leverage is this near to 1 determines a coefficient alone.
constexpr double kAlone = 1e-8;

// Which coefficients may be positive, and where each stands among those.
struct Passive {
    std::vector<int> columns;

    bool holds(int column) const { return std::ranges::find(columns, column) != columns.end(); }
};

Short solve_passive(const Square& gram, const Short& moment, const Passive& passive) {
    const auto size = static_cast<Eigen::Index>(passive.columns.size());
    Square part(size, size);
    Short right(size);
    for (Eigen::Index i = 0; i < size; ++i) {
        const int row = passive.columns[static_cast<std::size_t>(i)];
        right(i) = moment(row);
        for (Eigen::Index j = 0; j < size; ++j)
            part(i, j) = gram(row, passive.columns[static_cast<std::size_t>(j)]);
    }
    const Short solution = part.ldlt().solve(right);
    Short spread = Short::Zero(moment.size());
    for (Eigen::Index i = 0; i < size; ++i)
        spread(passive.columns[static_cast<std::size_t>(i)]) = solution(i);
    return spread;
}

// Moves from `from` (>= 0) towards `to` until a coefficient becomes 0, and fixes it there.
Short step_to_border(const Short& from, const Short& to, Passive& passive) {
    double share = 1;
    for (const int j : passive.columns)
        if (to(j) <= 0) share = std::min(share, from(j) / (from(j) - to(j)));
    Short reached = from + share * (to - from);
    std::erase_if(passive.columns, [&](int j) {
        const bool at_border = to(j) <= 0 && from(j) <= share * (from(j) - to(j)) * (1 + 1e-12);
        if (at_border) reached(j) = 0;
        return at_border;
    });
    return reached;
}

// The NNLS solution from the normal equations: gram = AᵀA with ones on its diagonal (nearly, where
// a row was taken out), moment = Aᵀy. Each outer step strictly lowers the error, so it ends.
Short solve_nonnegative(const Square& gram, const Short& moment) {
    const double tolerance = 1e-12 * moment.cwiseAbs().maxCoeff();
    Short x = Short::Zero(moment.size());
    Passive passive;
    for (int round = 0; round < 3 * kMost; ++round) {
        const Short gradient = moment - gram * x;
        int best = -1;
        for (int j = 0; j < moment.size(); ++j)
            if (!passive.holds(j) && gradient(j) > tolerance &&
                (best < 0 || gradient(j) > gradient(best)))
                best = j;
        if (best < 0) break;
        passive.columns.push_back(best);
        Short wanted = solve_passive(gram, moment, passive);
        while (std::ranges::any_of(passive.columns, [&](int j) { return wanted(j) <= 0; })) {
            x = step_to_border(x, wanted, passive);
            wanted = solve_passive(gram, moment, passive);
        }
        x = wanted;
    }
    return x;
}

// The scaled columns that take part: the constant first, then what is independent of those before.
struct Columns {
    Matrix a;
    std::vector<double> lengths;
    std::vector<std::optional<std::size_t>> feature;  // none: the constant
};

Column column_of(const Design& design, const Column& weights, std::size_t feature) {
    Column column(static_cast<Eigen::Index>(design.rows.size()));
    for (Eigen::Index i = 0; i < column.size(); ++i)
        column(i) = weights(i) * design.rows[static_cast<std::size_t>(i)][feature];
    return column;
}

Column weights_of(const Design& design) {
    const auto rows = static_cast<Eigen::Index>(design.rows.size());
    if (design.weights.empty()) return Column::Ones(rows);
    return Eigen::Map<const Column>(design.weights.data(), rows);
}

// What `column` (of unit length) has that no combination of the columns so far has.
Column remainder(const Matrix& basis, Column column) {
    for (int pass = 0; pass < 2; ++pass) column -= basis * (basis.transpose() * column);
    return column;
}

Columns choose_columns(const Design& design, const Column& weights, Regression& fit) {
    Columns columns;
    columns.lengths = {weights.stableNorm()};
    columns.a = weights / columns.lengths.front();
    columns.feature = {std::nullopt};
    Matrix basis = columns.a;
    const auto append = [](Matrix& matrix, const Column& column) {
        matrix.conservativeResize(Eigen::NoChange, matrix.cols() + 1);
        matrix.rightCols(1) = column;
    };
    for (std::size_t feature = 0; feature < fit.left_out.size(); ++feature) {
        const Hull& hull = fit.hull[feature];
        if (hull.least == hull.greatest) {
            fit.left_out[feature] = LeftOut::does_not_vary;
            continue;
        }
        const Column column = column_of(design, weights, feature);
        const double length = column.stableNorm();
        const Column rest = remainder(basis, column / length);
        if (rest.norm() < kIndependent) {
            fit.left_out[feature] = LeftOut::dependent;
            continue;
        }
        append(basis, rest.normalized());
        append(columns.a, column / length);
        columns.lengths.push_back(length);
        columns.feature.emplace_back(feature);
    }
    return columns;
}

// The coefficients that are positive, once more from the rows themselves: normal equations square
// the condition of the problem.
Short polished(const Matrix& a, const Column& y, const Short& x) {
    std::vector<Eigen::Index> positive;
    for (Eigen::Index j = 0; j < x.size(); ++j)
        if (x(j) > 0) positive.push_back(j);
    if (positive.empty()) return x;
    const Matrix part = a(Eigen::all, positive);
    const Column solution = part.colPivHouseholderQr().solve(y);
    if (solution.minCoeff() < 0) return x;
    Short better = x;
    for (std::size_t k = 0; k < positive.size(); ++k)
        better(positive[k]) = solution(static_cast<Eigen::Index>(k));
    return better;
}

std::optional<double> leave_one_out(const Matrix& a, const Column& y) {
    const Square gram = a.transpose() * a;
    const Short moment = a.transpose() * y;
    const Square inverse = gram.ldlt().solve(Square::Identity(gram.rows(), gram.cols()));
    double sum = 0;
    std::int64_t count = 0;
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
        const Short row = a.row(i).transpose();
        const double leverage = row.dot(inverse * row);
        if (y(i) == 0 || leverage > 1 - kAlone) continue;
        const Short x = solve_nonnegative(gram - row * row.transpose(), Short(moment - row * y(i)));
        sum += std::abs(row.dot(x) - y(i)) / std::abs(y(i));
        ++count;
    }
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count);
}

void judge(Regression& fit, const Column& y, const Column& fitted, const Short& x) {
    const Column residual = y - fitted;
    const double about_mean = (y.array() - y.mean()).matrix().squaredNorm();
    const double left = residual.squaredNorm();
    const double nothing = 1e-20 * y.squaredNorm();  // rounding
    fit.r2 = about_mean > nothing ? 1 - left / about_mean : (left <= nothing ? 1 : 0);
    double squares = 0;
    std::int64_t count = 0;
    for (Eigen::Index i = 0; i < y.size(); ++i) {
        if (fitted(i) <= 0) continue;
        squares += std::pow(residual(i) / fitted(i), 2);
        ++count;
    }
    const std::int64_t freedom = std::max<std::int64_t>(1, count - (x.array() > 0).count());
    fit.residual_cv = std::sqrt(squares / static_cast<double>(freedom));
}

std::vector<Hull> hull_of(const Design& design) {
    std::vector<Hull> hull;
    for (const double value : design.rows.front()) hull.push_back({value, value});
    for (const auto& row : design.rows) {
        for (std::size_t j = 0; j < row.size(); ++j) {
            hull[j].least = std::min(hull[j].least, row[j]);
            hull[j].greatest = std::max(hull[j].greatest, row[j]);
        }
    }
    return hull;
}

}  // namespace

double Regression::predict(const std::vector<double>& features) const {
    double sum = constant;
    for (std::size_t j = 0; j < features.size(); ++j) sum += coefficients[j] * features[j];
    return sum;
}

Regression fit_nonnegative(const Design& design) {
    SWAPLAB_CHECK(!design.rows.empty() && design.rows.size() == design.targets.size(),
                  "{} rows, {} targets", design.rows.size(), design.targets.size());
    SWAPLAB_CHECK(design.weights.empty() || design.weights.size() == design.rows.size(),
                  "{} rows, {} weights", design.rows.size(), design.weights.size());
    const std::size_t features = design.rows.front().size();
    SWAPLAB_CHECK(features <= kMostFeatures, "{} features, {} at most", features, kMostFeatures);
    Regression fit;
    fit.coefficients.resize(features);
    fit.left_out.resize(features, LeftOut::no);
    fit.samples = static_cast<std::int64_t>(design.rows.size());
    fit.hull = hull_of(design);
    const Column weights = weights_of(design);
    const Columns columns = choose_columns(design, weights, fit);
    const Column targets = Eigen::Map<const Column>(
        design.targets.data(), static_cast<Eigen::Index>(design.targets.size()));
    const Column y = targets.cwiseProduct(weights);
    const Matrix& a = columns.a;
    const Short x = polished(a, y, solve_nonnegative(a.transpose() * a, Short(a.transpose() * y)));
    for (std::size_t j = 0; j < columns.feature.size(); ++j) {
        const double coefficient = x(static_cast<Eigen::Index>(j)) / columns.lengths[j];
        (columns.feature[j] ? fit.coefficients[*columns.feature[j]] : fit.constant) = coefficient;
    }
    judge(fit, targets, (a * x).cwiseQuotient(weights), x);
    fit.loo_mape = leave_one_out(a, y);
    return fit;
}

}  // namespace swaplab
