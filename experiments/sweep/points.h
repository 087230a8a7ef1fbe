// The points of a study: everything that its experiment multiplies out, each with the hash that
// tells it from all others. The list is never written out: a point is a cell and a draw.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/request/cells.h"

namespace swaplab {

// Points that differ in their noise alone: one plan serves them all.
struct StudyCell {
    std::size_t scenario = 0;
    const PolicyChoice* choice = nullptr;
    const Cell* cell = nullptr;            // null where the policy cannot be used in the scenario
    const BudgetChoice* budget = nullptr;  // as asked for; null of a policy that takes none
    std::string refusal;                   // why it cannot
};

class StudyPoints {
  public:
    // Borrows nothing. Throws `InputError` or `UnsupportedError` for what no point can be run of.
    explicit StudyPoints(Experiment experiment);
    StudyPoints(const StudyPoints&) = delete;  // cells point into it
    StudyPoints& operator=(const StudyPoints&) = delete;

    const std::vector<StudyCell>& cells() const { return cells_; }
    const std::vector<Scenario>& scenarios() const { return scenarios_; }
    const Scenario& scenario_of(const StudyCell& cell) const { return scenarios_[cell.scenario]; }
    std::size_t draws() const { return draws_.size(); }  // of every cell
    std::size_t size() const { return cells_.size() * draws(); }
    // What the run of a draw is made with; nothing where there is no noise.
    std::optional<NoiseKey> noise_of(std::size_t draw) const;
    // Whether all draws of the cell give the same: no noise, or a device that has none.
    bool deterministic(const StudyCell& cell) const;

    // By `identity_columns`.
    std::vector<std::string> identity(const StudyCell& cell, std::size_t draw) const;
    // The hash of these and of what cannot be seen in them: 32 hex digits.
    std::string id(const StudyCell& cell, std::size_t draw) const;

  private:
    struct Of {  // what points of one scenario have alike
        std::vector<std::string> what, how;
    };
    void add_cells(std::size_t scenario, const PolicyChoice& choice);

    Experiment experiment_;
    std::vector<Scenario> scenarios_;
    std::vector<Of> alike_;  // by scenario
    std::vector<NoiseKey> draws_;
    std::vector<std::unique_ptr<Cells>> owned_;
    std::vector<StudyCell> cells_;
};

// Names of what tells points apart, in the order of a row.
const std::vector<std::string>& identity_columns();

}  // namespace swaplab
