#include "tests/experiments/hardware.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace swaplab::testing {

namespace fs = std::filesystem;

namespace {

#ifdef SWAPLAB_WRITE_MODEL
constexpr const char* kWriter = SWAPLAB_WRITE_MODEL;
#else
constexpr const char* kWriter = nullptr;
#endif

constexpr const char* kBoard =
    R"({"schema": "swaplab/device/1", "name": "board", "compute": "cpu",
        "memory": {"capacity_bytes": 1000000000, "unified": true, "alignment_bytes": 4096},
        "read": {"ns_per_byte": 1, "ns_per_block": 60000, "request_bytes": 1048576},
        "copy": {"ns_per_byte": 0.1}, "assemble": {"ns_per_tensor": 1500},
        "release": {"ns_per_tensor": 100},
        "execute": {"*": {"ns_per_flop": 0.05, "ns_per_layer": 10000}}})";

const Value::Member& member_of(const Value& object, std::string_view key) {
    for (const Value::Member& member : object.members)
        if (member.first == key) return member;
    throw InputError("no member " + std::string(key));
}

}  // namespace

bool write_models(const std::vector<std::string>& names_and_files) {
    if (kWriter == nullptr) return false;
    std::string line = kWriter;
    for (const std::string& argument : names_and_files) line += " '" + argument + "'";
    if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
    return true;
}

Field Json::at(std::string_view path) const {
    Field field = Field::root(document_);
    while (!path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        field = field.member(member_of(field.value(), path.substr(0, dot)));
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return field;
}

std::vector<std::vector<std::string>> Json::outputs() const {
    std::vector<std::vector<std::string>> all;
    for (const Field& job : at("evidence.outputs").as_array()) {
        all.emplace_back();
        for (const Field& digest : job.as_array()) all.back().push_back(digest.as_string());
    }
    return all;
}

std::unique_ptr<TemporaryFolder> Hardware::lab_;

void Hardware::SetUpTestSuite() {
    if (kWriter == nullptr) return;
    lab_ = std::make_unique<TemporaryFolder>(fs::path(SWAPLAB_EXECUTABLE).parent_path());
    write_file(file("board.json"), kBoard);
    const std::vector<std::string> models{"cnn", "gpt", "tied", "transformer", "wide"};
    std::vector<std::string> pairs;
    for (const std::string& model : models) {
        pairs.push_back(model);
        pairs.push_back(file(model + ".pt"));
    }
    write_models(pairs);
    for (const std::string& model : models) {
        const CliResult packed = cli({"pack", file(model + ".pt"), "-o", file(model), "--verify"});
        ASSERT_EQ(packed.code, 0) << packed.err;
        EXPECT_NE(packed.out.find("verified"), std::string::npos) << packed.out;
    }
}

void Hardware::SetUp() {
    if (kWriter == nullptr) GTEST_SKIP() << "skipped: built without LibTorch";
}

std::string Hardware::copy_of(const std::string& pack, const std::string& name) {
    fs::copy(file(pack), file(name));
    return file(name);
}

CliResult Hardware::on_board(const std::string& command, const std::string& model,
                             const std::vector<std::string>& more) {
    std::vector<std::string> arguments{command, "-m", file(model), "-d", file("board.json"), "-q"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cli(arguments);
}

}  // namespace swaplab::testing
