#include "engine/routing/rewritten_publish.h"

#include <cstring>

#include "engine/base/text_number.h"

namespace rubus {

void RewrittenPublish::set_reply(std::string reply) {
  reply_ = std::move(reply);
  command_.reply = reply_;
  write_tail();
}

void RewrittenPublish::set_headers(BlockPool& pool, std::string_view block) {
  const std::string_view payload = command_.body.substr(command_.header_size);
  Block* const made = pool.take(block.size() + payload.size());
  std::memcpy(made->bytes(), block.data(), block.size());
  std::memcpy(made->bytes() + block.size(), payload.data(), payload.size());
  bytes_ = Slice::adopt(made, 0, block.size() + payload.size());
  command_.total_size += static_cast<std::uint32_t>(block.size()) - command_.header_size;
  command_.header_size = static_cast<std::uint32_t>(block.size());
  command_.has_headers = !block.empty();
  command_.body = bytes_.view();
  command_.source = &bytes_;
  write_tail();
}

void RewrittenPublish::write_tail() {
  tail_.clear();
  if (!command_.reply.empty()) {
    tail_.append(command_.reply).append(" ");
  }
  if (command_.has_headers) {
    append_number(tail_, std::uint64_t{command_.header_size});
    tail_.append(" ");
  }
  append_number(tail_, std::uint64_t{command_.total_size});
  tail_.append("\r\n");
  command_.line_tail = tail_;
}

}  // namespace rubus
