#include "experiments/sweep/sweep.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "experiments/output/output_file.h"
#include "experiments/sweep/references.h"

namespace swaplab {

namespace {

// Threads that share a list of tasks.
class Sweeping {
  public:
    Sweeping(const StudyPoints& points, const std::vector<SweepTask>& tasks, const Testbed& testbed,
             const OnPoint& on_point)
        : points_(points),
          tasks_(tasks),
          testbed_(testbed),
          on_point_(on_point),
          references_(points, testbed) {}

    void go(int threads) {
        std::vector<std::thread> others;
        for (int i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
        work();
        for (std::thread& other : others) other.join();
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    bool stopped() const { return failed_.load() || testbed_.stopped(); }

    void work() {
        Last last;
        while (!stopped()) {
            const std::size_t next = next_.fetch_add(1);
            if (next >= tasks_.size()) return;
            try {
                run_task(tasks_[next], last);
            } catch (...) {  // of who records
                const std::lock_guard lock(mutex_);
                if (!failure_) failure_ = std::current_exception();
                failed_.store(true);
            }
        }
    }

    // The cell that a thread ran last, with its results by draw: at the next budget the plan is
    // often the same.
    struct Last {
        const System* system = nullptr;
        std::unique_ptr<PreparedRun> prepared;
        std::shared_ptr<References::Group> references;
        std::map<std::size_t, RunResult> results;
    };

    void run_task(const SweepTask& task, Last& last) {
        if (task.cell->cell == nullptr) {
            fail_all(task, name_of(Verdict::refused), task.cell->refusal);
            return;
        }
        const System* const system = task.cell->cell->system;
        Last now;
        now.system = system;
        now.references = references_.of(*task.cell, task.draws.front());
        if (last.system != system || last.references != now.references) last = {};
        try {
            now.prepared = std::make_unique<PreparedRun>(
                request_of(points_.scenario_of(*task.cell), testbed_, task.cell->cell->bytes),
                *system->policy);
        } catch (const std::exception& error) {
            fail_all(task, kFailed, error.what());
            return;
        }
        run_draws(task, now, last);
        last = std::move(now);
    }

    void run_draws(const SweepTask& task, Last& now, const Last& last) {
        for (std::size_t i = 0; i < task.draws.size() && !stopped(); ++i) {
            const std::size_t draw = task.draws[i];
            try {
                const RunResult& result = result_of(*task.cell, draw, now, last);
                if (stopped()) return;  // it, or its reference, may be cut short
                record(task, i, ran(points_, *task.cell, draw, result));
            } catch (const RefusedByDevice& error) {
                record_failure(task, i, name_of(Verdict::refused), error.what());
            } catch (const OutputError&) {
                throw;
            } catch (const std::exception& error) {
                record_failure(task, i, kFailed, error.what());
            }
        }
    }

    const RunResult& result_of(const StudyCell& cell, std::size_t draw, Last& now,
                               const Last& last) {
        const std::size_t key = points_.deterministic(cell) ? 0 : draw;
        const auto known = now.results.find(key);
        if (known != now.results.end()) return known->second;
        if (const auto before = last.results.find(key); before != last.results.end())
            if (auto same = now.prepared->adopted(*last.prepared, before->second))
                return now.results.emplace(key, std::move(*same)).first->second;
        RunResult fresh = now.prepared->run(points_.noise_of(draw), &now.references->of(draw));
        return now.results.emplace(key, std::move(fresh)).first->second;
    }

    void fail_all(const SweepTask& task, std::string_view verdict, const std::string& reason) {
        for (std::size_t i = 0; i < task.draws.size(); ++i)
            record_failure(task, i, verdict, reason);
    }

    void record_failure(const SweepTask& task, std::size_t i, std::string_view verdict,
                        const std::string& reason) {
        record(task, i, failed(points_, *task.cell, task.draws[i], verdict, reason));
    }

    void record(const SweepTask& task, std::size_t i, PointRecord point) {
        point.attempt = task.attempts[i];
        const std::lock_guard lock(mutex_);
        if (!failed_.load()) on_point_(point);
    }

    static constexpr std::string_view kFailed = "failed";

    const StudyPoints& points_;
    const std::vector<SweepTask>& tasks_;
    const Testbed& testbed_;
    const OnPoint& on_point_;
    References references_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> failed_{false};
    std::mutex mutex_;
    std::exception_ptr failure_;
};

}  // namespace

double SweepCounts::per_second() const {
    return took.count() > 0 ? static_cast<double>(recorded) / took.count() : 0;
}

namespace {

// What is left of the draws [first, end) of a cell.
class LeftOver {
  public:
    LeftOver(const StudyPoints& points, const WantedPoint& wanted, const PointStates& known,
             bool retry_failed, SweepCounts& counts)
        : points_(points),
          wanted_(wanted),
          known_(known),
          retry_failed_(retry_failed),
          counts_(counts) {}

    SweepTask of(std::size_t cell, std::size_t first, std::size_t end) const {
        SweepTask task{&points_.cells()[cell], {}, {}};
        for (std::size_t draw = first; draw < end; ++draw) {
            if (!wanted_(cell, draw)) continue;
            ++counts_.points;
            const PointState* const state = known_.find(points_.id(*task.cell, draw));
            if (state != nullptr && !(state->failed() && retry_failed_)) {
                ++counts_.before;
                continue;
            }
            task.draws.push_back(draw);
            task.attempts.push_back(state != nullptr ? state->attempt + 1 : 1);
        }
        return task;
    }

  private:
    const StudyPoints& points_;
    const WantedPoint& wanted_;
    const PointStates& known_;
    bool retry_failed_;
    SweepCounts& counts_;
};

}  // namespace

// Group after group of draws within a scenario: who runs one needs no reference of another.
std::vector<SweepTask> tasks_left(const StudyPoints& points, const std::vector<std::size_t>& cells,
                                  const WantedPoint& wanted, const PointStates& known,
                                  bool retry_failed, SweepCounts& counts) {
    const LeftOver left(points, wanted, known, retry_failed, counts);
    std::vector<SweepTask> tasks;
    const auto scenario_of = [&](std::size_t cell) { return points.cells()[cell].scenario; };
    for (auto begin = cells.begin(); begin != cells.end();) {
        const auto end = std::find_if(begin, cells.end(), [&](std::size_t cell) {
            return scenario_of(cell) != scenario_of(*begin);
        });
        for (std::size_t draw = 0; draw < points.draws(); draw += kDrawsOfATask)
            for (auto cell = begin; cell != end; ++cell) {
                SweepTask task =
                    left.of(*cell, draw, std::min(draw + kDrawsOfATask, points.draws()));
                if (!task.draws.empty()) tasks.push_back(std::move(task));
            }
        begin = end;
    }
    return tasks;
}

void run_tasks(const StudyPoints& points, const std::vector<SweepTask>& tasks, int threads,
               const Testbed& testbed, const OnPoint& on_point) {
    Sweeping(points, tasks, testbed, on_point).go(threads);
}

}  // namespace swaplab
