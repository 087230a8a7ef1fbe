// Every output is whole or not there, and never in the place of something else (FORMATS: Output
// files).
#include "experiments/output/output_file.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "experiments/output/separate_files.h"
#include "profiles/base/error.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

using testing::cli;
using testing::CliResult;
using testing::read_file;
using testing::TemporaryFolder;
using testing::write_file;
using Arguments = std::vector<std::string>;

std::string refusal(const std::function<void()>& of) {
    try {
        of();
    } catch (const InputError& error) {
        return error.what();
    }
    return "not refused";
}

bool says(const std::string& message, const std::string& words) {
    return message.find(words) != std::string::npos;
}

TEST(OutputFile, AppearsCompleteOrNotAtAll) {
    const TemporaryFolder folder;
    const std::string path = folder.file("x.txt");
    write_file(path, "old");
    {
        OutputFile abandoned(path);
        abandoned.stream() << "half";
    }
    EXPECT_EQ(read_file(path), "old");
    OutputFile file(path);
    file.stream() << "new";
    EXPECT_EQ(read_file(path), "old");
    file.commit();
    EXPECT_EQ(read_file(path), "new");
    EXPECT_EQ(folder.names(), std::vector<std::string>{"x.txt"});
}

TEST(OutputFile, HoldsWhatIsLongerThanItsBuffer) {
    const TemporaryFolder folder;
    std::string all;
    OutputFile file(folder.file("long"));
    for (int i = 0; i < 400; ++i) {
        const std::string part(static_cast<std::size_t>(i * 7), static_cast<char>('a' + i % 26));
        file.stream() << part << '\n';
        all += part + '\n';
    }
    const std::string large(200'000, 'z');
    file.stream() << large << 'y';
    file.commit();
    EXPECT_EQ(read_file(folder.file("long")), all + large + 'y');
}

TEST(OutputFile, ReplacesNothingButFiles) {
    const TemporaryFolder folder;
    const auto why = [&](const std::string& path) {
        return refusal([&] { OutputFile file(path); });
    };
    write_file(folder.file("file"), "kept");
    fs::create_symlink(folder.file("file"), folder.file("link"));
    fs::create_symlink(folder.file("nothing"), folder.file("dangling"));
    ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
    EXPECT_TRUE(says(why(folder.path().string()), "it is a folder"));
    EXPECT_TRUE(says(why(folder.file("link")), "it is a link to")) << why(folder.file("link"));
    EXPECT_TRUE(says(why(folder.file("dangling")), "it is a link to"));
    EXPECT_TRUE(says(why(folder.file("pipe")), "it is a pipe"));
    EXPECT_TRUE(says(why(folder.file("none/file")), "No such file"));
    EXPECT_TRUE(says(why(folder.file("file/below")), "Not a directory"));
    EXPECT_TRUE(says(why(""), "the name is empty"));
    EXPECT_TRUE(says(why("/dev/fd/9999"), "it is not open"));
    fs::copy_file("/proc/self/exe", folder.file("program"));
    EXPECT_TRUE(says(why(folder.file("program")), "it is a program"));
    EXPECT_EQ(read_file(folder.file("file")), "kept");
    EXPECT_NO_THROW(OutputFile("/dev/null").commit());
}

TEST(OutputFile, KeepsModeAndOwner) {
    const TemporaryFolder folder;
    const std::string path = folder.file("x");
    write_file(path, "old");
    ASSERT_EQ(chmod(path.c_str(), 0604), 0);
    const bool root = geteuid() == 0;
    const uid_t owner = root ? 12345 : geteuid();
    const gid_t group = root ? 23456 : getegid();
    ASSERT_EQ(chown(path.c_str(), owner, group), 0);
    OutputFile file(path);
    file.stream() << "new";
    file.commit();
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0604U);
    EXPECT_EQ(status.st_uid, owner);
    EXPECT_EQ(status.st_gid, group);
}

// Between a name and its use somebody may put a link there: who guesses the name.
TEST(OutputFile, TemporaryNamesAreNeverTheSame) {
    const TemporaryFolder folder;
    OutputFile one(folder.file("x"));
    OutputFile two(folder.file("x"));
    const std::vector<std::string> names = folder.names();
    ASSERT_EQ(names.size(), 2U);
    for (const std::string& name : names) {
        EXPECT_TRUE(name.starts_with("x.")) << name;
        EXPECT_TRUE(name.ends_with(".swaplab-partial")) << name;
        EXPECT_EQ(name.size(), std::string("x.0123456789abcdef.swaplab-partial").size());
    }
}

TEST(OutputFile, LongNamesHaveTemporariesToo) {
    const TemporaryFolder folder;
    const std::string name(255, 'n');
    OutputFile file(folder.file(name));
    file.commit();
    EXPECT_EQ(folder.names(), std::vector<std::string>{name});
}

TEST(OutputFile, WhatAKilledRunLeftIsFound) {
    const TemporaryFolder folder;
    const std::string left = folder.file("x.0123456789abcdef.swaplab-partial");
    write_file(left, "half");
    write_file(folder.file("x.0123456789abcdeg.swaplab-partial"), "not ours");
    write_file(folder.file("xx.0123456789abcdef.swaplab-partial"), "another's");
    EXPECT_EQ(abandoned_beside(folder.file("x")), std::vector<std::string>{left});
    const OutputFile working(folder.file("x"));  // holds a lock
    EXPECT_EQ(abandoned_beside(folder.file("x")), std::vector<std::string>{left});
}

TEST(SeparateFiles, OneFileByAnyName) {
    const TemporaryFolder folder;
    const std::string path = folder.file("x.json");
    const std::string other = folder.path().string() + "/./x.json";
    const auto apart = [](const std::vector<NamedFile>& inputs,
                          const std::vector<NamedFile>& outputs) {
        return refusal([&] { require_separate(inputs, outputs); });
    };
    EXPECT_EQ(apart({}, {{"--trace", path}, {"--decisions", folder.file("y.json")}}),
              "not refused");
    EXPECT_EQ(apart({}, {{"--trace", ""}, {"--decisions", ""}}), "not refused");
    EXPECT_EQ(apart({}, {{"--trace", "/dev/null"}, {"--decisions", "/dev/null"}}), "not refused");
    EXPECT_TRUE(says(apart({}, {{"--trace", path}, {"--decisions", other}}),
                     "--trace and --decisions name the same file"));
    EXPECT_TRUE(says(apart({}, {{"--csv", "-"}, {"--plot", "/dev/stdout"}}), "the same file"));
    write_file(path, "{}");
    EXPECT_TRUE(says(apart({}, {{"--trace", path}, {"--decisions", other}}), "the same file"));
    EXPECT_TRUE(says(apart({{"the model", other}}, {{"--trace", path}}), "the model and --trace"));
    fs::create_hard_link(path, folder.file("hard.json"));
    EXPECT_TRUE(
        says(apart({{"the model", path}}, {{"-o", folder.file("hard.json")}}), "same file"));
    fs::create_directory_symlink(folder.path(), folder.file("round"));
    EXPECT_TRUE(says(apart({{"the model", path}}, {{"-o", folder.file("round/x.json")}}), "same"));
}

// --- Commands -----------------------------------------------------------------------------------

class Written : public ::testing::Test {
  protected:
    Written() {
        write_file(model_, cli({"show", "model", "resnet101", "--json"}).out);
        write_file(device_, cli({"show", "device", "jetson-xavier-nx", "--json"}).out);
        write_file(arrivals_, "model,arrival_ns\nresnet101,0\n");
    }
    CliResult run(const std::string& command, const Arguments& more) const {
        Arguments all{command, "-m", model_, "-d", device_, "-p", "on-demand", "-b", "0.5x"};
        all.insert(all.end(), more.begin(), more.end());
        return cli(all);
    }
    TemporaryFolder folder_;
    std::string model_ = folder_.file("model.json");
    std::string device_ = folder_.file("device.json");
    std::string arrivals_ = folder_.file("arrivals.csv");
};

TEST_F(Written, InputsAreNeverReplaced) {
    const std::string csv = folder_.file("same.csv");
    const std::string copy = read_file(model_);
    const std::vector<std::pair<std::string, Arguments>> cases{
        {"compare", {"--csv", model_}},
        {"compare", {"--plot", device_}},
        {"compare", {"--arrivals", arrivals_, "--csv", arrivals_}},
        {"run", {"--decisions", folder_.path().string() + "/./model.json"}},
        {"run", {"--trace", device_}},
        {"validate", {"--against", "sim", "--csv", model_}},
        {"compare", {"--csv", csv, "--plot", folder_.path().string() + "/./same.csv"}},
    };
    for (const auto& [command, more] : cases) {
        const CliResult result = run(command, more);
        EXPECT_EQ(result.code, 2) << command << ' ' << more[0];
        EXPECT_TRUE(says(result.err, "name the same file")) << result.err;
        EXPECT_EQ(result.out, "");
    }
    EXPECT_EQ(read_file(model_), copy);
    const std::string experiment = folder_.file("e.yaml");
    write_file(experiment, "schema: swaplab/experiment/1\nmodels: [" + model_ + "]\ndevices: [" +
                               device_ + "]\npolicies: [swapnet]\nbudgets: [0.5x]\n");
    const CliResult validated =
        cli({"validate", experiment, "--against", "sim", "--csv", experiment});
    EXPECT_EQ(validated.code, 2);
    EXPECT_TRUE(says(validated.err, "the experiment and --csv name the same file"));
}

TEST_F(Written, NoFileOfAPackIsReplaced) {
    const std::string pack = folder_.file("pack");
    write_file(model_, R"({"schema": "swaplab/model/1", "name": "m", "layers":
        [{"name": "a", "parameter_bytes": 4096, "macs": 10}]})");
    ASSERT_EQ(cli({"pack", model_, "--synthetic", "-o", pack}).code, 0);
    const std::string parameters = read_file(pack + "/parameters.bin");
    for (const char* name : {"parameters.bin", "index.json", "model.json", "skeleton.pt"}) {
        const CliResult result = cli({"run", "-m", pack, "-d", device_, "-p", "on-demand", "-b",
                                      "min", "--decisions", pack + "/" + name});
        EXPECT_EQ(result.code, 2) << name;
        EXPECT_TRUE(says(result.err, "the pack '")) << result.err;
    }
    EXPECT_EQ(read_file(pack + "/parameters.bin"), parameters);
}

TEST_F(Written, EndingsSayWhatIsWritten) {
    const CliResult plot = run("compare", {"--plot", folder_.file("x.pdf")});
    EXPECT_EQ(plot.code, 2);
    EXPECT_TRUE(says(plot.err, "ends in .svg")) << plot.err;
    EXPECT_TRUE(says(run("compare", {"--csv", folder_.file("x.xlsx")}).err, "ends in .csv"));
    EXPECT_EQ(run("compare", {"--csv", folder_.file("x"), "--plot", folder_.file("X.SVG")}).code,
              0);
}

TEST_F(Written, PartialFilesAreNamedAndCleaned) {
    const std::string left = folder_.file("t.csv.0123456789abcdef.swaplab-partial");
    write_file(left, "half");
    const CliResult named = run("compare", {"--csv", folder_.file("t.csv")});
    EXPECT_EQ(named.code, 0);
    EXPECT_TRUE(says(named.err, left + " (4 B) was left by a run that was killed; --clean"))
        << named.err;
    EXPECT_TRUE(fs::exists(left));
    EXPECT_TRUE(says(run("compare", {"--csv", folder_.file("t.csv"), "--clean"}).err, "removed"));
    EXPECT_FALSE(fs::exists(left));
}

TEST_F(Written, StandardOutputIsTakenOnce) {
    const CliResult both = run("compare", {"--csv", "-", "--json"});
    EXPECT_EQ(both.code, 2);
    EXPECT_TRUE(says(both.err, "both go to standard output")) << both.err;
}

// Times and sizes that no device can have are refused where they stand.
TEST_F(Written, MeasurementsStayInRange) {
    const auto fit = [&](const std::string& rows) {
        write_file(folder_.file("m.csv"), "activity,parameter_bytes,requests,duration_ns\n" + rows);
        return cli({"fit", folder_.file("m.csv")});
    };
    const CliResult late = fit("read,1000,1,1000\nread,2000,1,1e300\n");
    EXPECT_EQ(late.code, 2);
    EXPECT_TRUE(says(late.err, "m.csv:3:13: duration_ns: expected at most 2^53")) << late.err;
    const CliResult large = fit("read,4611686018427387904,1,1000\nread,4611686018427387905,1,9\n");
    EXPECT_EQ(large.code, 2);
    EXPECT_TRUE(says(large.err, "m.csv:2:6: parameter_bytes: expected at most 2^60")) << large.err;
}

}  // namespace
}  // namespace swaplab
