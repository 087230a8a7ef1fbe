// Files that are not what they should be: what is said, with which exit code, and that nothing is
// left behind.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/experiments/hardware.h"

namespace swaplab::testing {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

const Arguments kOnDemand{"--backend", "cpu",        "-p", "on-demand", "-b",
                          "min",       "--requests", "2",  "--json"};

Arguments with(Arguments arguments, const std::string& more) {
    arguments.push_back(more);
    return arguments;
}

// Says all of `parts` in one line, writes nothing to standard output.
void expect_refusal(const CliResult& result, int code, const Arguments& parts) {
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_EQ(result.out, "");
    for (const std::string& part : parts)
        EXPECT_NE(result.err.find(part), std::string::npos) << part << "\nin " << result.err;
    EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
}

void replace_in(const std::string& path, const std::string& from, const std::string& to) {
    std::string content = read_file(path);
    const std::size_t at = content.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file(path, content.replace(at, from.size(), to));
}

// The sign of a parameter of the second layer, whose segment begins at 65536.
void flip_a_byte(const std::string& pack) {
    std::fstream stream(pack + "/parameters.bin", std::ios::in | std::ios::out | std::ios::binary);
    constexpr std::streamoff kAt = 65536 + 3;
    stream.seekg(kAt);
    const int byte = stream.get();
    stream.seekp(kAt);
    stream.put(static_cast<char>(byte ^ 0x80));
    ASSERT_TRUE(stream.good());
}

TEST_F(Hardware, PacksThatAreNotWhole) {
    const std::string truncated = copy_of("wide", "truncated");
    fs::resize_file(truncated + "/parameters.bin", 8192);
    const std::string shell = copy_of("wide", "no-skeleton");
    fs::remove(shell + "/skeleton.pt");
    const std::string newer = copy_of("wide", "newer");
    replace_in(newer + "/index.json", "swaplab/pack/1", "swaplab/pack/7");
    const std::string swapped = copy_of("wide", "swapped");
    fs::copy_file(file("cnn/skeleton.pt"), swapped + "/skeleton.pt",
                  fs::copy_options::overwrite_existing);
    const std::string hollow = copy_of("wide", "hollow");
    fs::remove(hollow + "/parameters.bin");
    fs::create_directory(hollow + "/parameters.bin");

    const Arguments before = names();
    expect_refusal(run("truncated", kOnDemand), 2,
                   {"parameters.bin", "1048576", "8192", "truncated"});
    expect_refusal(run("no-skeleton", kOnDemand), 2, {"skeleton.pt", "No such file"});
    expect_refusal(run("newer", kOnDemand), 2,
                   {"index.json:2:", "swaplab/pack/7", "swaplab/pack/1", "pack the model again"});
    expect_refusal(run("swapped", kOnDemand), 2, {"skeleton.pt"});
    expect_refusal(run("hollow", kOnDemand), 2, {"parameters.bin", "expected a file"});
    EXPECT_EQ(names(), before);
}

TEST_F(Hardware, AFileThatMayNotBeRead) {
    if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
    const std::string closed = copy_of("wide", "closed");
    fs::permissions(closed + "/parameters.bin", fs::perms::none);
    expect_refusal(run("closed", kOnDemand), 2, {"parameters.bin", "Permission denied"});
    fs::permissions(closed + "/parameters.bin", fs::perms::owner_all);
}

// The reference reads the same bytes, so only checksums or the pack's own outputs tell: the latter
// without being asked.
TEST_F(Hardware, AFlippedByte) {
    flip_a_byte(copy_of("wide", "flipped"));
    const Arguments before = names();
    Arguments checked = with(kOnDemand, "--verify");
    checked.insert(checked.end(), {"--decisions", file("never.jsonl")});
    expect_refusal(run("flipped", checked), 1, {"parameters.bin", "layer \"matmul_2\""});
    EXPECT_EQ(names(), before);

    const CliResult unchecked = run("flipped", kOnDemand);
    ASSERT_EQ(unchecked.code, 1) << unchecked.err;
    EXPECT_NE(unchecked.err.find("when it was packed"), std::string::npos) << unchecked.err;
    const Json index(read_file(file("wide/index.json")));
    std::vector<std::string> expected;
    for (const Field& output : index.at("expected").as_array())
        expected.push_back(Fields(output).required("digest").as_string());
    ASSERT_EQ(expected.size(), 2U);
    const auto outputs = Json(unchecked.out).outputs().at(0);
    EXPECT_NE(outputs[0], expected[0]);
    EXPECT_NE(outputs[1], expected[1]);
    const CliResult whole = run("wide", with(kOnDemand, "--verify"));
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_EQ(Json(whole.out).outputs().at(0), expected);
}

TEST_F(Hardware, WhatCannotBePacked) {
    write_file(file("text.pt"), "no archive\n");
    write_file(file("half.pt"), read_file(file("wide.pt")).substr(0, 3000));
    const Arguments before = names();
    const auto pack = [](const std::string& source, const std::string& folder) {
        return cli({"pack", file(source), "-o", file(folder)});
    };
    expect_refusal(pack("text.pt", "new"), 2, {"text.pt", "not a TorchScript file"});
    expect_refusal(pack("half.pt", "new"), 2, {"half.pt", "not a TorchScript file"});
    expect_refusal(pack("none.pt", "new"), 2, {"none.pt", "no such file"});
    expect_refusal(pack("wide.pt", "cnn"), 2, {"cnn", "exists already"});
    expect_refusal(pack("wide.pt", "nowhere/new"), 2, {"nowhere is not a folder"});
    EXPECT_EQ(names(), before);
    EXPECT_EQ(cli({"run", "-m", file("cnn"), "-d", file("board.json"), "-p", "direct", "-q"}).code,
              0);  // that pack is as it was
}

TEST_F(Hardware, ABuiltInModelHasNoParameters) {
    Arguments arguments = kOnDemand;
    arguments.insert(arguments.begin(), {"run", "-m", "vgg19", "-d", file("board.json")});
    expect_refusal(cli(arguments), 2,
                   {"'vgg19' is built in", "experiments/export.py", "torch.jit.save",
                    "`swaplab pack vgg19.pt -o vgg19`"});
}

}  // namespace
}  // namespace swaplab::testing
