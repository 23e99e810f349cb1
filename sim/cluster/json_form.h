// Is a text well-formed JSON? Own and small: answers of a server must not be judged by its reader.
#pragma once

#include <string_view>

namespace rubus::sim {

bool is_well_formed_json(std::string_view text);

}  // namespace rubus::sim
