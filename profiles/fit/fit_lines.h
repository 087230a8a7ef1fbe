// The lines of a fit: which rows feed which line of the device file. Only the fit includes it.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiles/fit/fit.h"
#include "profiles/fit/repeats.h"

namespace swaplab {

// A line of the device file: "read", "execute.linear", "modes.15W.execute_by_dtype.float16.*".
struct LineKey {
    Activity activity = Activity::read;
    std::string mode;   // empty: the device's own
    std::string dtype;  // of execution only, as is the op class; absent: `*`
    std::optional<OpClass> op;

    std::string text() const;
    friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

// Layers of a row: one where a row with an op class says nothing.
std::int64_t layers_of(const Measurement& row);

// The line that a row belongs to: a row of several layers, or without an op class, to `*`.
LineKey line_of(const Measurement& row, const std::string& own_mode);

// True if the row tells what its activity takes by itself: nothing beside it, one read in flight,
// no special state.
bool alone(const Measurement& row);

// All lines that the rows give, fitted.
class FittedLines {
  public:
    // Throws `InputError` if reads come in several requests of unknown size.
    FittedLines(const Measurements& measurements, const std::string& own_mode);

    const std::map<LineKey, FittedLine>& lines() const { return lines_; }
    const std::map<LineKey, std::vector<const Measurement*>>& rows() const { return rows_; }
    // What the row's activity takes alone, by its line or by `*`, in the device's own mode if
    // `in_own_mode`. Throws `InputError` naming the row's line if there is no such line.
    double predict(const Measurement& row, bool in_own_mode = false) const;
    // The mean of labelled rows of the same work alone; where there are none, by `predict`.
    double expected(const Measurement& row) const;
    LinearCost cost(const LineKey& key) const;
    // What every block adds to the execution of its layers, where layers and blocks tell it
    // (fit_layers.h). Then the lines of op classes are without it, and `*` has it and is drawn to
    // the layers of all classes.
    std::optional<double> per_block() const { return per_block_; }

  private:
    void sort_rows();
    double expected_alone(const Measurement& row) const;
    bool joint(const LineKey& key) const;
    FittedLine fit_line(const LineKey& key, const std::vector<const Measurement*>& rows) const;

    const Measurements& measurements_;
    std::string own_mode_;
    std::optional<double> per_block_;
    std::map<SameWork, double> means_;  // of what was measured alone
    std::map<LineKey, std::vector<const Measurement*>> rows_;
    std::map<LineKey, FittedLine> lines_;
};

}  // namespace swaplab
