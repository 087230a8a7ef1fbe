// An operating mode that a run may change to, as its device acts on it.
#pragma once

#include <memory>
#include <string>

#include "policies/port/request_facts.h"
#include "profiles/base/units.h"

namespace swaplab {

// What blocks take in a mode that the run may change to; their bytes are the same in every mode.
struct ModeFacts {
    std::string mode;                          // empty: the nodes' own
    IdVector<NodeId, Duration> switching;      // `Mode::switching`
    std::shared_ptr<const Platform> platform;  // in the mode; `costs` borrow it
    CostModels costs;
    AllFacts facts;
    RequestFacts requests;  // empty where none differ
};

}  // namespace swaplab
