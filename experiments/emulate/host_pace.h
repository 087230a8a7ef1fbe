// The pace at which this host can emulate a device: how fast each reads, and what follows.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "experiments/request/catalog.h"
#include "hw/storage/pack.h"
#include "hw/storage/reader.h"
#include "profiles/device/platform.h"

namespace swaplab {

// In bytes per second; 0 where nothing is read, or takes no time.
struct ReadRates {
    double streaming = 0;  // as fast as there is
    double by_unit = 0;    // block by block of the finest cut, one after the other
};

// What the device's profile has: of a lone read of all of each model, times what parallel reads
// gain at best; and of lone reads of every unit.
ReadRates device_rates(const Platform& platform, const std::vector<ModelChoice>& models);

// What this host has, from half a second of direct reads of the packs (by JobId, of `models`) each.
// `how` says how they were read. Throws `Interrupted` where `stop` (may be null) is set meanwhile.
struct HostRates {
    ReadRates rates;
    std::string how;
};
HostRates host_rates(const std::vector<std::shared_ptr<const Pack>>& packs,
                     const std::vector<ModelChoice>& models, const ReadOptions& options,
                     const std::atomic<bool>* stop);

// The least time scale, 1 or more, at which the host reads half as much again as the device, in
// either way; rounded up to two significant digits.
double pace_for(const ReadRates& device, const ReadRates& host);

// The least time scale at which 1 % of the time that reading `bytes` at such a rate takes is 0.3 ms
// on the wall clock: a host's threads wake up as late as that. 100 at most; rounded likewise.
double pace_for_short_runs(Bytes bytes, double bytes_per_second);

// 1.23 -> 1.3, 0.0101 -> 0.011: up to two significant digits; `value` > 0.
double rounded_up(double value);

}  // namespace swaplab
