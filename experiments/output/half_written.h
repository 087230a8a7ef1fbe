// What a signal removes: the temporary files, and the folders of packs, that are being written.
//
// This list is a global, as the handler of shell/interrupt.cpp is: a signal handler can see nothing
// else.
#pragma once

#include <string>

namespace swaplab {

// The file, or the folder with the files in it, is removed if a signal ends the program before `keep_on_interrupt`. Called before the
// file is made: one that is not there yet is no harm.
void remove_on_interrupt(const std::string& path);
void keep_on_interrupt(const std::string& path);

// For the handler: async-signal-safe.
void remove_half_written();

}  // namespace swaplab
