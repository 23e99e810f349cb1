// Batches and options to bytes and back: flight recorder, replay, fuzz corpora.
//
// Numbers are LEB128 (signed ones zigzag), text is length and bytes, so the same value has the same
// bytes on every machine. Decoding trusts nothing: it never reads beyond its bytes, never allocates
// more than a small multiple of them, and refuses unknown kinds, enumeration values out of range,
// empty reads and left-over bytes.
//
// With elision the bodies of PUB and HPUB payloads are kept as lengths only and the decoder fills
// in `payload_filler`; the engine never branches on a body, so a replay decides the same. Header
// blocks, and bodies published to subjects that begin with '$', are always kept. The encoder must
// then see every byte of a connection from its start, in order.
// Not here: framing, checksums and files (recording.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/sorted.h"
#include "engine/seam/input.h"
#include "engine/seam/options.h"
#include "engine/seam/payload_scanner.h"

namespace rubus {

inline constexpr char payload_filler = '.';

// The inputs are owned here; view() gives them the shape that step() wants.
struct OwnedBatch {
  Instant now;
  WallTime wall;
  std::vector<Input> inputs;

  InputBatch view() const { return {now, wall, inputs}; }
};

void encode_options(const Options& options, std::string& out);
// False if the bytes are not exactly one Options value; `options` is then unspecified.
[[nodiscard]] bool decode_options(std::string_view bytes, Options& options);

class BatchEncoder {
 public:
  explicit BatchEncoder(bool elides_payloads) : elides_payloads_(elides_payloads) {}

  // Appends the bytes of `batch` to `out`.
  void encode(const InputBatch& batch, std::string& out);

 private:
  void encode_bytes(const BytesReceived& input, std::string& out);

  bool elides_payloads_;
  SortedMap<ConnectionId, PayloadScanner> scanners_;
  std::vector<PayloadScanner::Run> runs_;
};

// False if the bytes are not exactly one batch; `batch` is then unspecified but destructible.
[[nodiscard]] bool decode_batch(std::string_view bytes, BlockPool& pool, OwnedBatch& batch);

}  // namespace rubus
