#include "experiments/commands/commands.h"
#include "profiles/error.h"
namespace swaplab {
int validate_command(const Options&, const Console&) { throw UnsupportedError("validate"); }
}  // namespace swaplab
