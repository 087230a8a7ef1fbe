#include "policies/run/same_plan.h"

#include <algorithm>

namespace swaplab {

namespace {

bool same(const Variant& a, const Variant& b) {
    return a.first == b.first && a.last == b.last && a.arena == b.arena &&
           a.staging == b.staging && a.fixed == b.fixed && a.need == b.need && a.overlap_need == b.overlap_need &&
           a.closed_form == b.closed_form;
}

bool same_ranges(const Blocks& a, const Blocks& b) {
    return std::ranges::equal(a, b, [](const Block& x, const Block& y) {
        return x.first == y.first && x.last == y.last;
    });
}

bool same(const JobPlan& a, const JobPlan& b) {
    return a.node == b.node && a.path == b.path && same_ranges(a.blocks, b.blocks) &&
           std::ranges::equal(a.variants, b.variants,
                              [](const Variant& x, const Variant& y) { return same(x, y); }) &&
           a.initial == b.initial && a.parallel_reads == b.parallel_reads &&
           std::ranges::equal(a.kept, b.kept) && a.keeps_all == b.keeps_all &&
           a.parts_of_one == b.parts_of_one && a.resident_copies == b.resident_copies;
}

}  // namespace

bool same_plan(const Deployment& a, const Deployment& b) {
    return a.adaptation == nullptr && b.adaptation == nullptr &&
           a.parallel_reads == b.parallel_reads && a.closed_form == b.closed_form &&
           std::ranges::equal(a.jobs, b.jobs,
                              [](const JobPlan& x, const JobPlan& y) { return same(x, y); });
}

}  // namespace swaplab
