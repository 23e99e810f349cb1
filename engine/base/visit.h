// One field list per state struct serves digest and description.
//
// A part of the engine offers `template <class V> void visit(V& v) const` that calls
// v("name", value) for each field that can influence a later decision. DigestVisitor folds the
// values into a Digest; TextVisitor prints them, so that two runs can be compared by eye.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/base/digest.h"
#include "engine/base/ids.h"
#include "engine/base/text_number.h"
#include "engine/base/time.h"

namespace rubus {

class DigestVisitor {
 public:
  explicit DigestVisitor(Digest& digest) : digest_(digest) {}
  void operator()(std::string_view /*name*/, std::string_view text) { digest_.add(text); }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void operator()(std::string_view /*name*/, T value) {
    digest_.add(static_cast<std::uint64_t>(value));
  }
  void operator()(std::string_view name, Instant at) { (*this)(name, at.nanoseconds); }
  void operator()(std::string_view name, WallTime at) { (*this)(name, at.nanoseconds); }
  void operator()(std::string_view name, Duration length) { (*this)(name, length.nanoseconds); }

 private:
  Digest& digest_;
};

class TextVisitor {
 public:
  explicit TextVisitor(std::string& text) : text_(text) {}
  void operator()(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(value).append(" ");
  }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void operator()(std::string_view name, T value) {
    text_.append(name).append("=");
    append_number(text_, static_cast<std::int64_t>(value));
    text_.append(" ");
  }
  void operator()(std::string_view name, Instant at) { (*this)(name, at.nanoseconds); }
  void operator()(std::string_view name, WallTime at) { (*this)(name, at.nanoseconds); }
  void operator()(std::string_view name, Duration length) { (*this)(name, length.nanoseconds); }

 private:
  std::string& text_;
};

}  // namespace rubus
