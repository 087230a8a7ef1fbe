#include "hw/cuda/cuda_backend.h"

#include "hw/cuda/cuda_machine.h"
#include "hw/cuda/plugin/loader.h"
#include "hw/cuda/runtime/gpu.h"
#include "hw/host/verified_packs.h"

namespace swaplab {

DeviceFactory make_cuda_backend(JobPacks packs, const CudaOptions& options, const CudaApi& api) {
    const Gpu gpu = first_gpu(api);
    const std::string checksums = verify_packs(packs, options.host.verified, options.host.verify);
    IdVector<JobId, UnitSums> sums;
    for (const PackPtr& pack : packs) {
        ReadOptions read;
        apply(options.host, read);
        sums.push_back(pack ? unit_sums(*pack, read) : nullptr);
    }
    return [packs = std::move(packs), sums = std::move(sums), options, gpu, checksums,
            &api](const DeviceSetup& setup) {
        auto machine = std::make_unique<CudaMachine>(setup, api, gpu, packs, sums, options);
        machine->note_condition("checksums", checksums);
        return make_real_device(setup, std::move(machine));
    };
}

DeviceFactory make_cuda_backend(JobPacks packs, const CudaOptions& options) {
    return make_cuda_backend(std::move(packs), options, cuda_api());
}

}  // namespace swaplab
