// A file beside the one whose place it takes when it is complete: NAME.RANDOM.swaplab-partial.
#pragma once

#include <string>
#include <vector>

namespace swaplab {

class TemporaryFile {
  public:
    // Makes it, under a name that nobody can have put a link at, with the mode and the owner of the
    // file at `target` if there is one. A signal removes it. Throws `InputError`.
    explicit TemporaryFile(const std::string& target);
    ~TemporaryFile();  // removes it unless it was put in place
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    int descriptor() const { return descriptor_; }
    const std::string& path() const { return path_; }  // for libraries that open it by name
    // Onto the disk, and to the target's name. Throws `OutputError`.
    void put_in_place();

  private:
    void open_exclusively();
    void take_after_target();

    std::string target_;
    std::string path_;
    int descriptor_ = -1;
    bool placed_ = false;
};

// What runs that were killed have left of files for this target. Whoever writes one holds a lock on
// it, which ends with the process: what is locked is somebody's work.
std::vector<std::string> abandoned_beside(const std::string& target);

}  // namespace swaplab
