#include "hw/host/threads.h"

#include <system_error>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

std::thread start_thread(std::string_view what_for, std::function<void()> work) {
    try {
        return std::thread(std::move(work));
    } catch (const std::system_error& error) {
        throw UnsupportedError(
            text("this machine makes no thread for {}: {} (is there a limit on processes, as by "
                 "`ulimit -u` or a cgroup's pids.max?)",
                 what_for, error.code().message()));
    }
}

}  // namespace swaplab
