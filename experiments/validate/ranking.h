// Whether simulation ranks policies as measurement does.
#pragma once

#include "experiments/validate/assessment.h"

namespace swaplab {

// Adds what one study says: the pairs of policies at equal budgets, what choosing by simulation
// costs, and where rankings cross. Two policies differ beyond noise where the 95 % interval of
// their difference, paired by repeat, leaves out 0; pairs that do not are left out.
void add_ranking(Assessment& assessment, const Study& study);
// Over all studies: tau, and the share of crossings that match.
void finish_ranking(Assessment& assessment);

}  // namespace swaplab
