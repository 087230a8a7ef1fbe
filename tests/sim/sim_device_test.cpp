// The simulated device keeps the contract of all devices.
#include "sim/sim_device.h"

#include "tests/support/device_contract.h"

namespace swaplab::testing {

INSTANTIATE_TEST_SUITE_P(Sim, DeviceContract,
                         ::testing::Values(ContractDevice{"sim", make_sim_device}));

}  // namespace swaplab::testing
