// Comma-separated values, quoted as in RFC 4180, lines ending in \n.
#pragma once

#include <string>
#include <vector>

#include "profiles/document/csv.h"

namespace swaplab {

std::string csv_line(const std::vector<std::string>& fields);

}  // namespace swaplab
