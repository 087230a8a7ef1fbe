// Files that a test makes and nobody finds afterwards.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace swaplab::testing {

// A new folder that is removed with everything in it.
class TemporaryFolder {
  public:
    TemporaryFolder();  // where temporary files lie
    explicit TemporaryFolder(const std::filesystem::path& parent);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    std::vector<std::string> names() const;  // of what lies in it, sorted

  private:
    std::filesystem::path path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

}  // namespace swaplab::testing
