#include "hw/storage/file.h"

#include <unistd.h>

namespace swaplab {

FileHandle::~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace swaplab
