#include "hw/host/block_work.h"

#include <algorithm>
#include <cstring>

#include "policies/lanes/lane_widths.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

void require_same_units(const Pack& pack, const Model& model) {
    const std::size_t packed = pack.index().layers.size();
    if (packed == model.unit_count()) return;
    const char* const what = model.divided_layer() == nullptr ? "layers" : "units";
    throw InputError(text("{}: the pack has {} {}, model '{}' has {}", pack.folder(), packed, what,
                          model.name(), model.unit_count()));
}

}  // namespace

void HostMover::copy(std::byte* to, const std::byte* from, std::size_t bytes) {
    std::memcpy(to, from, bytes);
}

void HostMover::clear(std::byte* at, std::size_t bytes) { std::memset(at, 0, bytes); }

BlockSizes BlockWork::sizes_of(const DeviceSetup& setup, const JobPacks& packs) {
    SWAPLAB_CHECK(packs.size() == setup.facts.size(), "{} packs for {} jobs", packs.size(),
                  setup.facts.size());
    BlockSizes sizes;
    for (const JobId job : packs.ids()) {
        if (!packs[job]) throw InputError("a pack is read for each model, and there is none");
        require_same_units(*packs[job], setup.costs[job].model());
        IdVector<BlockId, Bytes>& blocks = sizes.emplace_back();
        for (const BlockFacts& block : setup.facts[job])
            blocks.push_back(BlockLayout(*packs[job], block).size(0));
    }
    return sizes;
}

BlockWork::BlockWork(const DeviceSetup& setup, JobPacks packs, const ReadOptions& read, bool verify,
                     const ExecutorFactory& executors, Places& places, Mover& mover,
                     ActivationMemory& activations)
    : setup_(setup), verify_(verify), places_(places), mover_(mover), jobs_(packs.size()) {
    const Node& node = setup.platform.nodes.front();
    const std::uint32_t readers = lane_widths(setup.deployment, node)[index_of(Lane::storage)];
    for (const JobId j : jobs_.ids()) {
        JobState& job = jobs_[j];
        const JobPlan& plan = setup.deployment.jobs[j];
        job.pack = std::move(packs[j]);
        job.path = &row_of(plan.path, node.compute);
        for (const BlockFacts& block : setup.facts[j]) job.blocks.emplace_back(*job.pack, block);
        if (setup.requests != nullptr)
            for (const auto& kind : (*setup.requests)[j].facts) {
                auto& layouts = job.of_kinds.emplace_back();
                for (const BlockFacts& block : kind) layouts.emplace_back(*job.pack, block);
            }
        if (executors)
            job.executors = JobExecutors(j, plan, setup.facts[j], executors, activations);
        for (std::uint32_t server = 0; server < readers; ++server)
            job.readers.push_back(job.pack->open_parameters(read));
        if (verify_) take_checksums(job);
    }
}

// A pack's checksums are of whole tables: of those that come in by rows each page gets one.
void BlockWork::take_checksums(JobState& job) {
    for (const BlockLayout& block : job.blocks)
        for (const BlockLayout::Piece& piece : block.pieces(0)) {
            const UnitId table{piece.units.first};
            if (piece.by_rows() && !job.tables.contains(table.index))
                job.tables.emplace(table.index, PageChecksums(*job.pack, table));
        }
}

void BlockWork::load_resident() {
    for (const JobId j : jobs_.ids())
        if (setup_.deployment.jobs[j].path == SwapPath::resident)
            for (const BlockId b : jobs_[j].blocks.ids()) load_resident(j, b);
}

void BlockWork::load_resident(JobId job, BlockId block) {
    if (!setup_.facts[job][block].has_parameters()) return;
    const Places::Resident held = places_.hold_resident(job, block);
    Action command;
    command.job = job;
    command.block = block;
    read(command, 0);
    for (std::size_t copied = 1; copied < held.copies; ++copied) copy(command, copied - 1, copied);
    bind(command, held.executes_from);
}

bool BlockWork::is_real(const Action& command) const {
    const JobState& job = job_of(command);
    switch (row_of(command.verb).stage) {
        case Stage::swap_in:
            return brings(command.verb) || job.path->dummy || !job.executors.empty();
        case Stage::use:
        case Stage::swap_out: return !job.executors.empty();
        case Stage::none: return false;
    }
    return false;
}

void BlockWork::perform(const Action& command, std::uint32_t server) {
    if (!is_real(command)) return;
    JobExecutors& executors = job_of(command).executors;
    switch (command.verb) {
        case Verb::read: return read(command, server);
        case Verb::copy: return copy(command, command.copy, command.copy + 1U);
        case Verb::assemble: return assemble(command);
        case Verb::execute: return executors.execute(command.request, command.pass, command.block);
        case Verb::release: return executors.unbind(command.block);
        case Verb::wake_at: return;
    }
}

void BlockWork::read(const Action& command, std::uint32_t server) {
    places_.bring(command, 0);
    std::byte* const to = places_.to_write(command, 0);
    std::vector<ReadRange> ranges;
    for (const BlockLayout::Piece& piece : block_of(command).pieces(command.pass)) {
        if (piece.by_rows())
            add_rows(command, piece, to + piece.at.count, ranges);
        else
            ranges.push_back({piece.extent.offset, piece.size, to + piece.at.count});
    }
    job_of(command).readers[server]->read(ranges);
    if (verify_) check(command);
}

// As many as the model says, whose windows stand one behind the other. Where execution touches
// fewer different ones, it begins with them again.
std::vector<std::int64_t> BlockWork::rows_of(const Action& command,
                                             const BlockLayout::Piece& piece) const {
    const JobState& job = job_of(command);
    const LayerId table = job.pack->model()->layer_of(UnitId{piece.units.first});
    if (job.executors.empty())
        return drawn_rows(command.request, command.pass, table, piece.rows, piece.of);
    std::vector<std::int64_t> rows =
        job.executors.rows(command.request, command.pass, command.block, table);
    const auto different = static_cast<std::int64_t>(rows.size());
    if (different < 1 || different > piece.rows)
        throw InputError(
            text("{}: a pass touches {} different rows of layer {}, and the model says "
                 "{} (`rows_touched` of the layers that gather them)",
                 job.pack->folder(), different, in_quotes(job.pack->model()->layer(table).name),
                 piece.rows));
    for (std::int64_t i = different; i < piece.rows; ++i)
        rows.push_back(rows[static_cast<std::size_t>(i - different)]);
    return rows;
}

void BlockWork::add_rows(const Action& command, const BlockLayout::Piece& piece, std::byte* to,
                         std::vector<ReadRange>& ranges) const {
    for (const std::int64_t row : rows_of(command, piece)) {
        const Extent window = piece.window_of(row);
        ranges.push_back({window.offset, window.size, to});
        to += window.size.count;
    }
}

void BlockWork::check(const Action& command) const {
    const std::byte* at = places_.to_write(command, 0);
    for (const BlockLayout::Piece& piece : block_of(command).pieces(command.pass)) {
        if (piece.by_rows())
            check_rows(command, piece, at + piece.at.count);
        else
            verify(*job_of(command).pack, piece.units,
                   {at + piece.at.count, static_cast<std::size_t>(piece.size.count)});
    }
}

void BlockWork::check_rows(const Action& command, const BlockLayout::Piece& piece,
                           const std::byte* at) const {
    const JobState& job = job_of(command);
    const PageChecksums& checksums = job.tables.at(piece.units.first);
    for (const std::int64_t row : rows_of(command, piece)) {
        const Extent window = piece.window_of(row);
        checksums.verify(*job.pack, window, {at, static_cast<std::size_t>(window.size.count)});
        at += window.size.count;
    }
}

std::size_t BlockWork::size_of(const Action& command) const {
    return static_cast<std::size_t>(block_of(command).size(command.pass).count);
}

// The naive path keeps further copies; they are real, too.
void BlockWork::copy(const Action& command, std::size_t from, std::size_t to) {
    places_.bring(command, to);
    mover_.copy(places_.to_write(command, to), places_.to_write(command, from), size_of(command));
    mover_.finish();
}

void BlockWork::assemble(const Action& command) {
    const SwapPathRow& path = *job_of(command).path;
    if (path.dummy) {
        // Tensors of the right sizes, initialised, and then replaced.
        places_.bring(command, *path.dummy);
        mover_.clear(places_.to_write(command, *path.dummy), size_of(command));
        mover_.finish();
    }
    bind(command, path.executes_from);
}

void BlockWork::bind(const Action& command, std::size_t holding) {
    JobExecutors& executors = job_of(command).executors;
    if (executors.empty()) return;
    std::byte* const at = places_.to_execute(command, holding);
    std::vector<BroughtAt> brought;
    const BlockFacts& facts = setup_.facts[command.job][command.block];
    const std::vector<BlockLayout::Piece>& pieces = block_of(command).pieces(command.pass);
    const std::size_t own = pieces.size() - facts.brought.size();  // they come first
    for (std::size_t i = 0; i < facts.brought.size(); ++i) {
        const BlockLayout::Piece& piece = pieces[own + i];
        brought.push_back({facts.brought[i].owner, at + piece.at.count});
        if (piece.by_rows()) brought.back().rows = places_of_rows(command, piece);
    }
    executors.bind(command.block, at, brought);
}

std::vector<RowAt> BlockWork::places_of_rows(const Action& command,
                                             const BlockLayout::Piece& piece) const {
    std::vector<RowAt> places;
    Bytes window;
    for (const std::int64_t row : rows_of(command, piece)) {
        places.push_back({row, window + piece.place_in_window(row)});
        window += piece.window;
    }
    return places;
}

std::vector<Digests> BlockWork::outputs() const {
    std::vector<Digests> all;
    for (const JobState& job : jobs_)
        if (!job.executors.empty()) all.push_back(job.executors.outputs());
    return all;
}

const std::string& BlockWork::how_it_reads() const {
    return jobs_.front().readers.front()->info().description;
}

}  // namespace swaplab
