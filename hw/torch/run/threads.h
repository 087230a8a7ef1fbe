// How many threads an operator uses, and with what it computes.
#pragma once

namespace swaplab {

// For operators that this thread starts from now on; 0 leaves LibTorch's choice. Costs nothing when
// asked again for the same.
void use_threads(int threads);

// BLAS and oneDNN keep buffers and kernels from their first use on: uses both once in a process, so
// that no run's memory grows by them.
void warm_up(int threads);

}  // namespace swaplab
