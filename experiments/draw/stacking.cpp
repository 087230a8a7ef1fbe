#include "experiments/draw/stacking.h"

#include <algorithm>
#include <numeric>

namespace swaplab {

namespace {

// Labels that touch one another and move as one.
struct Cluster {
    double top = 0;
    double height = 0;
    double sum_of_tops = 0;  // of the tops that its members would give the cluster
    std::size_t members = 0;
};

}  // namespace

void stack(std::vector<StackedLabel>& labels, double top, double bottom) {
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return labels[a].wanted < labels[b].wanted;
    });
    double total = 0;
    for (const StackedLabel& label : labels) total += label.height;
    const double squeeze = total > bottom - top ? (bottom - top) / total : 1;

    std::vector<Cluster> clusters;
    for (const std::size_t i : order) {
        const double height = labels[i].height * squeeze;
        const double wanted_top = labels[i].wanted - height / 2;
        clusters.push_back(
            {std::clamp(wanted_top, top, std::max(top, bottom - height)), height, wanted_top, 1});
        while (clusters.size() > 1) {
            const Cluster lower = clusters.back();
            Cluster& upper = clusters[clusters.size() - 2];
            if (upper.top + upper.height <= lower.top) break;
            upper.sum_of_tops +=
                lower.sum_of_tops - upper.height * static_cast<double>(lower.members);
            upper.members += lower.members;
            upper.height += lower.height;
            upper.top = std::clamp(upper.sum_of_tops / static_cast<double>(upper.members), top,
                                   std::max(top, bottom - upper.height));
            clusters.pop_back();
        }
    }
    std::size_t next = 0;
    for (const Cluster& cluster : clusters) {
        double at = cluster.top;
        for (std::size_t k = 0; k < cluster.members; ++k) {
            StackedLabel& label = labels[order[next++]];
            label.middle = at + label.height * squeeze / 2;
            at += label.height * squeeze;
        }
    }
}

}  // namespace swaplab
