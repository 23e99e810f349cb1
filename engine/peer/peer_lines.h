// The lines of route and leaf connections, written: interest lines, and the head of a message (all
// before its body). The inverse of PeerParser, which the property tests hold them to.
//
// Decides the form only: verb, which words stand in the line, and what is left out because the
// peer could not read it (PeerLineForm). Writing goes to memory the caller reserved, at most
// …_size_max bytes, so that head and body can be written in one go.
// Source: cluster_protocol.md sections C and D.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/peer/peer_command.h"

namespace rubus {

// What the peer at the other end reads.
struct PeerLineForm {
  PeerFlavour flavour = PeerFlavour::route;
  bool has_account_token = true;  // routes: false on a connection dedicated to one account
  bool headers = true;            // false: headers are cut off
  bool leaf_origin = true;  // routes: the peer announced lnoc, else LS and LMSG become RS, RMSG
  bool leaf_unsub_origin = true;  // routes: the peer announced lnocu, else LS- has no origin
};

// Room that write_interest() and write_no_interest() need at most.
inline std::size_t interest_size_max(const PeerInterest& interest) {
  constexpr std::size_t fixed = 24;  // verb, blanks, weight, line end
  return fixed + interest.origin.size() + interest.account.size() + interest.subject.size() +
         interest.queue.size();
}
char* write_interest(char* at, const PeerLineForm& form, const PeerInterest& interest);
char* write_no_interest(char* at, const PeerLineForm& form, const PeerInterest& interest);
void append_interest(std::string& text, const PeerLineForm& form, const PeerInterest& interest);
void append_no_interest(std::string& text, const PeerLineForm& form, const PeerInterest& interest);

// A message to be sent. Reply and sizes are those of `publish`; its subject is not looked at, since
// a mapping or an import may have changed it.
struct PeerMessageHead {
  std::string_view origin;  // cluster of the leaf it came from; empty: none
  std::string_view account;
  std::string_view subject;
  std::span<const std::string_view> queues;  // the groups the receiver shall serve
  const PublishCommand* publish = nullptr;
};

std::size_t message_head_size_max(const PeerMessageHead& head);
char* write_message_head(char* at, const PeerLineForm& form, const PeerMessageHead& head);

// What follows the head: the body as it is, or behind its headers if the peer reads none.
inline std::string_view message_body(const PeerLineForm& form, const PublishCommand& publish) {
  return form.headers ? publish.body : publish.body.substr(publish.header_size);
}

}  // namespace rubus
