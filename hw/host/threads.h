// Threads of this process, which a machine may refuse (`ulimit -u`, a cgroup's pids.max).
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <thread>

namespace swaplab {

// How many can run at once besides those that do: `wanted`, or less.
std::size_t threads_to_be_had(std::size_t wanted);

// Throws `UnsupportedError` naming what it was for where the system makes none.
std::thread start_thread(std::string_view what_for, std::function<void()> work);

}  // namespace swaplab
