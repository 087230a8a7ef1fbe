// How a command ended (FORMATS: Exit codes).
#pragma once

namespace swaplab {

enum ExitCode : int {
    exit_ok = 0,             // a deadline miss is a result, not a failure
    exit_failed = 1,         // the run failed or got stuck
    exit_bad_input = 2,      // usage, or a file that is not what it should be
    exit_infeasible = 3,     // of a comparison: no cell was feasible
    exit_gate_failed = 4,    // a gated figure lies outside its band
    exit_unsupported = 77,   // not in this build, not on this machine, or not in this memory
    exit_of_signal = 128,    // and the signal's number
    exit_interrupted = 130,  // of runs in real time with what was measured until then: by SIGINT,
                             // or else `interrupted_exit_code`
};

}  // namespace swaplab
