// What the directive tables fill while a configuration is read, and the readers of its blocks.
//
// Each block has its own file; this header is what they share. Read top-down from config_reader.cc.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/config_field.h"
#include "io/config_report.h"
#include "io/config_url.h"
#include "io/config_value.h"
#include "io/server_config.h"

namespace rubus::io {

struct ConfigReading {
  ServerConfig config;
  std::set<std::string> user_names;      // users and nkeys of all blocks: they must be unique
  std::vector<AccountOptions> accounts;  // in file order, as defined
  std::optional<ConfigPlace> store_dir;  // where a storage directory was given first
  std::optional<Duration> authorization_timeout;
  bool no_system_account = false;
  bool system_account_named = false;
};

// ---- authorization ------------------------------------------------------------------------------

// An authorization block, of the server or of a cluster or gateway block.
struct AuthorizationBlock {
  std::string username;
  std::string password;
  std::string token;
  std::optional<Duration> timeout;
  bool users_given = false;  // a users array is there, be it empty
  std::vector<User> users;
  std::optional<Permissions> default_permissions;
  bool callout = false;
};

std::optional<AuthorizationBlock> read_authorization_block(const Field& field);
std::vector<User> read_users(const Field& field);
std::optional<Permissions> read_permissions(const Field& field);
// Seconds as integer or float, or a duration. `error_prefix` begins the error texts.
std::optional<Duration> read_timeout(const Field& field, std::string_view error_prefix);
// A login that may take longer than a minute is probably a mistake.
void warn_of_long_timeout(const Field& field, const std::optional<Duration>& timeout);
// Subjects of a permission list; `place_known` is false where the reference gives no place.
std::optional<std::vector<std::string>> read_subjects(const Field& field, bool queue_allowed,
                                                      bool place_known);
void fold_default_permissions(std::vector<User>& users, const std::optional<Permissions>& defaults);

// Adds users to the server's, refusing duplicates. `place`: where the complaint belongs.
void add_users(ConfigReading& reading, std::vector<User> users, const std::string& account,
               const ConfigPlace& place, ConfigReport& report, bool stop_at_duplicate);

// ---- parts of blocks for other servers
// -----------------------------------------------------------

// Which port a tls block is for decides what of it can be used there.
enum class TlsPlace : std::uint8_t { cluster, leaf_listener, leaf_remote };
struct PeerTlsReading {
  PeerTls options;
  TlsFiles files;
};
std::optional<PeerTlsReading> read_peer_tls(const Field& field, TlsPlace place);

// Slow links are closed; a policy that asks for patience is refused.
void read_peer_write_timeout(const Field& field);

// Any compression is answered with none. `on` is what `true` stands for; a mode that does not exist
// is an error of the start only.
void read_compression(ConfigReading& reading, const Field& field, std::string_view on);

// ---- top-level directives that have a block of their own ----------------------------------------

void read_authorization(ConfigReading& reading, const Field& field);
void read_accounts(ConfigReading& reading, const Field& field);
void read_tls(ConfigReading& reading, const Field& field);
void check_tls(Checked&, const Field& field);
void read_mappings(ConfigReading& reading, const Field& field);
void read_cluster(ConfigReading& reading, const Field& field);
void read_gateway(ConfigReading&, const Field& field);
void read_leafnodes(ConfigReading& reading, const Field& field);
void read_prometheus(ConfigReading& reading, const Field& field);
void read_shards(ConfigReading& reading, const Field& field);
void read_jetstream(ConfigReading& reading, const Field& field);
void read_websocket(ConfigReading&, const Field& field);
void read_mqtt(ConfigReading&, const Field& field);
void read_proxies(ConfigReading&, const Field& field);
void read_ocsp(ConfigReading&, const Field& field);
void read_ocsp_cache(ConfigReading&, const Field& field);
void read_operator(ConfigReading&, const Field& field);
void read_resolver(ConfigReading&, const Field& field);
void read_resolver_tls(ConfigReading&, const Field& field);
void read_resolver_preload(ConfigReading&, const Field& field);
void read_resolver_pinned_accounts(ConfigReading&, const Field& field);
void read_trusted_keys(ConfigReading&, const Field& field);

// ---- parts of accounts --------------------------------------------------------------------------

// One account while its block is read.
struct AccountReading {
  AccountOptions options;
  std::vector<std::string> prefixes;  // one per options.stream_imports, "" where none was given
  std::vector<User> users;
  std::optional<ConfigPlace> users_place;
  std::optional<Permissions> default_permissions;
};

std::vector<MappingOptions> read_mapping_list(const Field& field);
void read_exports(AccountReading& account, const Field& field);
void read_imports(AccountReading& account, const Field& field);
AccountLimits read_account_limits(const Field& field);
bool check_account_jetstream(const Field& field);  // whether it is enabled
void check_message_trace(const Field& field);

// Imports against exports, once all accounts are known. Afterwards exports of one subject are one
// and prefixes are part of what is imported to. `field` is where complaints belong.
void settle_imports(std::vector<AccountReading>& accounts, const Field& field);

}  // namespace rubus::io
