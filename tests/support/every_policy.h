// Every policy, and those of its forms that differ in what they submit: what laws go over.
#pragma once

#include <string>
#include <vector>

namespace swaplab::testing {

std::vector<std::string> every_policy();

}  // namespace swaplab::testing
