// What is written: a file from its begin to its end, with errors that say what happened; a folder
// that takes its name when all of it is on the storage.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hw/storage/file.h"
#include "profiles/base/units.h"

namespace swaplab {

// ::write, or what a test puts in its place.
using WriteFunction = ssize_t (*)(int descriptor, const void* bytes, std::size_t size);

// Each member throws `StorageError` naming file and offset: no space left, a broken disk, …
class StoredFile {
  public:
    // Makes a new file; `shown_as` is what messages call it.
    StoredFile(const std::string& path, std::string shown_as, WriteFunction write);

    void append(std::span<const std::byte> bytes);
    // All is on the storage. Nothing may be appended afterwards.
    void finish();

  private:
    void flush();
    void write_all(std::span<const std::byte> bytes);

    std::string shown_as_;
    WriteFunction write_;
    FileHandle handle_;
    std::vector<std::byte> pending_;  // small pieces, to be written together
    Bytes written_;
};

// Told of folders that are not whole, so that a signal's handler can remove them: one that has been
// made, and later that it is gone or has its name.
struct PartialListener {
    std::function<void(const std::string& folder)> made;
    std::function<void(const std::string& folder)> gone;
};

// A new folder beside its target, "TARGET.partial-PID-N", locked (flock) while its writer lives:
// one that can be locked was left behind. Gone with this object, unless it took its name.
class PartialFolder {
  public:
    // Throws `StorageError`.
    PartialFolder(std::string target, PartialListener listener);
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;
    ~PartialFolder();

    const std::string& path() const { return path_; }
    // All files are on the storage already. Throws `StorageError`.
    void take_name();

  private:
    std::string target_;
    std::string path_;  // empty once it has its name
    PartialListener listener_;
    FileHandle lock_;
};

// Throws `InputError` unless a folder can take this name: there is nothing, or an empty folder (a
// link is none), in a folder that is there.
void require_free_name(const std::string& folder);

// Partial folders beside the target whose writers are gone (killed), in order of their names.
std::vector<std::string> left_behind_beside(const std::string& target);
// Removes one of them. Throws `StorageError`.
void remove_left_behind(const std::string& partial);

}  // namespace swaplab
