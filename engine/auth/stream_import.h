// StreamImportRule: one stream import, ready to be used: which wishes here become which wishes
// there, and how subjects there are called here.
//
// A subscription here that meets the local pattern becomes a wish for the same part of the pattern
// there. Invariant: here_of() of a subject that matches wish_there(s) matches s.
// Does not deliver; see AccountImports. Source: behaviour of nats-server 2.15.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/auth/subject_transform.h"
#include "engine/seam/options.h"

namespace rubus {

class StreamImportRule {
 public:
  // No value: the reason, as nats-server words it, is in `error`.
  static std::optional<StreamImportRule> make(const StreamImport& import, std::string& error);

  // What to want in the exporting account for `subject` here; nothing if they do not meet.
  std::optional<std::string> wish_there(std::string_view subject) const;
  // What the importing account calls a message on `subject` of the exporting one.
  std::string here_of(std::string_view subject) const;

  const std::string& account() const { return account_; }
  const std::string& there() const { return there_; }
  const std::string& here() const { return here_; }  // with stars for placeholders

 private:
  std::string account_;
  std::string there_;
  std::string here_;
  // None where both patterns are the same, or there is but one subject.
  std::optional<SubjectTransform> to_here_;
  std::optional<SubjectTransform> to_there_;
};

// The most general pattern that is taken by both, or nothing.
std::optional<std::string> common_pattern(std::string_view a, std::string_view b);

}  // namespace rubus
