// Login: decides whether the credentials of a CONNECT are accepted, and as whom.
//
// Order (client_protocol.md §11): nkey, then users (certificate map, no_auth_user, password), then
// the single token, then the single user. Slow checks (bcrypt, Ed25519) are not done here: the
// verdict asks for a job, and the answer of the job decides.
// Errors never tell which part was wrong, and neither does the time they take: where a password is
// a bcrypt hash, a wrong name costs a check of the same kind.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/seam/input.h"
#include "engine/seam/options.h"
#include "engine/seam/output.h"

namespace rubus {

struct Credentials {
  std::string token;
  std::string username;
  std::string password;
  std::string nkey;
  std::string signature;
};

enum class LoginVerdict : std::uint8_t { accepted, rejected, needs_job };

struct LoginDecision {
  LoginVerdict verdict = LoginVerdict::rejected;
  const User* user = nullptr;  // null: no named user (no authentication, token, single user)
  Job job;                     // without ticket; set with needs_job
  bool is_refused = false;     // whatever the job says: it only takes its time
};

LoginDecision decide_login(const Options& options, const Credentials& given, const TlsFacts* tls,
                           std::string_view nonce);

// One secret against the configured one, plain (in constant time) or bcrypt (by a job). `user` is
// whom the decision is about; may be null.
LoginDecision compare_secret(std::string_view configured, std::string_view given, const User* user);

// The user a connection without CONNECT becomes, or null.
const User* find_no_auth_user(const Authorization& authorization);

bool allows_type(const User& user, ConnectionType type);

// The nonce as INFO shows it and clients sign it.
std::string nonce_text(const Nonce& nonce);

}  // namespace rubus
