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

// The reference reads the same bytes, and rounding differs by the number of threads: checksums
// tell. By whichever command, before anything is executed.
TEST_F(Hardware, AFlippedByte) {
    flip_a_byte(copy_of("wide", "flipped"));
    const Arguments before = names();
    const Arguments said{"parameters.bin", "layer \"matmul_2\"", "expected CRC-32"};
    const Arguments emulated{"--backend", "emu",          "-p", "on-demand", "-b",
                             "min",       "--time-scale", "1",  "--execute", "torch"};
    for (const Arguments& threads : std::vector<Arguments>{{}, {"--threads", "1"}}) {
        const auto refused = [&](const std::string& command, Arguments arguments) {
            arguments.insert(arguments.end(), threads.begin(), threads.end());
            expect_refusal(on_board(command, "flipped", arguments), 1, said);
        };
        refused("run", kOnDemand);
        refused("run", with(kOnDemand, "--verify"));
        refused("run", emulated);
        refused("validate", {"--against", "cpu", "-p", "on-demand", "-b", "min"});
        Arguments profile{"profile", "-m", file("flipped"), "-o", file("never.csv")};
        profile.insert(profile.end(), threads.begin(), threads.end());
        expect_refusal(cli(profile), 1, said);
    }
    Arguments logged = kOnDemand;
    logged.insert(logged.end(), {"--decisions", file("never.jsonl")});
    expect_refusal(run("flipped", logged), 1, said);
    EXPECT_EQ(names(), before);
}

std::string said_by_run(const CliResult& result) {
    EXPECT_EQ(result.code, 0) << result.err;
    std::string words;  // wrapped lines as one
    for (const char c : result.out)
        if (c != '\n' && !(c == ' ' && words.ends_with(' ')))
            words += c;
        else if (!words.ends_with(' '))
            words += ' ';
    return words;
}

// With what outputs were compared, and what was verified.
TEST_F(Hardware, TheResultSaysWhatWasChecked) {
    const CliResult packed = cli({"pack", file("wide.pt"), "-o", file("one"), "--threads", "1"});
    ASSERT_EQ(packed.code, 0) << packed.err;
    const Arguments text{"--backend", "cpu", "-p", "on-demand", "-b", "min", "--threads"};
    const std::string same = said_by_run(run("one", with(text, "1")));
    EXPECT_NE(same.find("those of direct, bit by bit and those that were packed;"),
              std::string::npos)
        << same;
    EXPECT_NE(same.find("checksums verified"), std::string::npos) << same;
    const std::string other = said_by_run(run("one", with(text, "2")));
    EXPECT_NE(other.find("those of direct, bit by bit; not compared with those that were packed, "
                         "made with LibTorch"),
              std::string::npos)
        << other;
    Arguments json = with(text, "1");
    json.emplace_back("--json");
    EXPECT_TRUE(Json(run("one", json).out).at("evidence.outputs_as_packed").as_bool());
    json = with(text, "2");
    json.emplace_back("--json");
    EXPECT_TRUE(Json(run("one", json).out).is_null("evidence.outputs_as_packed"));
    const std::string emulated =
        said_by_run(run("one", {"--backend", "emu", "-p", "on-demand", "-b", "min", "--time-scale",
                                "100", "--lateness", "1000%"}));
    EXPECT_NE(emulated.find("checksums not verified: nothing is executed"), std::string::npos)
        << emulated;
}

TEST_F(Hardware, AnInputOfAnotherShape) {
    const std::string index = copy_of("cnn", "reshaped") + "/index.json";
    std::string content = read_file(index);
    const std::size_t at = content.find("16", content.find("\"inputs\""));
    write_file(index, content.replace(at, 2, "32"));
    expect_refusal(run("reshaped", kOnDemand), 2,
                   {"index.json: inputs: expected 4096 bytes", "model.json", "input_bytes",
                    "found 8192, of 1x3x32x16:float32"});
    write_file(index, content.replace(at, 2, "17"));  // as many pages
    expect_refusal(run("reshaped", kOnDemand), 2,
                   {"block 1 (conv2d_2 to conv2d_2)", "more memory than the model's file says"});
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
    expect_refusal(pack("none.pt", "new"), 2, {"none.pt", "No such file"});
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
