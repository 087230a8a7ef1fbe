// Packs as they are written, read back, cut anew and checked.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "hw/storage/crc.h"
#include "hw/storage/file.h"
#include "hw/storage/reader.h"
#include "tests/hw/storage_samples.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;
namespace fs = std::filesystem;

class PackTest : public ::testing::Test {
  protected:
    PackTest() { write_sample_pack(pack_); }

    std::string error() const {
        return said_by([&] { Pack{pack_}; });
    }
    std::string in_pack(const char* name) const { return pack_ + "/" + name; }

    TemporaryFolder folder_;
    std::string pack_ = folder_.file("pack");
};

void flip_byte(const std::string& path, std::int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
}

std::vector<std::byte> read_extent(const Pack& pack, UnitRange layers) {
    const Extent extent = pack.extent(layers);
    AlignedBuffer buffer(std::max(extent.size, Bytes{1}));
    open_reader(pack.parameters_path(), {})->read(extent.offset, extent.size, buffer.data());
    const auto bytes = buffer.bytes().first(static_cast<std::size_t>(extent.size.count));
    return {bytes.begin(), bytes.end()};
}

TEST(Crc, IsZlibs) {
    const std::string_view digits = "123456789";  // the check value of the CRC-32 catalogue
    EXPECT_EQ(crc_of(std::as_bytes(std::span(digits))), 0xCBF43926U);
    EXPECT_EQ(crc_of({}), 0U);
    const auto bytes = std::as_bytes(std::span(digits));
    EXPECT_EQ(crc_after(crc_after(crc_of(bytes.first(4)), {}), bytes.subspan(4)), 0xCBF43926U);
}

TEST_F(PackTest, HoldsWhatWasWritten) {
    const Pack pack(pack_);
    const PackIndex& index = pack.index();
    EXPECT_EQ(index.model, "sample");
    EXPECT_EQ(index.environment, "made up");
    ASSERT_EQ(index.inputs.size(), 1U);
    EXPECT_EQ(index.inputs[0].shape, (std::vector<std::int64_t>{1, 3, 8, 8}));
    ASSERT_EQ(index.expected.size(), 2U);
    EXPECT_EQ(index.expected[1].seed, 2U);
    EXPECT_EQ(index.expected[1].digest, "two");
    // conv: 1200 bytes, 16 more at 1216 (the next multiple of 64); fc: 12000, 8 more at 12032.
    ASSERT_EQ(index.layers.size(), 3U);
    EXPECT_EQ(index.layers[0].size, Bytes{4096});
    EXPECT_EQ(index.layers[0].tensors[1].offset, Bytes{1216});
    EXPECT_EQ(index.layers[1].size, Bytes{0});
    EXPECT_EQ(index.layers[2].offset, Bytes{4096});
    EXPECT_EQ(index.layers[2].size, Bytes{12288});
    EXPECT_EQ(index.layers[2].tensors[1].offset, Bytes{12032});
    EXPECT_EQ(index.layers[2].tensors[1].slot, 3U);
    EXPECT_EQ(index.size(), Bytes{16384});
    EXPECT_EQ(pack.model()->layers()[2].stored_bytes, Bytes{12288});
    EXPECT_FALSE(pack.model()->layers()[0].op != OpClass::other);
    EXPECT_EQ(read_file(pack.skeleton_path()), "no skeleton");
    verify(pack);
}

TEST_F(PackTest, TensorsLieWhereTheIndexSays) {
    const Pack pack(pack_);
    const std::vector<std::byte> expected = some_bytes(12000, 1);
    const std::vector<std::byte> fc = read_extent(pack, {2, 3});
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), fc.begin()));
    EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + 8, fc.begin() + 12032));
    EXPECT_TRUE(
        std::all_of(fc.begin() + 12040, fc.end(), [](std::byte b) { return b == std::byte{}; }));
}

TEST_F(PackTest, ABlockOfAnyCutIsOneExtent) {
    const Pack pack(pack_);
    const std::vector<std::byte> all = read_extent(pack, {0, 3});
    for (std::uint32_t first = 0; first <= 3; ++first) {
        for (std::uint32_t last = first; last <= 3; ++last) {
            const Extent extent = pack.extent({first, last});
            Bytes sum;
            for (std::uint32_t i = first; i < last; ++i) sum += pack.index().layers[i].size;
            EXPECT_EQ(extent.size, sum);
            const std::vector<std::byte> block = read_extent(pack, {first, last});
            EXPECT_TRUE(std::equal(block.begin(), block.end(), all.begin() + extent.offset.count));
            verify(pack, {first, last}, block);
        }
    }
}

TEST_F(PackTest, AFlippedByteIsFoundAndNamed) {
    const Pack pack(pack_);
    for (const std::int64_t at : {0, 1199, 4095, 4096, 16383}) {  // padding is covered too
        flip_byte(pack.parameters_path(), at);
        const std::string error = said_by<StorageError>([&] { verify(pack); });
        EXPECT_NE(
            error.find(at < 4096 ? "layer \"conv\" at offset 0 " : "layer \"fc\" at offset 4096 "),
            std::string::npos)
            << error;
        EXPECT_TRUE(error.starts_with(pack.parameters_path())) << error;
        const UnitRange damaged = at < 4096 ? UnitRange{0, 2} : UnitRange{1, 3};
        const UnitRange intact = at < 4096 ? UnitRange{1, 3} : UnitRange{0, 2};
        EXPECT_THROW(verify(pack, damaged, read_extent(pack, damaged)), StorageError);
        verify(pack, intact, read_extent(pack, intact));
        flip_byte(pack.parameters_path(), at);
    }
    verify(pack);
}

TEST_F(PackTest, AMissingPieceIsNamed) {
    const Pack whole(pack_);
    for (const char* name : {kIndexFile, kModelFile, kParametersFile, kSkeletonFile}) {
        const std::string path = in_pack(name);
        fs::rename(path, path + ".away");
        EXPECT_TRUE(error().starts_with(path + ": ")) << error();
        EXPECT_NE(error().find("No such file"), std::string::npos) << error();
        fs::create_directory(path);
        EXPECT_TRUE(error().starts_with(path + ": ")) << error();
        fs::remove(path);
        fs::rename(path + ".away", path);
    }
    EXPECT_EQ(error(), "no error");
}

TEST_F(PackTest, AnUnreadablePieceIsNamed) {
    if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
    for (const char* name : {kIndexFile, kModelFile, kParametersFile, kSkeletonFile}) {
        ::chmod(in_pack(name).c_str(), 0);
        EXPECT_TRUE(error().starts_with(in_pack(name) + ": ")) << error();
        EXPECT_NE(error().find("Permission denied"), std::string::npos) << error();
        ::chmod(in_pack(name).c_str(), 0644);
    }
}

TEST_F(PackTest, AFolderThatIsNone) {
    EXPECT_NE(said_by([&] { Pack{folder_.file("nowhere")}; }).find("nowhere: does not exist"),
              std::string::npos);
    EXPECT_NE(said_by([&] { Pack{in_pack(kIndexFile)}; }).find("is a file"), std::string::npos);
    EXPECT_TRUE(is_pack(pack_));
    EXPECT_FALSE(is_pack(folder_.file("nowhere")));
    EXPECT_FALSE(is_pack(folder_.path().string()));
    EXPECT_FALSE(is_pack(in_pack(kIndexFile)));
}

TEST_F(PackTest, ATruncatedOrOverlongFileIsFoundWithoutReadingIt) {
    for (const std::uintmax_t size : {std::uintmax_t{0}, std::uintmax_t{16383}}) {
        fs::resize_file(in_pack(kParametersFile), size);
        EXPECT_NE(error().find("the file is truncated"), std::string::npos) << error();
    }
    fs::resize_file(in_pack(kParametersFile), 16384 + 4096);
    EXPECT_NE(error().find("expected the 16384 bytes of"), std::string::npos) << error();
    for (const char* name : {kIndexFile, kModelFile}) {
        const std::string content = read_file(in_pack(name));
        for (std::size_t size = 0; size < content.size() - 2; size += 7) {
            write_file(in_pack(name), content.substr(0, size));
            EXPECT_TRUE(error().starts_with(in_pack(name) + ":")) << error();
        }
        write_file(in_pack(name), content);
    }
}

TEST_F(PackTest, AModelOfAnotherPackIsRefusedAtItsPlace) {
    struct Case {
        const char* from;
        const char* to;
        const char* says;
    };
    const std::string content = read_file(in_pack(kModelFile));
    for (const Case& edit : std::vector<Case>{
             {"\"name\": \"sample\"", "\"name\": \"other\"", "has model \"sample\""},
             {"\"name\": \"conv\"", "\"name\": \"convolution\"", "layers[0]"},
             {"\"parameter_bytes\": 1216", "\"parameter_bytes\": 1215", "together 1216 bytes"},
             {"\"parameter_tensors\": 2", "\"parameter_tensors\": 3", "tensors: 2"},
             {"\"stored_bytes\": 12288", "\"stored_bytes\": 8192", "stored_bytes 12288"}}) {
        std::string changed = content;
        ASSERT_NE(changed.find(edit.from), std::string::npos) << edit.from;
        changed.replace(changed.find(edit.from), std::string(edit.from).size(), edit.to);
        if (std::string(edit.from).find("conv") != std::string::npos)  // and who reads it
            changed.replace(changed.find("\"conv\""), 6, "\"convolution\"");
        write_file(in_pack(kModelFile), changed);
        EXPECT_TRUE(error().starts_with(in_pack(kModelFile) + ":")) << error();
        EXPECT_NE(error().find(edit.says), std::string::npos) << error();
    }
}

TEST(SyntheticPack, HasTheSizesOfAnyModelAndIsTheSameForTheSameSeed) {
    SWAPLAB_FOR_SEEDS(seed, 1, 20) {
        ModelShape shape;
        shape.scale = seed % 2 == 0 ? 20'000 : 6;  // down to a byte
        shape.percent_stored = 30;
        const ModelPtr model = random_model(seed, shape);
        const TemporaryFolder folder;
        write_synthetic_pack(*model, folder.file("a"), seed);
        write_synthetic_pack(*model, folder.file("b"), seed);
        write_synthetic_pack(*model, folder.file("c"), seed + 1);
        const Pack pack(folder.file("a"));
        verify(pack);
        EXPECT_TRUE(pack.index().inputs.empty());
        ASSERT_EQ(pack.model()->layer_count(), model->layer_count());
        EXPECT_EQ(pack.model()->parameter_bytes(), model->parameter_bytes());
        for (std::uint32_t i = 0; i < model->layer_count(); ++i) {
            const Layer& layer = model->layers()[i];
            EXPECT_EQ(pack.model()->layers()[i].parameter_bytes, layer.parameter_bytes);
            EXPECT_GE(pack.extent({i, i + 1}).size, layer.parameter_bytes);
        }
        const std::string bytes = read_file(pack.parameters_path());
        EXPECT_EQ(bytes, read_file(Pack(folder.file("b")).parameters_path()));
        if (model->parameter_bytes() > Bytes{16}) {
            EXPECT_NE(bytes, read_file(Pack(folder.file("c")).parameters_path()));
        }
    }
}

TEST(SyntheticPack, TooManyTensorsAreRefusedBeforeAnythingIsWritten) {
    ModelSpec spec = sample_model();
    spec.layers[0].parameter_bytes = {std::int64_t{1} << 40};
    spec.layers[0].parameter_tensors = 1 << 30;
    const TemporaryFolder folder;
    const std::string error =
        said_by([&] { write_synthetic_pack(Model(spec), folder.file("pack"), 1); });
    EXPECT_NE(error.find("more than 100000 tensors"), std::string::npos) << error;
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace swaplab
