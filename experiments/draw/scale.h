// From values to pixels, and where the ticks of an axis go.
#pragma once

#include <string>
#include <vector>

namespace swaplab {

class Scale {
  public:
    enum class Kind : std::uint8_t { linear, logarithmic };

    // Maps [low, high] to [from, to] pixels; `from` may be above `to` (y axes). A range without
    // extent is widened by a tenth of its value (or to [-1, 1]). A logarithmic scale needs low > 0.
    Scale(Kind kind, double low, double high, double from, double to);

    double operator()(double value) const;
    double low() const { return low_; }
    double high() const { return high_; }
    Kind kind() const { return kind_; }

    // About `about` round values inside the range, ascending: multiples of 1, 2 or 5 times a power
    // of ten; on a logarithmic scale 1, 2 and 5 of each decade, or the decades alone.
    std::vector<double> ticks(int about) const;

  private:
    Kind kind_;
    double low_;
    double high_;
    double from_;
    double to_;
};

// A tick as people write it: 250, 0.5, 1e+09 only where it is that large.
std::string tick_text(double value);

}  // namespace swaplab
