// When two plans are carried out alike to the last byte.
#pragma once

#include "policies/port/deployment.h"

namespace swaplab {

// Whether the deployments are equal in all but the shares of the budget, which nothing that runs
// looks at where the budget does not change. Of deployments that adapt to changes: false.
bool same_plan(const Deployment& a, const Deployment& b);

}  // namespace swaplab
