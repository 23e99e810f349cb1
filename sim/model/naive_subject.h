// Subjects as the protocol sheet describes them, in the fewest lines that are obviously right.
// Shares nothing with engine/routing; speed does not matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rubus::sim {

std::vector<std::string> tokens_of(std::string_view subject);
// A subject to subscribe to: no empty token, nothing after ">".
bool is_valid_subject(std::string_view subject);
// A subject to publish to in pedantic mode: valid and without wildcard tokens.
bool is_literal_subject(std::string_view subject);
// Does a message published to `subject` reach a subscription of `pattern`?
bool is_match(std::string_view pattern, std::string_view subject);
// Does `wide` take everything that `narrow` can take?
bool is_subset(std::string_view narrow, std::string_view wide);

}  // namespace rubus::sim
