// Subscription: one wish for messages, linked into its owner and into the index of its account.
//
// Who wishes is told by the kind: a client (SUB), a client by way of an import (shadow), a peer
// for those behind it (RS+ LS+), or the engine itself (service). One allocation each: the fixed
// part below, then the text subject|queue|sid. 100,000 of them must stay below 200 bytes apiece
// with their table slots, hence intrusive links instead of vectors.
// Owners (sessions, peer links, accounts) create and destroy them; the index borrows them.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/trailing_text.h"

namespace rubus {

class ClientSession;
class PeerLink;
struct Service;
struct Shadow;

enum class SubscriptionKind : std::uint8_t { client, shadow, peer, service };

// Clusters of leaf nodes by number, so that messages are compared with a word. 0: none.
using OriginNumber = std::uint32_t;

struct Subscription {
  ClientSession* session = nullptr;  // of kinds client and shadow
  union {
    PeerLink* peer = nullptr;  // of kind peer
    const Service* service;    // of kind service
    const Shadow* shadow;      // of kind shadow
  };
  Shadow* shadows = nullptr;           // of kinds client and peer: what it wants by way of imports
  Subscription* owner_next = nullptr;  // order of SUB within the owner
  Subscription* owner_previous = nullptr;
  Subscription* subject_next = nullptr;  // same subject, within the index
  Subscription* subject_previous = nullptr;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_max = 0;  // 0: no limit (UNSUB sid max)
  std::uint32_t subject_size = 0;
  std::uint32_t queue_size = 0;
  std::uint32_t sid_size = 0;
  std::uint32_t weight = 1;  // of a peer's queue subscription: members behind it
  OriginNumber origin = 0;   // of a peer's: the leaf cluster it speaks for
  SubscriptionKind kind = SubscriptionKind::client;
  bool filters_denied = false;  // wildcard wider than a deny: check each message

  // Allocate once; destroy() frees. The control line bounds the texts.
  static Subscription* create(ClientSession* session, std::string_view subject,
                              std::string_view queue, std::string_view sid);
  // `account` stands where a client's subscription has its sid.
  static Subscription* create_for_peer(PeerLink* peer, std::string_view subject,
                                       std::string_view queue, std::string_view account);
  // For the session of the original, if it has one.
  static Subscription* create_shadow(const Shadow* shadow, ClientSession* session,
                                     std::string_view subject, std::string_view queue);
  static Subscription* create_for_service(const Service* service, std::string_view subject);
  static void destroy(Subscription* subscription);

  std::string_view subject() const { return {text(), subject_size}; }
  std::string_view queue() const { return {text() + subject_size, queue_size}; }
  std::string_view sid() const { return {text() + subject_size + queue_size, sid_size}; }
  bool is_queue() const { return queue_size != 0; }

 private:
  static Subscription* make(std::string_view subject, std::string_view queue, std::string_view sid);
  const char* text() const { return trailing_text(this); }
};

}  // namespace rubus
