// A reproduction for people and for programs.
#pragma once

#include <string>

#include "experiments/reproduce/publication.h"
#include "profiles/document/document.h"

namespace swaplab {

std::string reproduction_report(const Publication& publication, const Reproduction& reproduction);

// {"name": .., "source": .., "holds": .., "figures": [..], "assumptions": [..], "caveats": [..]}
void write_reproduction(JsonWriter& json, const Publication& publication,
                        const Reproduction& reproduction);

}  // namespace swaplab
