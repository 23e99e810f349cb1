// Hostile heap: operator new that hands out addresses in a chosen direction and fills the memory
// with a chosen byte, so that two runs of the same scenario share neither addresses, nor their
// order, nor the contents of uninitialised memory. Whatever leaks one of these into a decision
// shows up as different digests. Only in executables that link hostile_heap.cc; off until chosen.
#pragma once

namespace rubus::sim {

enum class HeapMood {
  plain,       // malloc
  climbing,    // fresh addresses upwards, filled with 0xAA
  descending,  // fresh addresses downwards, filled with 0x55
};

// For all allocations from now on. Memory from before stays valid and can be freed at any time.
void set_heap_mood(HeapMood mood);
// False under sanitizers, which bring their own operator new.
bool is_heap_hostile();

}  // namespace rubus::sim
