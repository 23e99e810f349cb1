// Human text of any value of the seam: test failures, traces, transcripts of a replay.
//
// One line per value, "BytesReceived{connection=3/1 bytes="PUB a 1\r\n"}": the names are those of
// the structs. Bytes are quoted with C escapes and cut at `described_bytes_max`. Meant for eyes;
// nothing parses it.
#pragma once

#include <string>
#include <string_view>

#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus {

inline constexpr std::size_t described_bytes_max = 160;

void describe(const Input& input, std::string& text);
// Several inputs, one per line, below a line with the time.
void describe(const InputBatch& batch, std::string& text);
// Only what is wanted: empty lists are left out. One line per wish.
void describe(const Output& output, std::string& text);
void describe_bytes(std::string_view bytes, std::string& text);

}  // namespace rubus
