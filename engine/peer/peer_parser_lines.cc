// The argument lines of interest and messages. Which words a line may have follows from their
// count alone, given the flavour of the connection and whether it names accounts.
#include <cstring>

#include "engine/base/ensure.h"
#include "engine/base/text_number.h"
#include "engine/peer/peer_parser.h"

namespace rubus {

namespace {

// Room for words that is kept between lines; a longer list of queues gives its room back.
constexpr std::size_t kept_words_max = 256;

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view without_quotes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// True if `later` begins exactly one blank behind the end of `earlier`.
bool is_one_space_apart(std::string_view earlier, std::string_view later) {
  return earlier.data() + earlier.size() + 1 == later.data() && later.data()[-1] == ' ';
}

void shrink_if_large(std::vector<std::string_view>& words) {
  if (words.capacity() > kept_words_max) {
    std::vector<std::string_view>().swap(words);
  }
}

void rebase(std::string_view& view, const char* from, const char* to) {
  if (!view.empty()) {
    view = {to + (view.data() - from), view.size()};
  }
}

}  // namespace

PeerResult PeerParser::on_line(std::string_view argument, bool is_in_input) {
  state_ = State::start;
  switch (verb_) {
    case Verb::connect:
      argument_ = trimmed(argument);
      return PeerResult::connect;
    case Verb::info:
      argument_ = trimmed(argument);
      return PeerResult::info;
    case Verb::error:
      argument_ = without_quotes(trimmed(argument));
      return PeerResult::error;
    case Verb::route_interest:
    case Verb::route_no_interest:
    case Verb::leaf_interest:
    case Verb::leaf_no_interest:
      return parse_interest(argument);
    case Verb::route_message:
    case Verb::header_message:
    case Verb::leaf_message:
      return parse_message(argument, is_in_input);
    case Verb::none:
    case Verb::ping:
    case Verb::pong:
    case Verb::ok:
      break;
  }
  ensure(false, "verbs without argument never reach the end of one");
  return PeerResult::need_more;
}

// False: the line cannot be of any form.
bool PeerParser::split(std::string_view argument) {
  words_.clear();
  shrink_if_large(words_);
  const char* at = argument.data();
  const char* const line_end = at + argument.size();
  for (;;) {
    while (at < line_end && is_blank(*at)) {
      ++at;
    }
    if (at == line_end) {
      return !words_.empty();
    }
    const char* const begin = at;
    while (at < line_end && !is_blank(*at)) {
      if (*at == '\r') {
        return false;
      }
      ++at;
    }
    words_.emplace_back(begin, static_cast<std::size_t>(at - begin));
  }
}

PeerResult PeerParser::parse_interest(std::string_view argument) {
  if (!split(argument)) {
    return end(PeerResult::argument_error);
  }
  const bool is_route = flavour_ == PeerFlavour::route;
  const bool is_gone = verb_ == Verb::route_no_interest || verb_ == Verb::leaf_no_interest;
  const bool is_leaf_line = verb_ == Verb::leaf_interest || verb_ == Verb::leaf_no_interest;
  const std::size_t accounts = is_route && has_account_token ? 1 : 0;
  std::size_t origins = is_route && is_leaf_line ? 1 : 0;
  if (origins == 1 && is_gone) {
    // Without origin at least the subject stands there, with origin and queue four words: only the
    // count in the middle fits both forms.
    const std::size_t both = accounts + 2;
    const bool has_origin = words_.size() == both ? has_leaf_unsub_origin : words_.size() > both;
    origins = has_origin ? 1 : 0;
  }
  const std::size_t subject = origins + accounts;
  const std::size_t behind = is_gone ? 1 : 2;  // a queue, and its weight unless it is gone
  if (words_.size() != subject + 1 && words_.size() != subject + 1 + behind) {
    return end(PeerResult::argument_error);
  }
  interest_ = {};
  interest_.origin = origins == 1 ? words_[0] : std::string_view();
  interest_.account = accounts == 1 ? words_[origins] : std::string_view();
  interest_.subject = words_[subject];
  if (words_.size() > subject + 1) {
    interest_.queue = words_[subject + 1];
    if (!is_gone) {
      const std::optional<std::uint32_t> weight = parse_size(words_[subject + 2]);
      if (!weight.has_value()) {
        return end(PeerResult::argument_error);
      }
      interest_.weight = *weight;
    }
  }
  return is_gone ? PeerResult::no_interest : PeerResult::interest;
}

// Origin, account, subject, reply and queues: all words but the sizes at the end.
bool PeerParser::parse_names(std::size_t names) {
  const bool is_route = flavour_ == PeerFlavour::route;
  const std::size_t origins = is_route && verb_ == Verb::leaf_message ? 1 : 0;
  const std::size_t accounts = is_route && has_account_token ? 1 : 0;
  const std::size_t subject = origins + accounts;
  if (names < subject + 1) {
    return false;
  }
  shrink_if_large(message_.queues);
  message_.queues.clear();
  message_.origin = origins == 1 ? words_[0] : std::string_view();
  message_.account = accounts == 1 ? words_[origins] : std::string_view();
  message_.message = {};
  message_.message.subject = words_[subject];
  std::size_t at = subject + 1;
  if (names == at + 1) {
    message_.message.reply = words_[at++];
  } else if (names > at + 1) {
    const bool has_reply = words_[at] == "+";
    if (!has_reply && words_[at] != "|") {
      return false;
    }
    ++at;
    if (has_reply) {
      message_.message.reply = words_[at++];
    }
    for (; at < names; ++at) {
      message_.queues.push_back(words_[at]);
    }
  }
  message_.has_queues = !message_.queues.empty();
  return true;
}

bool PeerParser::parse_sizes(std::size_t first, std::size_t count) {
  const std::optional<std::uint32_t> total = parse_size(words_[first + count - 1]);
  const std::optional<std::uint32_t> header =
      count == 2 ? parse_size(words_[first]) : std::uint32_t{0};
  if (!total.has_value() || !header.has_value() || *header > *total) {
    return false;
  }
  message_.message.header_size = *header;
  message_.message.total_size = *total;
  message_.message.has_headers = *header > 0;
  return true;
}

PeerResult PeerParser::parse_message(std::string_view argument, bool is_in_input) {
  const bool has_header_size = verb_ == Verb::header_message ||
                               (verb_ == Verb::leaf_message && flavour_ == PeerFlavour::route);
  const std::size_t sizes = has_header_size ? 2 : 1;
  if (!split(argument) || words_.size() <= sizes || !parse_names(words_.size() - sizes) ||
      !parse_sizes(words_.size() - sizes, sizes)) {
    return end(PeerResult::argument_error);
  }
  if (limits.max_payload >= 0 && message_.message.total_size > limits.max_payload) {
    return end(PeerResult::payload_exceeded);
  }
  note_subject();
  build_line_tail(sizes, is_in_input);
  return begin_payload(argument, is_in_input);
}

// Compares with the message before, and remembers this one.
void PeerParser::note_subject() {
  const std::string_view account = message_.account;
  const std::string_view subject = message_.message.subject;
  const std::size_t before_subject = account.empty() ? 0 : account.size() + 1;
  const std::string_view last = last_names_;
  message_.same_account = has_last_ && account == last.substr(0, last_account_size_);
  message_.message.same_subject = message_.same_account &&
                                  last.size() == before_subject + subject.size() + 1 &&
                                  last.substr(before_subject, subject.size()) == subject;
  if (message_.message.same_subject) {
    return;
  }
  has_last_ = true;
  last_account_size_ = account.size();
  last_names_.assign(account);
  if (!account.empty()) {
    last_names_.push_back(' ');
  }
  last_names_.append(subject).push_back(' ');
}

// A message keeps the digits it came with. A header size of 0 is left out.
void PeerParser::build_line_tail(std::size_t sizes, bool is_in_input) {
  PublishCommand& message = message_.message;
  const std::string_view total = words_.back();
  const std::string_view header = sizes == 2 ? words_[words_.size() - 2] : std::string_view();
  const std::string_view first_size = message.has_headers ? header : total;
  const bool is_near = (message.reply.empty() || is_one_space_apart(message.reply, first_size)) &&
                       (!message.has_headers || is_one_space_apart(header, total));
  const char* const line_end = total.data() + total.size();
  const char* const input_at = input_.data() + at_;
  if (is_in_input && is_near && line_end + 2 == input_at && *line_end == '\r') {
    const char* const first = message.reply.empty() ? first_size.data() : message.reply.data();
    message.line_tail = {first, static_cast<std::size_t>(input_at - first)};
    return;
  }
  tail_text_.clear();
  if (!message.reply.empty()) {
    tail_text_.append(message.reply).append(" ");
  }
  if (message.has_headers) {
    tail_text_.append(header).append(" ");
  }
  tail_text_.append(total).append("\r\n");
  message.line_tail = tail_text_;
}

PeerResult PeerParser::begin_payload(std::string_view argument, bool is_in_input) {
  payload_.begin(std::size_t{message_.message.total_size} + 2);
  state_ = State::payload;
  if (payload_.is_whole_in(input_, at_)) {
    return on_payload();
  }
  if (is_in_input) {
    move_views_off_input(argument);
  }
  return at_ < input_.size() ? on_payload() : PeerResult::need_more;
}

// The views of the line must survive until the payload is complete, which may be many reads away.
void PeerParser::move_views_off_input(std::string_view argument) {
  const char* const from = argument.data();
  spare_line_.assign(from, static_cast<std::size_t>(input_.data() + at_ - from));
  const char* const to = spare_line_.data();
  PublishCommand& message = message_.message;
  rebase(message_.origin, from, to);
  rebase(message_.account, from, to);
  rebase(message.subject, from, to);
  rebase(message.reply, from, to);
  for (std::string_view& queue : message_.queues) {
    rebase(queue, from, to);
  }
  if (message.line_tail.data() != tail_text_.data()) {
    rebase(message.line_tail, from, to);
  }
}

}  // namespace rubus
