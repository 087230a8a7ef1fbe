#include "tests/faults/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>

#include "hw/storage/pack_index.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/fit/fit.h"
#include "profiles/measured/measurements.h"
#include "profiles/model/model_file.h"

namespace swaplab::faults {

namespace {

// What reads is written, reads again, and is then written as before.
template <class Read, class Write>
void there_and_back(const Document& document, Read read, Write write) {
    const std::string written = write(read(document));
    const std::string again = write(read(parse_json(written, "written")));
    SWAPLAB_CHECK(written == again, "{}\nis written again as\n{}", written, again);
}

template <class Call>
void tolerant(Call call) {
    try {
        call();
    } catch (const InputError&) {  // says what is wrong with the input, which may be anything
    }
}

void model(std::string_view bytes) {
    tolerant([&] { there_and_back(parse_json(std::string(bytes), "f"), read_model, write_model); });
}

void device(std::string_view bytes) {
    tolerant(
        [&] { there_and_back(parse_json(std::string(bytes), "f"), read_device, write_device); });
}

void yaml(std::string_view bytes) {
    tolerant([&] { parse_yaml(std::string(bytes), "f"); });
    tolerant([&] { there_and_back(parse_yaml(std::string(bytes), "f"), read_model, write_model); });
}

void pack(std::string_view bytes) {
    tolerant([&] {
        there_and_back(parse_json(std::string(bytes), "f"), read_pack_index, write_pack_index);
    });
}

void measurements(std::string_view bytes) {
    tolerant([&] {
        const Measurements read = read_measurements(parse_csv(std::string(bytes), "f"));
        std::ostringstream written;
        write_measurements(read, written);
        const Measurements again = read_measurements(parse_csv(written.str(), "written"));
        SWAPLAB_CHECK(again.rows.size() == read.rows.size(), "{} rows of {}", again.rows.size(),
                      read.rows.size());
        const FittedDevice fitted = fit_device(read, {.name = "fitted", .own_mode = {}});
        read_device(parse_json(write_device(fitted.platform), "fitted"));
    });
}

constexpr std::array kTargets{FuzzTarget{"model", model}, FuzzTarget{"device", device},
                              FuzzTarget{"yaml", yaml}, FuzzTarget{"pack", pack},
                              FuzzTarget{"measurements", measurements}};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() { return kTargets; }

const FuzzTarget& fuzz_target(std::string_view name) {
    const auto found = std::ranges::find(kTargets, name, &FuzzTarget::name);
    SWAPLAB_CHECK(found != kTargets.end(), "no fuzz target '{}'", name);
    return *found;
}

}  // namespace swaplab::faults
