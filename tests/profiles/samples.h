// Documents and helpers that the tests of the file formats share.
#pragma once

#include <string>
#include <string_view>

#include "profiles/base/error.h"

namespace swaplab {

// A model with every key of the format.
inline constexpr std::string_view kModelSample = R"({
  "schema": "swaplab/model/1",
  "name": "sample",
  "source": "made up, 1x3x8x8",
  "dtype": "float16",
  "input_bytes": 768,
  "measured_on": "board",
  "anchors": {"board": 1000000, "board:mode=15W": 1300000},
  "tokens": 128,
  "x-note": {"by": ["hand", 1.50]},
  "layers": [
    {"name": "stem", "op": "conv2d", "inputs": ["input"], "parameter_bytes": 7168,
     "parameter_tensors": 2, "macs": 86704128, "other_ops": 3211264, "output_bytes": 12845056,
     "workspace_bytes": 64, "execute_ns": 5000, "stored_bytes": 3584, "group": "head",
     "slices": {"count": 4, "along": "output channels"}, "gemm": [64, 27, 50176],
     "kv_bytes_per_token": 16, "x-tuned": null},
    {"name": "norm", "op": "norm", "parameter_bytes": 0, "group": "head"},
    {"name": "join", "inputs": ["norm", "stem", "input"], "parameter_bytes": 10, "slices": 2}
  ]
})";

// A device with every key of the format.
inline constexpr std::string_view kDeviceSample = R"({
  "schema": "swaplab/device/1", "name": "board", "compute": "gpu",
  "memory": {"capacity_bytes": 8589934592, "unified": true, "concurrent_managed_access": true,
             "alignment_bytes": 4096, "reserved_bytes": 1048576, "fresh_ns_per_byte": 0.25,
             "x-type": "LPDDR4x"},
  "host": {"cores": 6, "ns_per_command": 700},
  "read": {"ns_per_byte": 0.5, "ns_per_request": 80000, "request_bytes": 1048576,
           "concurrency": [1.0, 1.6, 1.8], "after_idle": {"gap_ns": 1000000, "ns": 1200000}},
  "copy": {"ns_per_byte": 0.1, "ns_per_block": 10000},
  "instantiate": {"ns_per_byte": 0.01, "ns_per_tensor": 3},
  "assemble": {"ns_per_tensor": 20000, "ns_per_byte": 0.001, "lanes": 2},
  "execute": {"*": {"ns_per_flop": 0.0023, "ns_per_layer": 20000, "ns_per_block": 5},
              "linear": {"ns_per_flop": 0.002, "ns_per_byte": 0.05, "ns_per_activation_byte": 1e-3},
              "pool": {}},
  "release": {"ns_per_tensor": 5000},
  "attach": {"ns_per_block": 12},
  "prefetch": {"ns_per_byte": 0.07},
  "contention": {"execute": {"read": 1.05, "copy": 0.9}, "read": {"execute": 1.02}},
  "noise": {"read_cv": 0.03, "execute_cv": 0.01},
  "power": {"idle_w": 4.2, "execute_w": 6.0, "read_j_per_byte": 3e-9, "dram_j_per_byte": 6.4e-11},
  "modes": [{"name": "15W", "execute_scale": 1.3, "copy_scale": 1.1, "read_scale": 1.2,
             "power_scale": 0.7, "switch_ns": 5000000}, {"name": "10W"}],
  "provenance": {"source": "made up", "measured": true,
                 "fit": {"execute.linear": {"r2": 0.97, "loo_mape": 0.06, "samples": 142}},
                 "coefficients": {"read.ns_per_byte": "data sheet of the disk"}}
})";

// What the InputError says that `call` throws, or "no error".
template <class Call>
std::string error_of(Call call) {
    try {
        call();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

// `text` with the first `old_part` replaced. A part that is not there fails the test that asks.
inline std::string with(std::string_view text, std::string_view old_part,
                        std::string_view new_part) {
    std::string changed(text);
    const std::size_t at = changed.find(old_part);
    if (at == std::string::npos) return "not in the sample: " + std::string(old_part);
    return changed.replace(at, old_part.size(), new_part);
}

}  // namespace swaplab
