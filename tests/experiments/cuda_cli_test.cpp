// `run --backend cuda`: a pack on this machine, whether it has a GPU or not.
#include <gtest/gtest.h>

#include <algorithm>

#include "hw/cuda/plugin/loader.h"
#include "hw/cuda/runtime/gpu.h"
#include "hw/storage/pack_writer.h"
#include "profiles/base/error.h"
#include "tests/experiments/fixtures.h"
#include "tests/support/chain.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

// Empty: there is one. Else why not.
std::string why_no_gpu() {
    try {
        first_gpu(cuda_api());
    } catch (const UnsupportedError& error) {
        return error.what();
    }
    return "";
}

TEST(CudaCli, RunsAPackOrSaysInOneSentenceWhyItCannot) {
    const TemporaryFolder folder;
    const std::string pack = folder.file("pack");
    write_synthetic_pack(*chain("ten", 10), pack, 1);
    const CliResult result = cli({"run", "-m", pack, "-d", "jetson-xavier-nx", "-p", "on-demand",
                                  "-b", "min", "--backend", "cuda", "--execute", "spin"});
    const std::string why = why_no_gpu();
    if (why.empty()) {
        EXPECT_EQ(result.code, 0) << result.err;
        return;
    }
    EXPECT_EQ(result.code, 77);
    EXPECT_EQ(result.err, "swaplab: " + why + "\n");
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
    EXPECT_EQ(result.out, "");
}

}  // namespace
}  // namespace swaplab::testing
