// accounts {}: isolation, users, and everything else an account may say, checked.
#include <set>

#include "engine/auth/nkey.h"
#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

constexpr std::string_view global_account = "$G";

constexpr Directive<AccountReading> account_table[] = {
    {"users",
     [](AccountReading& account, const Field& field) {
       account.users = read_users(field);
       account.users_place = field.value.place;
     }},
    {"default_permissions",
     [](AccountReading& account, const Field& field) {
       account.default_permissions = read_permissions(field);
     }},
    {"nkey",
     [](AccountReading&, const Field& field) {
       if (field.value.kind != ConfigKind::text ||
           !decode_nkey(NkeyKind::account, field.value.text)) {
         return field.error("Not a valid public nkey for an account: " +
                            go_quote(go_print(field.value)));
       }
       field.remark("has no effect without operator mode");
     }},
    {"imports", read_imports},
    {"exports", read_exports},
    {"jetstream",
     [](AccountReading&, const Field& field) {
       // Without JetStream in the server, which is refused elsewhere, it changes nothing.
       if (check_account_jetstream(field)) {
         field.remark("has no effect without JetStream");
       }
     }},
    {"mappings maps",
     [](AccountReading& account, const Field& field) {
       account.options.mappings = read_mapping_list(field);
     }},
    {"limits", [](AccountReading& account,
                  const Field& field) { account.options.limits = read_account_limits(field); }},
    {"msg_trace trace_dest",
     [](AccountReading&, const Field& field) {
       check_message_trace(field);
       field.remark("is ignored: message tracing is not supported yet");
     }},
};

// Stricter than the reference, which takes every name but the reserved one: between servers an
// account is a word of a line, and the empty one stands for the global account.
std::optional<std::string> account_name_error(const std::string& name) {
  if (name == global_account) {
    return go_quote(name) + " is a Reserved Account";
  }
  if (name.empty()) {
    return "account name cannot be empty";
  }
  return word_error("account name " + go_quote(name), name);
}

void read_account_names(ConfigReading& reading, const Field& field) {
  std::set<std::string> seen;
  for (const ConfigValue& item : field.value.items) {
    if (item.kind != ConfigKind::text) {
      field.report.wrong_type(item, ConfigKind::text);
      continue;
    }
    if (const std::optional<std::string> error = account_name_error(item.text)) {
      field.report.error(item.place, *error);
    } else if (!seen.insert(item.text).second) {
      field.report.error(item.place, "Duplicate Account Entry: " + item.text);
    } else {
      reading.accounts.emplace_back().name = item.text;
    }
  }
}

void take_users(ConfigReading& reading, AccountReading& read, const Field& field) {
  if (!read.users.empty()) {
    const Authorization& authorization = reading.config.engine.authorization;
    if (!authorization.username.empty()) {
      return field.report.error(*read.users_place, "Can not have a single user/pass and accounts");
    }
    if (!authorization.token.empty()) {
      return field.report.error(*read.users_place, "Can not have a token and accounts");
    }
    fold_default_permissions(read.users, read.default_permissions);
    add_users(reading, std::move(read.users), read.options.name, *read.users_place, field.report,
              false);
  }
}

}  // namespace

void read_accounts(ConfigReading& reading, const Field& field) {
  if (field.value.kind == ConfigKind::array) {
    return read_account_names(reading, field);
  }
  if (field.value.kind != ConfigKind::map) {
    return field.remark("has no effect: it is neither a map of accounts nor a list of names");
  }
  std::vector<AccountReading> accounts;
  for (const ConfigEntry& entry : field.value.entries) {
    if (entry.value.used_as_variable) {
      continue;
    }
    if (entry.value.kind != ConfigKind::map) {
      field.report.error(entry.value.place, "Expected map entries for accounts");
      continue;
    }
    if (const std::optional<std::string> error = account_name_error(entry.key)) {
      field.report.error(entry.value.place, *error);
      continue;
    }
    AccountReading& account = accounts.emplace_back();
    account.options.name = entry.key;
    read_map(account_table, account, entry.value, field.report, field.source);
    take_users(reading, account, field);
  }
  if (field.report.errors().empty()) {
    settle_imports(accounts, field);
  }
  for (AccountReading& account : accounts) {
    reading.accounts.push_back(std::move(account.options));
  }
}

// ---- limits and message tracing -----------------------------------------------------------------

AccountLimits read_account_limits(const Field& field) {
  AccountLimits limits;
  if (field.value.kind != ConfigKind::map) {
    field.error("Expected account limits to be a map/struct, got " + go_print(field.value));
    return limits;
  }
  using L = AccountLimits;
  static constexpr Directive<AccountLimits> table[] = {
      {"max_connections max_conn", [](L& l, const Field& f) { f.into(l.connections_max); }},
      {"max_subscriptions max_subs", [](L& l, const Field& f) { f.into(l.subscriptions_max); }},
      {"max_payload max_pay", [](L& l, const Field& f) { f.into(l.payload_max); }},
      {"max_leafnodes max_leafs", [](L& l, const Field& f) { f.into(l.leafnodes_max); }},
  };
  read_map(table, limits, field.value, field.report, field.source,
           {"Unknown field ", " parsing account limits"});
  return limits;
}

namespace {

void check_trace_destination(Checked&, const Field& field) {
  if (field.value.kind != ConfigKind::text) {
    return field.error("Field " + go_quote(field.key) + " should be a string, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  if (!is_valid_literal(field.value.text)) {
    field.error("Trace destination " + go_quote(field.value.text) + " is not valid");
  }
}

void check_trace_sampling(Checked&, const Field& field) {
  std::int64_t percent = 0;
  if (field.value.kind == ConfigKind::integer) {
    percent = field.value.integer;
  } else if (field.value.kind == ConfigKind::text) {
    std::string_view digits = field.value.text;
    if (!digits.empty() && digits.back() == '%') {
      digits.remove_suffix(1);
    }
    const IntegerReading number = parse_go_integer(digits, "Atoi");
    if (number.error) {
      return field.error("Invalid trace destination sampling value " + go_quote(field.value.text));
    }
    percent = number.value;
  } else {
    return field.error("Trace destination sampling field " + go_quote(field.key) +
                       " should be an integer or a percentage, got " +
                       std::string(go_type_name(field.value.kind)));
  }
  if (percent <= 0 || percent > 100) {
    field.error("Ttrace destination sampling value " + std::to_string(percent) +
                " is invalid, needs to be [1..100]");
  }
}

}  // namespace

void check_message_trace(const Field& field) {
  Checked checked;
  if (field.value.kind == ConfigKind::text) {
    return check_trace_destination(checked, field);
  }
  if (!expect_map(field, "Expected account message trace " + go_quote(field.key) +
                             " to be a string or a map/struct")) {
    return;
  }
  static constexpr Directive<Checked> table[] = {
      {"dest", check_trace_destination},
      {"sampling", check_trace_sampling},
  };
  const std::string suffix = " parsing account message trace map/struct " + go_quote(field.key);
  read_map(table, checked, field.value, field.report, field.source, {"Unknown field ", suffix});
}

}  // namespace rubus::io
