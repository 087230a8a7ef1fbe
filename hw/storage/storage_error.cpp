#include "hw/storage/storage_error.h"

#include <system_error>

#include "profiles/base/text.h"

namespace swaplab {

std::string errno_text(int error) { return std::generic_category().message(error); }

StorageError storage_error(const std::string& file, Bytes offset, std::string_view what,
                           int error) {
    return StorageError(text("{}: at offset {}: {}: {} (errno {})", file, offset.count, what,
                             errno_text(error), error));
}

}  // namespace swaplab
