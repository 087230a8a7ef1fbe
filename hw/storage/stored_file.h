// A file that is written from its begin to its end, with errors that say what happened.
#pragma once

#include <sys/types.h>

#include <cstddef>
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

// What was created, renamed or removed in the folder is on the storage, where the file system can
// say so of folders and this one may be opened.
void sync_folder(const std::string& path, const std::string& shown_as);

}  // namespace swaplab
