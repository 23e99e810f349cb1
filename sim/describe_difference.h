// Names the first difference between two descriptions of a shard (DurableShard::describe()).
#pragma once

#include <string>
#include <string_view>

namespace rubus::sim {

// "client[3] pending: 12 against 40"; empty if both are equal.
std::string first_difference(std::string_view left, std::string_view right);

}  // namespace rubus::sim
