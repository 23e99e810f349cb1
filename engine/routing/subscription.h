// Subscription: one SUB of one connection, linked into its session and into the index.
//
// One allocation each: the fixed part below, then the text subject|queue|sid. 100,000 of them must
// stay below 200 bytes apiece with their table slots, hence intrusive links instead of vectors.
// `owner` is the slot of the connection; sessions own their subscriptions, the index borrows them.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/trailing_text.h"

namespace rubus {

class ClientSession;

struct Subscription {
  ClientSession* session = nullptr;
  Subscription* session_next = nullptr;  // order of SUB within the session
  Subscription* session_previous = nullptr;
  Subscription* subject_next = nullptr;  // same subject, within the index
  Subscription* subject_previous = nullptr;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_max = 0;  // 0: no limit (UNSUB sid max)
  std::uint32_t subject_size = 0;
  std::uint32_t queue_size = 0;
  std::uint32_t sid_size = 0;
  bool filters_denied = false;  // wildcard wider than a deny: check each message

  // Allocates once; destroy() frees it. The control line bounds the texts.
  static Subscription* create(ClientSession* session, std::string_view subject,
                              std::string_view queue, std::string_view sid);
  static void destroy(Subscription* subscription);

  std::string_view subject() const { return {text(), subject_size}; }
  std::string_view queue() const { return {text() + subject_size, queue_size}; }
  std::string_view sid() const { return {text() + subject_size + queue_size, sid_size}; }
  bool is_queue() const { return queue_size != 0; }

 private:
  const char* text() const { return trailing_text(this); }
};

}  // namespace rubus
