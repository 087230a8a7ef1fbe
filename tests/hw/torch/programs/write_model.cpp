// swaplab_write_model (NAME FILE.pt)...: small TorchScript models for tests of the command line;
// "hostile:NAME", one that would read or write FILE.pt.victim.
#include <exception>
#include <iostream>
#include <string>

#include "tests/hw/torch/hostile_models.h"
#include "tests/hw/torch/models.h"

namespace {

void write(const std::string& name, const std::string& file) {
    const std::string hostile = "hostile:";
    if (name.starts_with(hostile))
        swaplab::testing::write_hostile(name.substr(hostile.size()), file + ".victim", file);
    else
        swaplab::testing::write_torchscript(name, file);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc % 2 == 0) {
        std::cerr << "usage: swaplab_write_model (NAME FILE.pt)...\n";
        return 2;
    }
    try {
        for (int i = 1; i < argc; i += 2) write(argv[i], argv[i + 1]);
    } catch (const std::exception& error) {
        std::cerr << "swaplab_write_model: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
