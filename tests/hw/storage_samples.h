// Packs and files that the tests of hw/storage share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hw/storage/pack.h"
#include "hw/storage/pack_writer.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"

namespace swaplab::testing {

// Bytes that differ from place to place.
std::vector<std::byte> some_bytes(std::size_t size, std::uint64_t seed);

// A new file of so many bytes; what it holds.
std::vector<std::byte> make_file(const std::string& path, std::size_t size, std::uint64_t seed);

// "sample": conv (float32 [4, 3, 5, 5] and float32 [4]), relu (none), fc (float16 [3000, 2] and an
// int64 scalar), with two inputs' expected outputs and a skeleton of 11 bytes.
ModelSpec sample_model();
void write_sample_pack(const std::string& folder, WriteFunction write = ::write);

// What the error says that `call` throws, or "no error".
template <class Error = InputError, class Call>
std::string said_by(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace swaplab::testing
