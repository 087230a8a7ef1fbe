// One of the small models, packed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/torch/run/torch_executor.h"
#include "tests/hw/torch/models.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {

struct Packed {
    explicit Packed(const std::string& name, const PackOptions& options = {}) {
        write_torchscript(name, folder.file("model.pt"));
        notes = pack_torchscript(folder.file("model.pt"), folder.file("pack"), options);
        pack = std::make_unique<Pack>(folder.file("pack"));
    }
    const Model& model() const { return *pack->model(); }

    TemporaryFolder folder;
    std::vector<std::string> notes;
    std::unique_ptr<Pack> pack;
};

}  // namespace swaplab::testing
