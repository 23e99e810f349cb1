#include "engine/seam/payload_scanner.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }
char upper(char byte) { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte; }

// True while `text` could still become, or already is, a line of `verb`.
bool may_be(std::string_view text, std::string_view verb) {
  const std::size_t compared = std::min(text.size(), verb.size());
  for (std::size_t at = 0; at < compared; ++at) {
    if (upper(text[at]) != verb[at]) {
      return false;
    }
  }
  return true;
}

void split(std::string_view line, std::vector<std::string_view>& words) {
  words.clear();
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) {
      ++at;
    }
    if (at == line.size()) {
      return;
    }
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) {
      ++at;
    }
    words.push_back(line.substr(begin, at - begin));
  }
}

void add_run(std::vector<PayloadScanner::Run>& runs, std::size_t first, std::size_t size,
             bool is_body) {
  if (size == 0) {
    return;
  }
  if (runs.size() > first && runs.back().is_body == is_body) {
    runs.back().size += size;
    return;
  }
  runs.push_back({size, is_body});
}

}  // namespace

// Routes: every line bears its account; LMSG its origin, too. Siblings speak as routes do.
std::span<const PayloadScanner::Form> PayloadScanner::forms_of(Flavour flavour) {
  static constexpr Form client_forms[] = {{"PUB", 1, false, 1}, {"HPUB", 1, true, 1}};
  static constexpr Form route_forms[] = {
      {"RMSG", 2, false, any_number}, {"HMSG", 2, true, any_number}, {"LMSG", 3, true, any_number}};
  static constexpr Form leaf_forms[] = {{"LMSG", 1, false, any_number},
                                        {"HMSG", 1, true, any_number}};
  switch (flavour) {
    case Flavour::client:
      return client_forms;
    case Flavour::route:
      return route_forms;
    case Flavour::leaf:
      return leaf_forms;
  }
  return {};
}

bool PayloadScanner::may_announce(std::string_view begin) const {
  const std::span<const Form> forms = forms_of(flavour_);
  return std::any_of(forms.begin(), forms.end(),
                     [begin](const Form& form) { return may_be(begin, form.verb); });
}

void PayloadScanner::scan(std::string_view bytes, std::vector<Run>& runs) {
  const std::size_t first = runs.size();
  while (!bytes.empty()) {
    std::size_t used = bytes.size();
    bool is_body = false;
    switch (state_) {
      case State::line_start:
      case State::held_line:
      case State::other_line:
        used = scan_line(bytes);
        break;
      case State::kept:
        used = std::min(bytes.size(), kept_left_);
        kept_left_ -= used;
        if (kept_left_ == 0) {
          state_ = body_left_ == 0 ? State::line_start : State::body;
        }
        break;
      case State::body:
        used = std::min(bytes.size(), body_left_);
        body_left_ -= used;
        is_body = true;
        if (body_left_ == 0) {
          state_ = State::line_start;  // the closing CRLF reads as an empty line
        }
        break;
      case State::lost:
        break;
    }
    add_run(runs, first, used, is_body);
    bytes.remove_prefix(used);
  }
}

std::size_t PayloadScanner::scan_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t used = end == std::string_view::npos ? bytes.size() : end + 1;
  const std::string_view part = bytes.substr(0, end == std::string_view::npos ? used : end);
  if (state_ == State::line_start) {
    held_.clear();
    state_ = State::held_line;
  }
  if (state_ == State::held_line && held_.empty() && end != std::string_view::npos) {
    state_ = State::line_start;
    on_line(part);
    return used;
  }
  if (state_ == State::held_line) {
    held_.append(part);
    if (!may_announce(held_)) {
      held_.clear();
      state_ = State::other_line;
    } else if (held_.size() > held_bytes_max) {
      held_ = {};
      state_ = State::lost;
      return used;
    }
  }
  if (end == std::string_view::npos) {
    return used;
  }
  const bool was_held = state_ == State::held_line;
  state_ = State::line_start;
  if (was_held) {
    on_line(held_);
    held_.clear();
  }
  return used;
}

void PayloadScanner::on_line(std::string_view line) {
  for (const Form& form : forms_of(flavour_)) {
    if (line.size() > form.verb.size() && may_be(line, form.verb)) {
      return on_message(line, form);
    }
  }
}

void PayloadScanner::on_message(std::string_view line, const Form& form) {
  if (line.back() == '\r') {
    line.remove_suffix(1);
  }
  if (line.find('\r') != std::string_view::npos) {
    state_ = State::lost;  // the server cuts such lines in its own way (client_protocol.md §1)
    return;
  }
  split(line, words_);
  const std::size_t sizes = form.has_header ? 2 : 1;
  const std::size_t least = form.subject + 1 + sizes;
  // verb … subject [reply or more] sizes…, and the verb is a word of its own
  if (words_.size() < least || words_.size() - least > form.more_max ||
      words_[0].size() != form.verb.size()) {
    state_ = State::lost;
    return;
  }
  const std::optional<std::uint32_t> total = parse_size(words_.back());
  const std::optional<std::uint32_t> header =
      form.has_header ? parse_size(words_[words_.size() - 2]) : std::optional<std::uint32_t>(0);
  if (!total || !header || *header > *total) {
    state_ = State::lost;
    return;
  }
  const bool keeps_body = words_[form.subject].front() == '$';
  kept_left_ = keeps_body ? *total : *header;
  body_left_ = *total - kept_left_;
  if (kept_left_ != 0) {
    state_ = State::kept;
  } else if (body_left_ != 0) {
    state_ = State::body;
  }
}

}  // namespace rubus
