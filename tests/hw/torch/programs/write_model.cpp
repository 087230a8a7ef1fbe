// swaplab_write_model (NAME FILE.pt)...: small TorchScript models for tests of the command line.
#include <exception>
#include <iostream>

#include "tests/hw/torch/models.h"

int main(int argc, char** argv) {
    if (argc < 3 || argc % 2 == 0) {
        std::cerr << "usage: swaplab_write_model (NAME FILE.pt)...\n";
        return 2;
    }
    try {
        for (int i = 1; i < argc; i += 2) swaplab::testing::write_torchscript(argv[i], argv[i + 1]);
    } catch (const std::exception& error) {
        std::cerr << "swaplab_write_model: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
