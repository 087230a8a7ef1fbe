#include "experiments/emulate/host_pace.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "experiments/shell/interrupt.h"
#include "hw/host/frames.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/cost/cost.h"

namespace swaplab {

namespace {

using Packs = std::vector<std::shared_ptr<const Pack>>;
using Seconds = std::chrono::duration<double>;

constexpr double kMargin = 1.5;  // of what the host reads over what the device does
constexpr Bytes kPiece{16 << 20};
constexpr Bytes kMostMeasured{std::int64_t{1} << 30};
constexpr Seconds kLongest{0.5};

double per_second(Bytes bytes, double ns) {
    return ns > 0 ? static_cast<double>(bytes.count) / ns * 1e9 : 0;
}

// A file of its own for each pack, into memory as runs have it: how large its pages are decides how
// fast reads are.
class HostReads {
  public:
    HostReads(const Packs& packs, const ReadOptions& options, const std::atomic<bool>* stop)
        : stop_(stop), frames_(kPiece), window_(frames_.add_window(kPiece)) {
        frames_.use(window_, {}, kPiece);
        for (const auto& pack : packs) readers_.push_back(pack->open_parameters(options));
    }

    // In rounds over all extents (by pack), until there is enough to tell. Larger ones are read in
    // pieces, at the same speed.
    double rate(const std::vector<std::vector<Extent>>& extents) {
        bytes_ = {};
        taken_ = {};
        while (!enough()) {
            const Bytes before = bytes_;
            for (std::size_t j = 0; j < extents.size(); ++j)
                for (const Extent& extent : extents[j]) read(*readers_[j], extent);
            if (bytes_ == before) return 0;
        }
        all_bytes_ += bytes_;
        all_taken_ += taken_;
        return static_cast<double>(bytes_.count) / std::max(taken_.count(), 1e-9);
    }

    std::string described() const {
        return text("{} in {:.2f} s, {}", format_bytes(all_bytes_), all_taken_.count(),
                    readers_.front()->info().description);
    }

  private:
    bool enough() const { return bytes_ >= kMostMeasured || taken_ >= kLongest; }

    void read(Reader& reader, const Extent& extent) {
        for (Bytes at; at < extent.size && !enough(); at += kPiece) {
            if (stop_ != nullptr && stop_->load()) throw Interrupted();
            const Bytes size = std::min(kPiece, extent.size - at);
            const auto begin = std::chrono::steady_clock::now();
            reader.read(extent.offset + at, size, frames_.base(window_));
            taken_ += std::chrono::steady_clock::now() - begin;
            bytes_ += size;
        }
    }

    const std::atomic<bool>* stop_;
    Frames frames_;
    Frames::WindowId window_;
    std::vector<std::unique_ptr<Reader>> readers_;
    Bytes bytes_, all_bytes_;
    Seconds taken_{0}, all_taken_{0};
};

}  // namespace

ReadRates device_rates(const Platform& platform, const std::vector<ModelChoice>& models) {
    Bytes bytes;
    double whole_ns = 0;
    double units_ns = 0;
    for (const ModelChoice& choice : models) {
        const CostModel cost(*choice.model, platform);
        const UnitRange whole = choice.model->whole();
        bytes += cost.stored_bytes(whole);
        whole_ns += cost.ns(Activity::read, whole);
        for (const UnitRange& unit : choice.model->finest_blocks())
            if (cost.stored_bytes(unit).count > 0) units_ns += cost.ns(Activity::read, unit);
    }
    const std::vector<double>& gains = platform.nodes.front().read.concurrency;
    const double gain = gains.empty() ? 1 : *std::ranges::max_element(gains);
    return {per_second(bytes, whole_ns) * gain, per_second(bytes, units_ns)};
}

HostRates host_rates(const Packs& packs, const std::vector<ModelChoice>& models,
                     const ReadOptions& options, const std::atomic<bool>* stop) {
    std::vector<std::vector<Extent>> whole;
    std::vector<std::vector<Extent>> units;
    for (std::size_t j = 0; j < packs.size(); ++j) {
        whole.push_back({{Bytes{}, packs[j]->index().size()}});
        std::vector<Extent>& of_model = units.emplace_back();
        for (const UnitRange& unit : models[j].model->finest_blocks())
            of_model.push_back(packs[j]->extent(unit));
    }
    HostReads reads(packs, options, stop);
    const ReadRates rates{reads.rate(whole), reads.rate(units)};
    return {rates, reads.described()};
}

double rounded_up(double value) {
    const double exponent = std::floor(std::log10(value)) - 1;
    // What is two digits already stays so, whatever a division makes of it.
    const double digits = std::ceil(value / std::pow(10.0, exponent) - 1e-9);
    // Powers of ten below 1 are no doubles: dividing by their inverses gives the nearest.
    return exponent < 0 ? digits / std::pow(10.0, -exponent) : digits * std::pow(10.0, exponent);
}

double pace_for_short_runs(Bytes bytes, double bytes_per_second) {
    constexpr double seconds = 0.03;
    constexpr double most = 100;
    if (bytes.count == 0) return most;
    return rounded_up(
        std::min(most, seconds * bytes_per_second / static_cast<double>(bytes.count)));
}

double pace_for(const ReadRates& device, const ReadRates& host) {
    double scale = 1;
    for (const auto rate : {&ReadRates::streaming, &ReadRates::by_unit})
        if (host.*rate > 0) scale = std::max(scale, kMargin * device.*rate / (host.*rate));
    return rounded_up(scale);
}

}  // namespace swaplab
