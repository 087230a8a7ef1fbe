#include "tests/faults/mutants/worker.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "profiles/base/text.h"
#include "tests/faults/mutants/counts.h"
#include "tests/faults/mutants/judge.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::faults {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSpan = 500;                 // mutants of a worker
constexpr rlim_t kMostFileBytes = rlim_t{64} << 20;  // that a mutant may write
constexpr std::size_t kMostWorkers = 64;
constexpr double kLeastRead = 40;  // per cent

constexpr unsigned kWaiting = 6;  // times as long, in which others may have the processor

// Seconds that may be spent, and that may pass; 0: no limit. Ends the process.
void limit_time(unsigned seconds) {
    const itimerval timer{{}, {static_cast<time_t>(seconds), 0}};
    setitimer(ITIMER_PROF, &timer, nullptr);
    alarm(kWaiting * seconds);
}

// Where a worker is, for its parent to know what killed it.
using Position = std::atomic<std::uint64_t>;

struct Slot {
    std::uint64_t end = 0;
    pid_t worker = 0;
};

class Run {
  public:
    Run(const Seeds& seeds, const Task& task)
        : seeds_(seeds), task_(task), counts_(shared_counts()), next_(task.first) {
        void* const memory = mmap(nullptr, kMostWorkers * sizeof(Position), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
        positions_ = static_cast<Position*>(memory);
        fs::create_directories(task.failures);
    }

    void all() {
        slots_.resize(
            std::clamp<std::size_t>(static_cast<std::size_t>(task_.workers), 1, kMostWorkers));
        for (std::size_t slot = 0; slot < slots_.size(); ++slot) give_span(slot);
        while (std::ranges::any_of(slots_, [](const Slot& slot) { return slot.worker != 0; }))
            wait_for_one();
    }

    const Counts& counts() const { return *counts_; }

  private:
    void give_span(std::size_t slot) {
        const std::uint64_t first = next_;
        next_ = std::min(task_.first + task_.count, first + kSpan);
        if (first < next_) start(slot, first, next_);
    }

    void start(std::size_t slot, std::uint64_t first, std::uint64_t end) {
        positions_[slot] = first;
        std::fflush(nullptr);
        const pid_t child = fork();
        if (child < 0) throw std::runtime_error("no process for a worker");
        if (child == 0) work(slot, end);
        slots_[slot] = {end, child};
    }

    void wait_for_one() {
        int status = 0;
        const pid_t ended = waitpid(-1, &status, 0);
        const auto slot = std::ranges::find(slots_, ended, &Slot::worker);
        if (slot == slots_.end()) return;
        const auto index = static_cast<std::size_t>(slot - slots_.begin());
        slot->worker = 0;
        if (status == 0) return give_span(index);
        const std::uint64_t killed_by = positions_[index];
        save(killed_by, fault_of(status), log_of(index));
        if (killed_by + 1 < slot->end)
            start(index, killed_by + 1, slot->end);
        else
            give_span(index);
    }

    static std::string fault_of(int status) {
        const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        if (signal == SIGPROF) return "takes too long";
        if (signal == SIGALRM) return "waits too long";
        if (WIFSIGNALED(status)) return text("dies of signal {}", WTERMSIG(status));
        return text("ends the process with {}", WEXITSTATUS(status));
    }

    std::string log_of(std::size_t slot) const {
        return text("{}/worker-{}.log", task_.failures, slot);
    }

    // --- In the worker --------------------------------------------------------------------------

    [[noreturn]] void work(std::size_t slot, std::uint64_t end) {
        const int log = open(log_of(slot).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(log, STDERR_FILENO);
        const rlimit limit{kMostFileBytes, kMostFileBytes};
        setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, SIG_IGN);
        Position& position = positions_[slot];
        for (; position < end; ++position) run_one(position);
        std::fflush(nullptr);
        _exit(0);
    }

    void run_one(std::uint64_t number) {
        const Numbered mutant = mutant_of(seeds_, task_.seed, number, task_.only);
        const testing::TemporaryFolder folder;
        FormatCounts& counts =
            counts_->formats[static_cast<std::size_t>(mutant.format - formats().data())];
        ++counts.mutants;
        const auto begin = std::chrono::steady_clock::now();
        limit_time(task_.seconds);
        const Judged judged = judge(mutant, folder.path());
        limit_time(0);
        fs::current_path("/");
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - begin;
        counts_->took(static_cast<std::uint64_t>(took.count()), number);
        if (judged.read) ++counts.read;
        const auto code = std::ranges::find(kCodes, judged.ended.code);
        if (code != kCodes.end()) ++counts.by_code[static_cast<std::size_t>(code - kCodes.begin())];
        if (!judged.fault.empty()) save(number, judged.fault, {}, judged.ended.err);
    }

    // The files, the command, and what was wrong. Made anew from the number: what killed a worker
    // left nothing.
    void save(std::uint64_t number, const std::string& fault, const std::string& log,
              const std::string& said = {}) {
        const Numbered mutant = mutant_of(seeds_, task_.seed, number, task_.only);
        ++counts_->formats[static_cast<std::size_t>(mutant.format - formats().data())].faults;
        const std::string folder = text("{}/{}-{}", task_.failures, task_.seed, number);
        write_files(mutant.mutant.files, folder);
        testing::write_file(folder + "/fault.txt",
                            text("{}: {}\n{}\n{}\n", mutant.format->name, fault,
                                 shown(mutant.mutant.command, folder), said));
        if (!log.empty())
            fs::copy_file(log, folder + "/stderr.txt", fs::copy_options::overwrite_existing);
        std::printf("mutant %llu of seed %llu: %s: %s\n  %s\n",
                    static_cast<unsigned long long>(number),
                    static_cast<unsigned long long>(task_.seed),
                    std::string(mutant.format->name).c_str(), fault.c_str(), folder.c_str());
        std::fflush(stdout);
    }

    const Seeds& seeds_;
    const Task& task_;
    Counts* counts_;
    Position* positions_ = nullptr;
    std::vector<Slot> slots_;
    std::uint64_t next_ = 0;
};

}  // namespace

bool run_mutants(const Seeds& seeds, const Task& task) {
    Run run(seeds, task);
    run.all();
    std::fputs(table_of(run.counts()).c_str(), stdout);
    return faults_of(run.counts()) == 0 && share_read(run.counts()) >= kLeastRead;
}

}  // namespace swaplab::faults
