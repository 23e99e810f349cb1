#include "engine/peer/peer_lines.h"

#include <cstring>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"

namespace rubus {

namespace {

char* write_text(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// A word and the blank behind it; nothing if it is empty.
char* write_word(char* at, std::string_view word) {
  if (word.empty()) {
    return at;
  }
  at = write_text(at, word);
  *at = ' ';
  return at + 1;
}

bool names_account(const PeerLineForm& form) {
  return form.flavour == PeerFlavour::route && form.has_account_token;
}

// Verb and names up to the subject, with `sign` of the verb '+' or '-'.
char* write_interest_names(char* at, const PeerLineForm& form, const PeerInterest& interest,
                           char sign) {
  const bool is_route = form.flavour == PeerFlavour::route;
  const bool is_for_leafs = is_route && form.leaf_origin && !interest.origin.empty();
  *at++ = is_route && !is_for_leafs ? 'R' : 'L';
  *at++ = 'S';
  *at++ = sign;
  *at++ = ' ';
  if (is_for_leafs && (sign == '+' || form.leaf_unsub_origin)) {
    at = write_word(at, interest.origin);
  }
  if (names_account(form)) {
    ensure(!interest.account.empty(), "interest on an ordinary route names its account");
    at = write_word(at, interest.account);
  }
  return write_text(at, interest.subject);
}

char* write_line_end(char* at) { return write_text(at, "\r\n"); }

template <class Write>
void append_line(std::string& text, const PeerInterest& interest, Write write) {
  const std::size_t before = text.size();
  text.resize(before + interest_size_max(interest));
  char* const begin = text.data() + before;
  const char* const line_end = write(begin);
  text.resize(before + static_cast<std::size_t>(line_end - begin));
}

}  // namespace

char* write_interest(char* at, const PeerLineForm& form, const PeerInterest& interest) {
  at = write_interest_names(at, form, interest, '+');
  if (!interest.queue.empty()) {
    *at++ = ' ';
    at = write_word(at, interest.queue);
    at = write_number(at, interest.weight);
  }
  return write_line_end(at);
}

char* write_no_interest(char* at, const PeerLineForm& form, const PeerInterest& interest) {
  at = write_interest_names(at, form, interest, '-');
  if (!interest.queue.empty()) {
    *at++ = ' ';
    at = write_text(at, interest.queue);
  }
  return write_line_end(at);
}

void append_interest(std::string& text, const PeerLineForm& form, const PeerInterest& interest) {
  append_line(text, interest, [&](char* at) { return write_interest(at, form, interest); });
}

void append_no_interest(std::string& text, const PeerLineForm& form, const PeerInterest& interest) {
  append_line(text, interest, [&](char* at) { return write_no_interest(at, form, interest); });
}

std::size_t message_head_size_max(const PeerMessageHead& head) {
  constexpr std::size_t fixed = 16;  // verb, blanks, indicator
  std::size_t size = fixed + head.origin.size() + head.account.size() + head.subject.size() +
                     head.publish->reply.size() + head.publish->line_tail.size() +
                     2 * (number_text_size_max + 1);
  for (const std::string_view queue : head.queues) {
    size += queue.size() + 1;
  }
  return size;
}

char* write_message_head(char* at, const PeerLineForm& form, const PeerMessageHead& head) {
  const PublishCommand& publish = *head.publish;
  const bool is_route = form.flavour == PeerFlavour::route;
  const bool is_for_leafs = is_route && form.leaf_origin && !head.origin.empty();
  const bool has_headers = publish.has_headers && form.headers;
  const bool is_cut = publish.has_headers && !form.headers;
  const bool is_header_message = has_headers && !is_for_leafs;
  const char plain = is_route && !is_for_leafs ? 'R' : 'L';
  *at++ = is_header_message ? 'H' : plain;
  at = write_text(at, "MSG ");
  if (is_for_leafs) {
    at = write_word(at, head.origin);
  }
  if (names_account(form)) {
    ensure(!head.account.empty(), "a message on an ordinary route names its account");
    at = write_word(at, head.account);
  }
  at = write_word(at, head.subject);
  // An LMSG of a route has a header size even without headers.
  const bool has_header_size = is_for_leafs || is_header_message;
  if (head.queues.empty() && !is_cut && has_header_size == has_headers) {
    return write_text(at, publish.line_tail);
  }
  if (!head.queues.empty()) {
    at = write_text(at, publish.reply.empty() ? "| " : "+ ");
  }
  at = write_word(at, publish.reply);
  for (const std::string_view queue : head.queues) {
    at = write_word(at, queue);
  }
  if (has_header_size) {
    at = write_number(at, has_headers ? publish.header_size : 0);
    *at++ = ' ';
  }
  at = write_number(at, publish.total_size - (is_cut ? publish.header_size : 0));
  return write_line_end(at);
}

}  // namespace rubus
