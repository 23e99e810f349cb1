#include "engine/auth/login.h"

#include <algorithm>

#include "engine/auth/nkey.h"

namespace rubus {

namespace {

// "$2a$11$…" and its relatives.
bool looks_like_bcrypt(std::string_view secret) {
  return secret.size() > 6 && secret[0] == '$' && secret[1] == '2' &&
         std::string_view("abxy").find(secret[2]) != std::string_view::npos && secret[3] == '$' &&
         secret[6] == '$';
}

// Takes the same time wherever the texts differ; only the length may show.
bool equals_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  unsigned difference = 0;
  for (std::size_t at = 0; at < a.size(); ++at) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[at]) ^
                                        static_cast<unsigned char>(b[at]));
  }
  return difference == 0;
}

LoginDecision check_nkey(const User& user, const Credentials& given, std::string_view nonce) {
  LoginDecision decision;
  decision.user = &user;
  const std::optional<PublicKey> key = decode_user_nkey(given.nkey);
  const std::optional<std::string> signature = decode_signature(given.signature);
  if (!key.has_value() || !signature.has_value()) {
    return decision;
  }
  decision.verdict = LoginVerdict::needs_job;
  decision.job.kind = JobKind::ed25519_verify;
  decision.job.secret.assign(nonce);
  decision.job.hash.assign(reinterpret_cast<const char*>(key->data()), key->size());
  decision.job.signature = *signature;
  return decision;
}

const User* find_by_name(const Authorization& authorization, std::string_view name) {
  for (const User& user : authorization.users) {
    if (user.nkey.empty() && user.name == name) {
      return &user;
    }
  }
  return nullptr;
}

const User* find_by_nkey(const Authorization& authorization, std::string_view nkey) {
  for (const User& user : authorization.users) {
    if (!user.nkey.empty() && user.nkey == nkey) {
      return &user;
    }
  }
  return nullptr;
}

// verify_and_map: e-mail names first, then DNS names, then the subject.
const User* find_by_certificate(const Authorization& authorization, const TlsFacts* tls) {
  if (tls == nullptr) {
    return nullptr;
  }
  for (const std::vector<std::string>* names : {&tls->emails, &tls->dns_names}) {
    for (const std::string& name : *names) {
      if (const User* user = find_by_name(authorization, name); user != nullptr) {
        return user;
      }
    }
  }
  return find_by_name(authorization, tls->subject);
}

// "$2a$11$" of the first bcrypt hash that is configured; empty: there is none.
std::string_view bcrypt_settings(const Authorization& authorization) {
  constexpr std::size_t settings_size = 7;
  for (const User& user : authorization.users) {
    if (looks_like_bcrypt(user.password)) {
      return std::string_view(user.password).substr(0, settings_size);
    }
  }
  const std::string_view single = authorization.password;
  return authorization.users.empty() && looks_like_bcrypt(single) ? single.substr(0, settings_size)
                                                                  : std::string_view();
}

// A refusal that takes as long as a bcrypt check where there are any, so that nobody learns from
// its haste whether a name is known.
LoginDecision refuse_as_slowly(const Authorization& authorization) {
  LoginDecision decision;
  const std::string_view settings = bcrypt_settings(authorization);
  if (settings.empty()) {
    return decision;
  }
  constexpr std::size_t salt_and_digest = 53;
  decision.verdict = LoginVerdict::needs_job;
  decision.is_refused = true;
  decision.job.kind = JobKind::bcrypt_check;
  decision.job.secret = "refused";
  decision.job.hash.assign(settings).append(salt_and_digest, '.');
  return decision;
}

bool is_empty(const Credentials& given) {
  return given.token.empty() && given.username.empty() && given.password.empty() &&
         given.nkey.empty();
}

}  // namespace

LoginDecision compare_secret(std::string_view configured, std::string_view given,
                             const User* user) {
  LoginDecision decision;
  decision.user = user;
  if (looks_like_bcrypt(configured)) {
    decision.verdict = LoginVerdict::needs_job;
    decision.job.kind = JobKind::bcrypt_check;
    decision.job.secret.assign(given);
    decision.job.hash.assign(configured);
  } else if (equals_in_constant_time(configured, given)) {
    decision.verdict = LoginVerdict::accepted;
  }
  return decision;
}

bool allows_type(const User& user, ConnectionType type) {
  return user.connection_types == 0 ||
         (user.connection_types & (1U << static_cast<unsigned>(type))) != 0;
}

const User* find_no_auth_user(const Authorization& authorization) {
  if (authorization.no_auth_user.empty()) {
    return nullptr;
  }
  const User* user = find_by_name(authorization, authorization.no_auth_user);
  return user != nullptr ? user : find_by_nkey(authorization, authorization.no_auth_user);
}

std::string nonce_text(const Nonce& nonce) { return encode_base64_url(nonce); }

LoginDecision decide_login(const Options& options, const Credentials& given, const TlsFacts* tls,
                           std::string_view nonce) {
  const Authorization& authorization = options.authorization;
  LoginDecision decision;
  if (!authorization.is_required()) {
    decision.verdict = LoginVerdict::accepted;
    return decision;
  }
  if (!authorization.users.empty()) {
    const User* user = nullptr;
    // Where no nkeys are configured the field means nothing.
    const bool has_nkeys = std::any_of(authorization.users.begin(), authorization.users.end(),
                                       [](const User& each) { return !each.nkey.empty(); });
    if (!given.nkey.empty() && has_nkeys) {
      user = find_by_nkey(authorization, given.nkey);
      if (user != nullptr) {
        decision = check_nkey(*user, given, nonce);
      }
    } else if (options.tls.map) {
      user = find_by_certificate(authorization, tls);
      decision.user = user;
      decision.verdict = user != nullptr ? LoginVerdict::accepted : LoginVerdict::rejected;
    } else if (is_empty(given) && !authorization.no_auth_user.empty()) {
      user = find_no_auth_user(authorization);
      decision.user = user;
      decision.verdict = user != nullptr ? LoginVerdict::accepted : LoginVerdict::rejected;
    } else {
      user = find_by_name(authorization, given.username);
      if (user != nullptr && allows_type(*user, ConnectionType::standard)) {
        decision = compare_secret(user->password, given.password, user);
      }
      return decision.verdict == LoginVerdict::rejected ? refuse_as_slowly(authorization)
                                                        : decision;
    }
    if (user == nullptr || !allows_type(*user, ConnectionType::standard)) {
      return {};
    }
    return decision;
  }
  if (!authorization.token.empty()) {
    return compare_secret(authorization.token, given.token, nullptr);
  }
  if (given.username != authorization.username) {
    return refuse_as_slowly(authorization);
  }
  return compare_secret(authorization.password, given.password, nullptr);
}

}  // namespace rubus
