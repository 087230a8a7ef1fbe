// A TorchScript file is a program. Nothing of one that is no model is run: not as it is packed, not
// from a pack, not as it is loaded.
#include <gtest/gtest.h>

#include <filesystem>

#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "tests/hw/torch/hostile_models.h"
#include "tests/hw/torch/packed.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using testing::Hostile;
namespace fs = std::filesystem;

template <class Call>
std::string said_by(Call call) {
    try {
        call();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

class NoMemory final : public ActivationMemory {
  public:
    void* allocate(std::size_t) override { throw std::runtime_error("no memory"); }
    void free(void*) override {}
};

class HostileModel : public ::testing::TestWithParam<Hostile> {
  protected:
    HostileModel() {
        testing::write_file(victim_, std::string(1024, 'v'));
        testing::write_hostile(GetParam().name, victim_, folder_.file("model.pt"));
        fs::remove(victim_ + ".stolen");  // what making it left
    }
    void expect_refused(const std::string& said) const {
        EXPECT_NE(said.find(GetParam().says), std::string::npos) << said;
        EXPECT_FALSE(fs::exists(victim_ + ".stolen"));
        EXPECT_EQ(testing::read_file(victim_), std::string(1024, 'v'));
    }

    testing::TemporaryFolder folder_;
    std::string victim_ = folder_.file("victim");
};

TEST_P(HostileModel, IsNotPacked) {
    const std::string said =
        said_by([&] { pack_torchscript(folder_.file("model.pt"), folder_.file("pack"), {}); });
    EXPECT_EQ(said.find(folder_.file("model.pt") + ": "), 0U) << said;
    expect_refused(said);
    EXPECT_EQ(folder_.names(), (std::vector<std::string>{"model.pt", "victim"}));
}

// A loop with a guard is a model until it runs; a parameter without bytes is what all skeletons
// have.
TEST_P(HostileModel, IsNotLoadedFromAPack) {
    if (GetParam().name == "counts as long as it likes" || GetParam().name == "blown up")
        GTEST_SKIP() << "found as it is executed, and as it is packed";
    const testing::Packed packed("wide");
    const Pack& pack = *packed.pack;
    fs::copy_file(folder_.file("model.pt"), pack.skeleton_path(),
                  fs::copy_options::overwrite_existing);
    const std::vector<UnitRange> blocks{{0, pack.model()->unit_count()}};
    NoMemory memory;
    const std::string executed = said_by([&] { make_torch_executor(pack, blocks, {}, memory); });
    EXPECT_EQ(executed.find(pack.skeleton_path() + ": "), 0U) << executed;
    expect_refused(executed);
    expect_refused(said_by([&] { run_frozen(pack, {}, 1); }));
}

std::string test_name(const ::testing::TestParamInfo<Hostile>& info) {
    std::string name;
    for (const char c : info.param.name)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
    return name;
}
INSTANTIATE_TEST_SUITE_P(Torch, HostileModel, ::testing::ValuesIn(testing::hostile_models()),
                         test_name);

// What the index says is not what the skeleton takes.
TEST(Torch, AnInputOfAnotherShapeIsNamed) {
    const testing::Packed packed("wide");
    const std::string path = packed.pack->index_path();
    std::string index = testing::read_file(path);
    const std::size_t at = index.find("128", index.find("\"inputs\""));
    ASSERT_NE(at, std::string::npos) << index.substr(0, 300);
    testing::write_file(path, index.replace(at, 3, "127"));
    const Pack changed(packed.pack->folder());
    class Heap final : public ActivationMemory {
      public:
        void* allocate(std::size_t bytes) override { return ::operator new(bytes); }
        void free(void* block) override { ::operator delete(block); }
    };
    Heap memory;
    const std::vector<UnitRange> blocks{{0, changed.model()->unit_count()}};
    const auto executor = make_torch_executor(changed, blocks, {}, memory);
    std::vector<std::byte> parameters(static_cast<std::size_t>(changed.index().size().count) +
                                      4096);
    executor->bind({0}, parameters.data());
    const std::string said = said_by([&] { executor->execute({0}, 0, {0}); });
    executor->unbind({0});
    EXPECT_EQ(said.find(changed.skeleton_path() + ": block 0 (matmul to "), 0U) << said;
    EXPECT_NE(said.find("fails with the inputs of index.json (4x127:float32): "), std::string::npos)
        << said;
}

}  // namespace
}  // namespace swaplab
