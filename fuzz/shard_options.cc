#include "fuzz/shard_options.h"

#include <array>
#include <limits>

namespace rubus::fuzz {

namespace {

// The longest duration that a configuration can say.
constexpr Duration longest{std::numeric_limits<std::int64_t>::max()};

// A well-formed user nkey; the seed stays unknown, jobs decide whether a signature fits.
constexpr std::string_view user_nkey = "UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
constexpr std::string_view bcrypt_of_something =
    "$2a$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde";

User user_of(std::string_view name, std::string_view account) {
  User user;
  user.name = name;
  user.password = name;
  user.account = account;
  return user;
}

std::vector<User> users_with_rights() {
  User a = user_of("a", "A");
  a.permissions.emplace();
  a.permissions->publish_allow = {"a.>", "_INBOX.>"};
  a.permissions->publish_deny = {"a.secret"};
  a.permissions->subscribe_allow = {"a.>", "b.* q*", "_INBOX.>"};
  a.permissions->subscribe_deny = {"a.secret", "a.b q"};
  User b = user_of("b", "A");
  b.permissions.emplace();
  b.permissions->responses = ResponsePermission{2, seconds(1)};
  b.permissions->subscribe_deny = {"a.*.c"};
  User c = user_of("c", "B");
  c.password = bcrypt_of_something;
  c.permissions.emplace();
  c.permissions->responses = ResponsePermission{-1, longest};
  User mapped = user_of("a@example.com", "");
  User keyed;
  keyed.nkey = user_nkey;
  keyed.account = "B";
  return {a, b, c, mapped, keyed};
}

void choose_limits(Limits& limits, std::uint8_t choice) {
  constexpr std::array<std::int64_t, 4> payloads = {1'048'576, 10, 3000, -1};
  constexpr std::array<std::int64_t, 4> pendings = {67'108'864, 200, 5000, 200'000};
  constexpr std::array<std::int64_t, 2> lines = {4096, 60};
  constexpr std::array<std::int64_t, 2> connections = {65'536, 2};
  constexpr std::array<std::int64_t, 2> subscriptions = {0, 2};
  limits.max_payload = payloads[choice & 3U];
  limits.max_pending = pendings[(choice >> 2U) & 3U];
  limits.max_control_line = lines[(choice >> 4U) & 1U];
  limits.max_connections = connections[(choice >> 5U) & 1U];
  limits.max_subscriptions = subscriptions[(choice >> 6U) & 1U];
  limits.max_subscription_tokens = (choice & 0x80U) != 0 ? 3 : 0;
  limits.max_closed_clients = (choice & 0x80U) != 0 ? 1 : 10'000;
}

void choose_times(Options& options, std::uint8_t choice) {
  constexpr std::array<Duration, 4> pings = {seconds(120), seconds(1), nanoseconds(1), longest};
  constexpr std::array<Duration, 4> writes = {seconds(10), milliseconds(1), nanoseconds(1),
                                              longest};
  constexpr std::array<Duration, 4> logins = {seconds(2), nanoseconds(1), seconds(3600), longest};
  constexpr std::array<Duration, 4> ducks = {seconds(120), seconds(11), longest, seconds(10)};
  options.limits.ping_interval = pings[choice & 3U];
  options.limits.ping_max = (choice & 1U) != 0 ? 1 : 2;
  options.limits.write_deadline = writes[(choice >> 2U) & 3U];
  options.authorization.timeout = logins[(choice >> 4U) & 3U];
  options.tls.timeout = options.authorization.timeout;
  options.lame_duck_duration = ducks[(choice >> 6U) & 3U];
}

void choose_login(Authorization& authorization, std::uint8_t choice) {
  switch (choice & 7U) {
    case 0:
      return;
    case 1:
      authorization.token = "t";
      return;
    case 2:
      authorization.token = bcrypt_of_something;
      return;
    case 3:
      authorization.username = "a";
      authorization.password = "a";
      return;
    case 4:
      authorization.no_auth_user = "a";
      [[fallthrough]];
    case 5:
      authorization.users = users_with_rights();
      return;
    case 6:
      authorization.users = {user_of("b", "A"), user_of("c", "")};
      authorization.no_auth_user = "c";
      return;
    default:
      authorization.users = {user_of("a", "gone")};
      return;
  }
}

}  // namespace

Options options_of(ByteSource& source) {
  Options options;
  options.identity.server_id = "NFUZZ";
  options.identity.server_name = "fuzz";
  options.identity.version = "0.0.0";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  options.accounts.resize(2);
  options.accounts[0].name = "A";
  options.accounts[1].name = "B";
  choose_limits(options.limits, source.byte());
  choose_times(options, source.byte());
  const std::uint8_t login = source.byte();
  choose_login(options.authorization, login);
  constexpr std::array<TlsPolicy, 4> policies = {TlsPolicy::off, TlsPolicy::off,
                                                 TlsPolicy::required, TlsPolicy::optional};
  options.tls.policy = policies[(login >> 3U) & 3U];
  options.tls.handshake_first = (login & 0x20U) != 0;
  options.tls.handshake_first_fallback = (login & 0x40U) != 0 ? milliseconds(50) : Duration{};
  options.tls.map = (login & 0x80U) != 0;
  options.tls.verify = options.tls.map;
  const std::uint8_t flags = source.byte();
  options.headers = (flags & 1U) == 0;
  options.fast_producer_stall = (flags & 2U) == 0;
  options.match_cache = (flags & 4U) == 0;
  options.trace.trace = (flags & 8U) != 0;
  options.trace.debug = (flags & 8U) != 0;
  options.trace.headers_only = (flags & 16U) != 0;
  options.trace.message_bytes_max = (flags & 32U) != 0 ? 2 : 0;
  return options;
}

}  // namespace rubus::fuzz
