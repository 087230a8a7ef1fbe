// The costs of a device file, `{"ns_per_byte": 0.5, ...}`.
#pragma once

#include <string_view>
#include <vector>

#include "profiles/device/platform.h"
#include "profiles/document/document.h"

namespace swaplab {

// The coefficients that every activity has. The caller finishes `fields`.
LinearCost read_coefficients(Fields& fields);
// A section of nothing else.
LinearCost read_cost(const Field& section);
// The `read` section: coefficients, requests, concurrency, idleness.
ReadSpec read_read(const Field& section);
// The `execute` section: a row per op class, `*` for the rest.
ExecuteSpec read_execute(const Field& section);
// The `execute_by_dtype` section: one such section per dtype.
ExecuteByDtype read_execute_by_dtype(const Field& section);

// Members of the object being written; coefficients of 0 are left out.
void write_coefficients(JsonWriter& writer, const LinearCost& cost);
void write_cost(JsonWriter& writer, std::string_view section, const LinearCost& cost);
void write_read(JsonWriter& writer, const ReadSpec& read);
void write_execute(JsonWriter& writer, const ExecuteSpec& execute,
                   std::string_view section = "execute");
void write_execute_by_dtype(JsonWriter& writer, const ExecuteByDtype& tables);

}  // namespace swaplab
