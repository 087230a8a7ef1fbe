// A device that is so many times as fast at something: what if the SSD were twice as fast?
#pragma once

#include "profiles/device/platform.h"

namespace swaplab {

// Every duration of the activity becomes 1/`factor` of what it is, on all nodes and in all modes,
// as if the coefficients were edited by hand. Nobody has measured such a device, so it says so
// (`Provenance::measured`). Needs factor > 0.
void make_faster(Platform& platform, Activity activity, double factor);

// What a model has measured of its execution on the device (anchors, times of layers) likewise.
// Nothing where it has measured nothing there.
ModelPtr with_faster_execution(const Model& model, const std::string& device, double factor);

}  // namespace swaplab
