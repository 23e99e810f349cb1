// Subjects: tokens separated by '.', wildcards '*' (one token) and '>' (one or more, last).
//
// A wildcard is a token of exactly that one character; "foo*" is plain text. Nothing here limits
// length; the control line does. Source: client_protocol.md §2.
#pragma once

#include <cstddef>
#include <string_view>

namespace rubus {

// Takes the next token off `rest`; false when there is none left. "a..b" yields an empty token.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view subject) : rest_(subject), has_more_(true) {}
  bool next(std::string_view& token) {
    if (!has_more_) {
      return false;
    }
    const std::size_t dot = rest_.find('.');
    if (dot == std::string_view::npos) {
      token = rest_;
      has_more_ = false;
    } else {
      token = rest_.substr(0, dot);
      rest_.remove_prefix(dot + 1);
    }
    return true;
  }
  bool is_last() const { return !has_more_; }

 private:
  std::string_view rest_;
  bool has_more_;
};

// Non-empty, no empty token, nothing behind '>', no blank, line end or form feed.
bool is_valid_subject(std::string_view subject);

// Valid and without a wildcard token.
bool is_valid_literal(std::string_view subject);

// Has a token that is exactly '*' or '>'.
bool has_wildcard(std::string_view subject);

// The subject has an empty token (then a publish to it matches nothing).
bool has_empty_token(std::string_view subject);

std::size_t count_tokens(std::string_view subject);

// `pattern` matches the literal `subject`; wildcards in `subject` count as text.
bool subject_matches(std::string_view pattern, std::string_view subject);

// Every subject that `inner` can match is matched by `outer` too.
bool is_subset(std::string_view inner, std::string_view outer);

// Some subject is matched by both.
bool subjects_overlap(std::string_view a, std::string_view b);

}  // namespace rubus
