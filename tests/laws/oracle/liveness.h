// Bytes of activations, by looking at who reads what (no interval arithmetic, no prefix sums).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace swaplab::oracle {

struct Tensors {
    std::int64_t input = 0;
    struct Layer {
        std::vector<std::optional<std::size_t>> inputs;  // nothing: the input of the model
        std::int64_t output = 0;
        std::int64_t workspace = 0;
    };
    std::vector<Layer> layers;
};

inline bool read_at_or_after(const Tensors& t, std::optional<std::size_t> source,
                             std::size_t from) {
    for (std::size_t j = from; j < t.layers.size(); ++j)
        for (const auto& input : t.layers[j].inputs)
            if (input == source) return true;
    return false;
}

// Alive when layer `at` begins: what it or a later layer reads, and what nobody ever reads
// (results).
inline std::int64_t alive_before(const Tensors& t, std::size_t at) {
    std::int64_t bytes = read_at_or_after(t, std::nullopt, at) ? t.input : 0;
    for (std::size_t j = 0; j < at; ++j)
        if (read_at_or_after(t, j, at) || !read_at_or_after(t, j, 0)) bytes += t.layers[j].output;
    return bytes;
}

// Alive across a cut inside the model; nothing before the first layer and behind the last.
inline std::int64_t live_across(const Tensors& t, std::size_t cut) {
    return cut == 0 || cut == t.layers.size() ? 0 : alive_before(t, cut);
}

// A_i of layers [first, last).
inline std::int64_t activation_peak(const Tensors& t, std::size_t first, std::size_t last) {
    std::int64_t peak = 0;
    for (std::size_t j = first; j < last; ++j)
        peak = std::max(peak, alive_before(t, j) + t.layers[j].output + t.layers[j].workspace);
    return peak;
}

// By hand: input 10; a (reads input) 20, b (reads a) 30, c (reads input, b) 40, workspace 5 in b.
//   alive before a: 10; before b: input (c reads it) 10 + a 20 = 30; before c: 10 + b 30 = 40.
//   peaks: a 10 + 20 = 30; b 30 + 30 + 5 = 65; c 40 + 40 = 80. {a,b}: 65. {b,c}: 80.
//   A result nobody reads: d (reads c) 1, e (reads c) 2: before e: c 40 + d 1 = 41, + 2 = 43.
//   live_across(0) = 0, (1) = 30, (2) = 40, (5) = 0.

}  // namespace swaplab::oracle
