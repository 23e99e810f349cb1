#include "engine/routing/subject.h"

#include <algorithm>

namespace rubus {

namespace {

constexpr std::string_view one_token = "*";
constexpr std::string_view all_tokens = ">";

bool has_forbidden_byte(std::string_view token) {
  return token.find_first_of(" \t\r\n\f") != std::string_view::npos;
}

}  // namespace

bool is_valid_subject(std::string_view subject) {
  TokenCursor cursor(subject);
  std::string_view token;
  while (cursor.next(token)) {
    if (token.empty() || has_forbidden_byte(token) || (token == all_tokens && !cursor.is_last())) {
      return false;
    }
  }
  return true;
}

bool is_valid_literal(std::string_view subject) {
  return is_valid_subject(subject) && !has_wildcard(subject);
}

bool has_wildcard(std::string_view subject) {
  if (subject.find_first_of("*>") == std::string_view::npos) {
    return false;
  }
  TokenCursor cursor(subject);
  std::string_view token;
  while (cursor.next(token)) {
    if (token == one_token || token == all_tokens) {
      return true;
    }
  }
  return false;
}

bool has_empty_token(std::string_view subject) {
  return subject.empty() || subject.front() == '.' || subject.back() == '.' ||
         subject.find("..") != std::string_view::npos;
}

std::size_t count_tokens(std::string_view subject) {
  return static_cast<std::size_t>(std::count(subject.begin(), subject.end(), '.')) + 1;
}

bool subject_matches(std::string_view pattern, std::string_view subject) {
  TokenCursor patterns(pattern);
  TokenCursor subjects(subject);
  std::string_view wanted;
  std::string_view token;
  while (patterns.next(wanted)) {
    if (!subjects.next(token)) {
      return false;
    }
    if (wanted == all_tokens && patterns.is_last()) {
      return true;
    }
    if (wanted != one_token && wanted != token) {
      return false;
    }
  }
  return !subjects.next(token);
}

bool is_subset(std::string_view inner, std::string_view outer) {
  TokenCursor inners(inner);
  TokenCursor outers(outer);
  std::string_view wanted;
  std::string_view token;
  while (outers.next(wanted)) {
    if (!inners.next(token)) {
      return false;
    }
    if (wanted == all_tokens && outers.is_last()) {
      return true;
    }
    if (token == all_tokens && inners.is_last()) {
      return false;
    }
    if (wanted != one_token && (token == one_token || wanted != token)) {
      return false;
    }
  }
  return !inners.next(token);
}

bool subjects_overlap(std::string_view a, std::string_view b) {
  TokenCursor lefts(a);
  TokenCursor rights(b);
  std::string_view left;
  std::string_view right;
  for (;;) {
    const bool has_left = lefts.next(left);
    const bool has_right = rights.next(right);
    if (!has_left || !has_right) {
      return has_left == has_right;
    }
    if ((left == all_tokens && lefts.is_last()) || (right == all_tokens && rights.is_last())) {
      return true;
    }
    if (left != one_token && right != one_token && left != right) {
      return false;
    }
  }
}

}  // namespace rubus
