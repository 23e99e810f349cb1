// What a route connection may be sent: see peer_laws.h for the laws and the form of the input.
#include "fuzz/peer_laws.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

void run_target(std::string_view input) { hold_peer_to_its_laws(PeerFlavour::route, input); }

}  // namespace rubus::fuzz
