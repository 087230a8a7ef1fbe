// The kinds of memory as a machine with a GPU has them: a row each, and which of them it takes
// (HARDWARE: CUDA memory kinds).
#pragma once

#include <optional>
#include <string>

#include "hw/cuda/runtime/gpu.h"
#include "profiles/device/memory_kind.h"

namespace swaplab {

// Where a copy of a block lies.
enum class Space : std::uint8_t {
    pinned,   // the host's, registered and mapped
    device,   // the device's own
    managed,  // one address for both
};

// What assembly does to a block's memory, and release undoes.
enum class Handover : std::uint8_t { none, attach, prefetch };

struct CudaKindRow {
    MemoryKind kind;
    Space executes_in;  // of blocks that are copied there; what is read lies in `lands_in`
    Space lands_in;     // of blocks that execute where they were read
    Handover handover;
    bool alone;  // every block has an allocation of its own: CUDA attaches no part of one
};

const CudaKindRow& cuda_row_of(MemoryKind kind);

struct ChosenKind {
    MemoryKind kind;
    std::string why;  // for people: "staged: the GPU is discrete, ..."
};

// How the swapped blocks of a run come in: copied on their way, or executed where they were read.
struct Ways {
    bool copied = false;
    bool in_place = false;
};

// `asked`: as `-d DEVICE:memory=KIND`. Throws `UnsupportedError` where that cannot be, naming the
// attribute that the GPU lacks for it.
ChosenKind choose_kind(const Gpu& gpu, std::optional<MemoryKind> asked, Ways ways);

}  // namespace swaplab
