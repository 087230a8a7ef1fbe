#include "tests/support/every_policy.h"

#include "policies/registry.h"
#include "profiles/base/text.h"

namespace swaplab::testing {

std::vector<std::string> every_policy() {
    std::vector<std::string> specs;
    for (const PolicyInfo& info : registry()) {
        specs.emplace_back(info.name);
        for (const ParameterInfo& parameter : info.parameters)
            if (parameter.name == "keep") specs.push_back(text("{}:keep=auto", info.name));
    }
    for (const char* pipeline : {"sequential", "sync", "async"}) {
        specs.push_back(text("demand-layering:pipeline={}", pipeline));
        specs.push_back(text("demand-layering:pipeline={},keep=auto", pipeline));
    }
    return specs;
}

}  // namespace swaplab::testing
