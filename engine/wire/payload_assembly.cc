#include "engine/wire/payload_assembly.h"

#include <algorithm>
#include <cstring>

#include "engine/base/ensure.h"

namespace rubus {

void PayloadAssembly::drop() {
  if (block_ != nullptr) {
    drop_reference(block_);
    block_ = nullptr;
  }
  size_ = 0;
}

void PayloadAssembly::make_room(std::size_t taken) {
  constexpr std::size_t first_bytes = std::size_t{64} << 10U;
  if (block_ == nullptr) {
    block_ = pool_.take(std::min(wanted_, std::max(taken, first_bytes)));
  }
  if (size_ + taken <= block_->capacity) {
    return;
  }
  const std::size_t grown = std::max<std::size_t>(size_ + taken, std::size_t{block_->capacity} * 2);
  Block* larger = pool_.take(std::min(wanted_, grown));
  std::memcpy(larger->bytes(), block_->bytes(), size_);
  drop_reference(block_);
  block_ = larger;
}

PayloadProgress PayloadAssembly::take(const Slice& input, std::size_t& at) {
  ensure(wanted_ >= 2, "a payload in progress has at least its line end to come");
  const std::size_t taken = std::min(wanted_ - size_, input.size() - at);
  make_room(taken);
  std::memcpy(block_->bytes() + size_, input.data() + at, taken);
  size_ += taken;
  at += taken;
  const bool terminator_begun = size_ + 1 >= wanted_;
  if (terminator_begun && block_->bytes()[wanted_ - 2] != '\r') {
    drop();
    return PayloadProgress::wrong_terminator;
  }
  if (size_ < wanted_) {
    return PayloadProgress::need_more;
  }
  slice_ = Slice::adopt(block_, 0, wanted_);
  block_ = nullptr;
  size_ = 0;
  wanted_ = 0;
  return slice_.data()[slice_.size() - 1] == '\n' ? PayloadProgress::complete
                                                  : PayloadProgress::wrong_terminator;
}

}  // namespace rubus
