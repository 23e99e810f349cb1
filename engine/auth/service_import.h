// ServiceImportRule: one service import, ready to be used: which subjects here are requests, and
// what they are called in the exporting account.
//
// Does not carry messages; see AccountImports. Source: behaviour of nats-server 2.15.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/auth/subject_transform.h"
#include "engine/seam/options.h"

namespace rubus {

class ServiceImportRule {
 public:
  // No value: the reason, as nats-server words it, is in `error`.
  static std::optional<ServiceImportRule> make(const ServiceImport& import, std::string& error);

  // The name in the exporting account of a request on `subject` here.
  std::string there_of(std::string_view subject) const;

  const std::string& account() const { return account_; }
  const std::string& there() const { return there_; }  // with stars for placeholders
  const std::string& here() const { return here_; }
  bool shares() const { return shares_; }

 private:
  std::string account_;
  std::string there_;
  std::string here_;
  bool shares_ = false;
  std::optional<SubjectTransform> to_there_;
};

}  // namespace rubus
