// How many threads an operator uses, and with what it computes.
#pragma once

namespace swaplab {

// For operators that this thread starts from now on; 0 leaves LibTorch's choice. Costs nothing when
// asked again for the same.
void use_threads(int threads);

}  // namespace swaplab
