// JSON read a second time: by recursive descent on the whole text, one rule of RFC 8259 each.
//
// Shares no code with JsonReader. Gives the document back in a plain notation, so that two readers
// can be compared: strings decoded and with their length, numbers as written, containers bracketed.
// What the engine adds to the RFC is kept: nesting of at most `depth_max`; a byte that is not UTF-8
// reads as U+FFFD, and so does a lone surrogate (the behaviour of Go's decoder).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rubus::fuzz {

// "s3:abc", "n1.5", "true", "null", "[s1:a n1 ]", "{s1:k n1 }". Nothing: the text is no document.
std::optional<std::string> read_json_naively(std::string_view text, int depth_max);

// The text with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

}  // namespace rubus::fuzz
