// Labels in a column beside a plot, each as near as possible to the line that it names, none on
// top of another.
#pragma once

#include <vector>

namespace swaplab {

struct StackedLabel {
    double wanted = 0;  // where its middle should be
    double height = 0;
    double middle = 0;  // where it came to be
};

// Sets `middle` of each label (in the order of `wanted`; equal ones keep their order) so that they
// lie within [top, bottom] without overlap, moved as little as possible. If they are higher than
// the space together, they are squeezed evenly.
void stack(std::vector<StackedLabel>& labels, double top, double bottom);

}  // namespace swaplab
