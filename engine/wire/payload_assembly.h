// PayloadAssembly: one payload that may span reads, gathered into one block.
//
// Decides nothing but the terminator: a payload is followed by CRLF, and a wrong byte there is
// noticed at once. The block grows with the bytes received, never with the size announced; a
// payload that lies whole in one read is not copied (the caller takes it from the read itself).
// Shared by the parsers of client, route and leaf connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/block.h"

namespace rubus {

enum class PayloadProgress : std::uint8_t { need_more, complete, wrong_terminator };

class PayloadAssembly {
 public:
  explicit PayloadAssembly(BlockPool& pool) : pool_(pool) {}
  PayloadAssembly(const PayloadAssembly&) = delete;
  PayloadAssembly& operator=(const PayloadAssembly&) = delete;
  ~PayloadAssembly() { drop(); }

  // Payload and CRLF: `wanted` bytes are to come.
  void begin(std::size_t wanted) { wanted_ = wanted; }
  // True if the rest of `input` from `at` holds all of it, so that no copy is needed.
  bool is_whole_in(const Slice& input, std::size_t at) const {
    return block_ == nullptr && input.size() - at >= wanted_;
  }
  // The whole payload where it lies in `input`; false: the terminator is wrong.
  bool take_whole(const Slice& input, std::size_t& at, std::string_view& body);
  // Copies what there is; after `complete` source() holds payload and CRLF.
  PayloadProgress take(const Slice& input, std::size_t& at);

  const Slice& source() const { return slice_; }
  void let_go() { slice_ = {}; }
  void drop();

  std::size_t wanted() const { return wanted_; }
  std::size_t missing() const { return wanted_ - size_; }
  std::size_t kept_bytes() const { return size_; }

 private:
  void make_room(std::size_t taken);

  BlockPool& pool_;
  std::size_t wanted_ = 0;  // 0: none in progress
  Block* block_ = nullptr;
  std::size_t size_ = 0;
  Slice slice_;
};

inline bool PayloadAssembly::take_whole(const Slice& input, std::size_t& at,
                                        std::string_view& body) {
  body = {input.data() + at, wanted_};
  at += wanted_;
  wanted_ = 0;
  return body[body.size() - 2] == '\r' && body[body.size() - 1] == '\n';
}

}  // namespace rubus
