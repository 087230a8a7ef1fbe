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

// Whether the file system of the path is memory itself, so that nothing comes from storage.
bool lies_in_memory(const std::string& path);
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

// Whether a process ended because LeakSanitizer itself failed while it looked at LibTorch's threads
// ("Tracer caught signal 11", rarely and under load): nothing was found out, so it is asked again.
inline bool leak_check_failed(const std::string& standard_error) {
    return standard_error.find("LeakSanitizer has encountered a fatal error") != std::string::npos;
}

}  // namespace swaplab::testing
