// The kinds of memory: where a device's compute unit finds the parameters (HARDWARE: CUDA memory
// kinds). One row each: what a kind is called, what it costs on top, whether it makes policies
// copy, and what the host may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "profiles/device/activity.h"

namespace swaplab {

enum class MemoryKind : std::uint8_t { registered, staged, managed_attach, managed_prefetch };

// What the host may touch while a kernel runs, on a device without concurrent managed access.
enum class HostAccess : std::uint8_t {
    always,           // the memory is no managed memory
    until_assembled,  // blocks are attached to the host until they are assembled
    never,
};

// An activity takes another one's cost on top.
struct AddedCost {
    Activity to;
    Activity cost;
};

struct MemoryKindRow {
    MemoryKind kind;
    std::string_view name;  // of `-d DEVICE:memory=NAME`
    std::string_view what;  // for people
    bool staged;            // the swap path of policies that would copy nothing becomes `staged`
    HostAccess host;
    std::span<const AddedCost> added;  // in the order in which they are added
};

// The row of a kind; of none (nothing is modelled), that of memory at no cost.
const MemoryKindRow& row_of(std::optional<MemoryKind> kind);
std::span<const MemoryKindRow> memory_kinds();

std::string_view name_of(MemoryKind kind);
std::optional<MemoryKind> memory_kind_named(std::string_view name);

}  // namespace swaplab
