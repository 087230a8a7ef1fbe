#include "profiles/fit/fit_layers.h"

#include <algorithm>
#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/fit/fit_lines.h"
#include "profiles/fit/repeats.h"

namespace swaplab {
namespace {

constexpr std::string_view kTo = "..";
// No duration is known better than this share of it: what clocks and rounding leave.
constexpr double kExactness = 1e-3;

// All samples of one layer or block.
struct Samples {
    const Measurement* first = nullptr;
    std::vector<double> ns;

    double mean() const { return mean_of(ns); }
    double error() const {
        if (ns.size() < 2) return 0;
        double squares = 0;
        for (const double value : ns) squares += std::pow(value - mean(), 2);
        const auto n = static_cast<double>(ns.size());
        return std::sqrt(squares / (n - 1) / n);
    }
};

// By work, in order of first appearance.
class InOrder {
  public:
    void add(const Measurement& row) {
        const auto [found, is_new] = places_.try_emplace(SameWork(row), all_.size());
        if (is_new) all_.push_back({&row, {}});
        all_[found->second].ns.push_back(row.duration_ns);
    }
    const std::vector<Samples>& all() const { return all_; }

  private:
    std::map<SameWork, std::size_t> places_;
    std::vector<Samples> all_;
};

class BlockMatcher {
  public:
    explicit BlockMatcher(const std::vector<LayerTime>& layers) : layers_(layers), before_(1) {
        for (const LayerTime& layer : layers) {
            Features sum = before_.back();
            sum.bytes += layer.features.bytes;
            sum.tensors += layer.features.tensors;
            sum.flops += layer.features.flops;
            before_.push_back(sum);
        }
    }

    // The index of the block's first layer.
    std::optional<std::size_t> find(const Measurement& row) const {
        const auto size = static_cast<std::size_t>(row.features.layers);
        for (std::size_t i = 0; i + size <= layers_.size(); ++i)
            if (fits(row, i, i + size)) return i;
        return std::nullopt;
    }

  private:
    bool fits(const Measurement& row, std::size_t first, std::size_t last) const {
        const Features& from = before_[first];
        const Features& to = before_[last];
        if (row.features.bytes != to.bytes - from.bytes ||
            row.features.tensors != to.tensors - from.tensors ||
            row.features.flops != to.flops - from.flops)
            return false;
        const std::string name = layers_[first].layer + std::string(kTo) + layers_[last - 1].layer;
        return row.label == name || row.label.find(kTo) == std::string::npos;
    }

    const std::vector<LayerTime>& layers_;
    std::vector<Features> before_;  // prefix sums
};

// Least squares over the blocks; `layers` are not yet without what a block adds.
void estimate_per_block(const std::vector<Samples>& blocks, LayerTimes& times) {
    const BlockMatcher matcher(times.layers);
    double moment = 0, gram = 0;
    for (const Samples& block : blocks) {
        const auto first = matcher.find(*block.first);
        if (!first) continue;
        const auto size = static_cast<std::size_t>(block.first->features.layers);
        double sum = 0;
        double variance = std::pow(block.error(), 2);
        for (std::size_t i = *first; i < *first + size; ++i) {
            sum += times.layers[i].ns;
            variance += std::pow(times.layers[i].error, 2);
        }
        variance += std::pow(kExactness * block.mean(), 2);
        if (variance == 0) continue;
        const auto saved = static_cast<double>(size - 1);
        moment += saved * (sum - block.mean()) / variance;
        gram += saved * saved / variance;
        ++times.blocks;
    }
    if (times.blocks == 0) return;
    const double shortest = std::ranges::min_element(times.layers, {}, &LayerTime::ns)->ns;
    times.per_block = std::clamp(moment / gram, 0.0, shortest);
    for (LayerTime& layer : times.layers) layer.ns -= *times.per_block;
}

// What rows of executing the layer say of parameters: those shared count, of tables the rows.
Bytes touched_by(const Model& model, LayerId layer) {
    Bytes touched;
    for (const UnitId unit : model.units_of(layer)) touched += model.unit(unit).touched_bytes;
    return touched;
}

}  // namespace

LayerTimes layer_times(const Measurements& measurements, const std::string& own_mode) {
    InOrder layers, blocks;
    for (const Measurement& row : measurements.rows) {
        if (row.activity != Activity::execute || row.mode != own_mode || !alone(row)) continue;
        if (row.label.empty()) continue;
        if (layers_of(row) == 1) layers.add(row);
        if (layers_of(row) > 1) blocks.add(row);
    }
    LayerTimes times;
    for (const Samples& samples : layers.all())
        times.layers.push_back({samples.first->label, samples.first->features, samples.mean(),
                                samples.error(), std::ssize(samples.ns)});
    if (!times.layers.empty()) estimate_per_block(blocks.all(), times);
    return times;
}

Model with_layer_times(const Model& model, const LayerTimes& times, const std::string& device,
                       const std::string& file) {
    ModelSpec spec = model.spec();
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) {
        Layer& layer = spec.layers[i];
        const Bytes touched = touched_by(model, LayerId{i});
        const auto same = [&](const LayerTime& time) {
            return time.layer == layer.name && time.features.bytes == touched;
        };
        const auto found = std::ranges::find_if(times.layers, same);
        if (found == times.layers.end())
            throw InputError(text(
                "{}: no execute rows of layer {} of {} ({} bytes of parameters) "
                "by itself: expected some, labelled with its name",
                file, in_quotes(layer.name), in_quotes(model.name()), touched.count));
        layer.execute = to_duration(found->ns);
    }
    spec.measured_on = device;
    return Model(std::move(spec));
}

}  // namespace swaplab
