// `--requests-out FILE.csv|.json`: what became of each request, a record each (FORMATS: Records of
// requests).
#pragma once

#include <string>
#include <vector>

#include "experiments/explain/request_accounts.h"
#include "experiments/output/output_file.h"
#include "experiments/request/scenario.h"

namespace swaplab {

class RequestsFile {
  public:
    // Opens the file at once. Throws `InputError` for an ending other than .csv or .json. Borrows
    // the scenario.
    RequestsFile(const std::string& path, const Scenario& scenario, const std::string& policy);

    void add(const RequestAccount& account);
    void commit();

  private:
    void add_row(const RequestAccount& account);
    void add_object(const RequestAccount& account);

    OutputFile file_;
    const Scenario& scenario_;
    std::vector<std::string> labels_;
    bool json_;
    bool first_ = true;
};

// "missed by 75.00 ms: 241.00 ms blocked by fcn-resnet101 blocks 251-253, own compute 40.00 ms,
// reads 44.00 ms": blocks are numbered from 1, as in the report around it.
std::string missed_text(const RequestAccount& account, const std::vector<std::string>& labels);

}  // namespace swaplab
