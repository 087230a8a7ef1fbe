#include "hw/host/verified_packs.h"

#include <set>

namespace swaplab {

std::string verify_packs(const JobPacks& packs, const std::string& memory, bool at_each_read) {
    std::set<const Pack*> seen;  // jobs may share one
    bool now = false;
    for (const PackPtr& pack : packs)
        if (pack && seen.insert(pack.get()).second)
            now |= verify_once(*pack, memory) == Verified::now;
    std::string how =
        now ? "verified before the run" : "verified by an earlier run, unchanged since";
    return at_each_read ? how + ", and at each read" : how;
}

}  // namespace swaplab
