// Packs of models that have none: synthetic ones, made when they are needed and kept in a folder.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "experiments/shell/console.h"
#include "hw/storage/pack.h"
#include "hw/storage/stored_file.h"

namespace swaplab {

// `asked` (--pack-cache), else $XDG_CACHE_HOME/swaplab/packs, else ~/.cache/swaplab/packs. Throws
// `InputError` where the environment names neither.
std::string pack_cache_folder(const std::string& asked);

// For writers of packs: a folder that is not whole goes when a signal ends the program.
PartialListener removed_on_interrupt();

// Writes a synthetic pack with progress on stderr. Its layers take as much as the model's take on
// storage, in whole pages. Throws `StorageError` where the disk has no room for it, `Interrupted`
// where `stop` (may be null) is set meanwhile; in either case nothing is left behind.
void make_synthetic_pack(const Model& model, const std::string& folder, std::uint64_t seed,
                         const Console& console, const std::atomic<bool>* stop);

// The model's pack in the cache, by its name and the hash of its file; made now, with a note that
// says where, if it is not there; what killed runs left in the cache is removed then. It has the
// model's layers one to one, and sizes in whole pages: `Pack::model` is not the model that was
// asked for. Throws `InputError` for a damaged one.
std::shared_ptr<const Pack> cached_pack(const Model& model, const std::string& cache,
                                        const Console& console, const std::atomic<bool>* stop);

}  // namespace swaplab
