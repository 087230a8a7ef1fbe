// Model files, `swaplab/model/1` (FORMATS: Model file).
#pragma once

#include <string>

#include "profiles/document/document.h"
#include "profiles/model/model.h"

namespace swaplab {

// Throws `InputError` with file, line, column and field on anything that is not a model.
Model read_model(const Document& document);
Model load_model(const std::string& path);
// The whole model as a `swaplab/model/1` document that reads back to the same model.
std::string write_model(const Model& model);
// Hex digest over `write_model` (XXH3, 128 bits): the model's part of a birth certificate.
std::string model_hash(const Model& model);

}  // namespace swaplab
