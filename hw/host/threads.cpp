#include "hw/host/threads.h"

#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

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

std::size_t threads_to_be_had(std::size_t wanted) {
    std::mutex all_are_there;
    std::vector<std::thread> threads;
    {
        const std::lock_guard hold(all_are_there);
        try {
            while (threads.size() < wanted)
                threads.emplace_back([&] { const std::lock_guard wait(all_are_there); });
        } catch (const std::system_error&) {
        }
    }
    for (std::thread& thread : threads) thread.join();
    return threads.size();
}

}  // namespace swaplab
