// What tests of the command line on this machine share: small models, written and packed once.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab::testing {

// Writes models of tests/hw/torch/models.h: pairs of name and file. False without LibTorch.
bool write_models(const std::vector<std::string>& names_and_files);

// What a command wrote with --json.
class Json {
  public:
    explicit Json(std::string text) : document_(parse_json(std::move(text), "output")) {}
    // `path` is keys with dots between. Throws `InputError` if there is no such member.
    Field at(std::string_view path) const;
    std::int64_t count(std::string_view path) const { return at(path).as_count(); }
    std::string string(std::string_view path) const { return at(path).as_string(); }
    bool is_null(std::string_view path) const { return at(path).value().kind == Value::Kind::null; }
    // Of evidence: the digests of all requests, per job.
    std::vector<std::vector<std::string>> outputs() const;

  private:
    Document document_;
};

// The tests are skipped where the build has no LibTorch.
class Hardware : public ::testing::Test {
  public:
    static void SetUpTestSuite();
    static void TearDownTestSuite() { lab_.reset(); }
    void SetUp() override;

  protected:
    static std::string file(const std::string& name) { return lab_->file(name); }
    static std::vector<std::string> names() { return lab_->names(); }
    // A copy of a pack that may be broken.
    static std::string copy_of(const std::string& pack, const std::string& name);
    // `swaplab COMMAND -m FILE(MODEL) -d board` and more, in this process.
    static CliResult on_board(const std::string& command, const std::string& model,
                              const std::vector<std::string>& more);
    static CliResult run(const std::string& model, const std::vector<std::string>& more) {
        return on_board("run", model, more);
    }

  private:
    // Beside the build, which lies on a disk more likely than temporary files do. In it: cnn.pt,
    // gpt.pt, tied.pt, transformer.pt, wide.pt, their packs, and board.json, a made-up profile of
    // this machine.
    static std::unique_ptr<TemporaryFolder> lab_;
};

}  // namespace swaplab::testing
