#include "policies/schedule/keep_parameter.h"

namespace swaplab {

Keep read_keep(const PolicyParameters& parameters) {
    const auto keep = parameters.find("keep");
    if (keep == parameters.end() || keep->second == "none") return {};
    if (keep->second == "auto") return {Keep::Mode::automatic, {}};
    return {Keep::Mode::bytes, positive_bytes(parameters, "keep")};
}

}  // namespace swaplab
