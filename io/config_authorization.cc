// authorization {}, users [] and permissions {}.
#include <algorithm>

#include "engine/auth/nkey.h"
#include "engine/routing/subject.h"
#include "io/config_reading.h"
#include "io/config_text.h"

namespace rubus::io {

namespace {

// ---- permissions --------------------------------------------------------------------------------

// strings.Fields: words between white space.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view blanks = " \t\n\v\f\r";
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) {
      return words;
    }
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// What is wrong with a subject of a permission list, or nothing.
std::optional<std::string> subject_error(const std::string& subject, bool queue_allowed) {
  if (is_valid_subject(subject)) {
    return std::nullopt;
  }
  const std::vector<std::string> words = words_of(subject);
  if (!queue_allowed || words.size() != 2) {
    return "subject " + go_quote(subject) + " is not a valid subject";
  }
  if (!is_valid_subject(words[0])) {
    return "subject " + go_quote(words[0]) + " is not a valid subject";
  }
  if (!is_valid_subject(words[1])) {
    return "queue " + go_quote(words[1]) + " is not a valid queue";
  }
  return std::nullopt;
}

struct SubjectLists {
  bool queue_allowed = false;
  std::vector<std::string>& allow;
  std::vector<std::string>& deny;
};

void read_list(SubjectLists& lists, const Field& field, std::vector<std::string>& list) {
  if (std::optional<std::vector<std::string>> subjects =
          read_subjects(field, lists.queue_allowed, true)) {
    list = std::move(*subjects);
  }
}

constexpr Directive<SubjectLists> subject_lists_table[] = {
    {"allow",
     [](SubjectLists& lists, const Field& field) { read_list(lists, field, lists.allow); }},
    {"deny", [](SubjectLists& lists, const Field& field) { read_list(lists, field, lists.deny); }},
};

void read_subject_permission(SubjectLists lists, const Field& field) {
  lists.allow.clear();
  lists.deny.clear();
  if (field.value.kind == ConfigKind::map) {
    return read_map(subject_lists_table, lists, field.value, field.report, field.source,
                    {"Unknown field name ",
                     " parsing subject permissions, only 'allow' or 'deny' are permitted"});
  }
  if (std::optional<std::vector<std::string>> subjects =
          read_subjects(field, lists.queue_allowed, false)) {
    lists.allow = std::move(*subjects);
  }
}

constexpr UnknownWording permissions_wording{"Unknown field ", " parsing permissions"};

constexpr Directive<ResponsePermission> responses_table[] = {
    {"max max_msgs max_messages max_responses",
     [](ResponsePermission& responses, const Field& field) {
       const std::optional<std::int64_t> count = field.integer();
       if (count && *count != 0) {  // 0 asks for the default
         responses.messages_max = *count;
       }
     }},
    {"expires expiration ttl",
     [](ResponsePermission& responses, const Field& field) {
       if (field.value.kind != ConfigKind::text) {
         return field.error("error parsing expires, not a duration string");
       }
       const std::optional<Duration> expiry = field.text_duration("error parsing expires: ");
       if (expiry && expiry->nanoseconds != 0) {
         responses.time_to_live = *expiry;
       }
     }},
};

void read_responses(Permissions& permissions, const Field& field) {
  if (field.value.kind == ConfigKind::boolean) {
    permissions.responses.reset();
    if (field.value.boolean) {
      permissions.responses.emplace();
    }
    return;
  }
  if (field.value.kind != ConfigKind::map) {
    return field.error("error parsing response permissions, expected a boolean or a map");
  }
  permissions.responses.emplace();
  read_map(responses_table, *permissions.responses, field.value, field.report, field.source,
           permissions_wording);
}

constexpr Directive<Permissions> permissions_table[] = {
    {"publish pub import",
     [](Permissions& permissions, const Field& field) {
       read_subject_permission({false, permissions.publish_allow, permissions.publish_deny}, field);
     }},
    {"subscribe sub export",
     [](Permissions& permissions, const Field& field) {
       read_subject_permission({true, permissions.subscribe_allow, permissions.subscribe_deny},
                               field);
     }},
    {"allow_responses publish_allow_responses", read_responses},
};

// ---- users --------------------------------------------------------------------------------------

struct ConnectionTypeName {
  std::string_view name;
  ConnectionType type;
};

constexpr ConnectionTypeName connection_type_names[] = {
    {"STANDARD", ConnectionType::standard},
    {"WEBSOCKET", ConnectionType::websocket},
    {"LEAFNODE", ConnectionType::leafnode},
    {"LEAFNODE_WS", ConnectionType::leafnode_websocket},
    {"MQTT", ConnectionType::mqtt},
    {"MQTT_WS", ConnectionType::mqtt_websocket},
    {"IN_PROCESS", ConnectionType::in_process},
};

void read_connection_types(User& user, const Field& field) {
  const std::optional<std::vector<std::string>> names = field.strings("allowed connection types");
  if (!names) {
    return;
  }
  std::string unknown;
  user.connection_types = 0;
  for (const std::string& written : *names) {
    const auto* const known =
        std::find_if(std::begin(connection_type_names), std::end(connection_type_names),
                     [&written](const ConnectionTypeName& candidate) {
                       return lower_case(candidate.name) == lower_case(written);
                     });
    if (known == std::end(connection_type_names)) {
      std::string upper = written;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
      });
      unknown += (unknown.empty() ? "" : " ") + go_quote(upper);
      continue;
    }
    user.connection_types = static_cast<std::uint8_t>(user.connection_types |
                                                      (1u << static_cast<unsigned>(known->type)));
  }
  if (!unknown.empty()) {
    field.error("invalid connection types [" + unknown + "]");
  }
}

void read_proxy_required(const Field& field) {
  const std::optional<bool> required = field.boolean();
  if (required && *required) {
    field.refuse();
  }
}

constexpr Directive<User> user_table[] = {
    {"user username", [](User& user, const Field& field) { field.into(user.name); }},
    {"password pass", [](User& user, const Field& field) { field.into(user.password); }},
    {"nkey", [](User& user, const Field& field) { field.into(user.nkey); }},
    {"permissions permission authorization",
     [](User& user, const Field& field) {
       if (std::optional<Permissions> permissions = read_permissions(field)) {
         user.permissions = std::move(permissions);
       }
     }},
    {"allowed_connection_types connection_types clients", read_connection_types},
    {"proxy_required", [](User&, const Field& field) { read_proxy_required(field); }},
};

// What is wrong with a user as a whole, or nothing.
std::optional<std::string> user_error(const User& user) {
  if (user.nkey.empty()) {
    return user.name.empty() ? std::optional<std::string>("User entry requires a user")
                             : std::nullopt;
  }
  if (!decode_user_nkey(user.nkey)) {
    return "Not a valid public nkey for a user";
  }
  if (!user.name.empty() || !user.password.empty()) {
    return "Nkey users do not take usernames or passwords";
  }
  return std::nullopt;
}

// The reference points to the entry's field it looked at last, and its order is random: the first
// stands for all of them.
const ConfigPlace& entry_place(const ConfigValue& entry) {
  return entry.entries.empty() ? entry.place : entry.entries.front().value.place;
}

void check_callout(AuthorizationBlock& block, const Field& field) {
  if (!expect_map(field, "Expected authorization callout to be a map/struct")) {
    return;
  }
  static constexpr Directive<Checked> table[] = {
      {"issuer",
       [](Checked&, const Field& issuer) {
         const std::optional<std::string> key = issuer.text();
         if (key && !decode_nkey(NkeyKind::account, *key)) {
           issuer.error("Expected callout user to be a valid public account nkey, got " +
                        go_quote(*key));
         }
       }},
      {"account acc", check_text},
      {"auth_users users", check_strings},
      {"xkey key",
       [](Checked&, const Field& key_field) {
         const std::optional<std::string> key = key_field.text();
         if (key && !decode_nkey(NkeyKind::curve, *key)) {
           key_field.error("Expected callout xkey to be a valid public xkey, got " +
                           go_quote(*key));
         }
       }},
      {"allowed_accounts", check_strings},
  };
  Checked checked;
  read_map(table, checked, field.value, field.report, field.source,
           {"Unknown field ", " parsing authorization callout"});
  block.callout = true;
  field.refuse();
}

constexpr Directive<AuthorizationBlock> authorization_table[] = {
    {"user username",
     [](AuthorizationBlock& block, const Field& field) { field.into(block.username); }},
    {"password pass",
     [](AuthorizationBlock& block, const Field& field) { field.into(block.password); }},
    {"token", [](AuthorizationBlock& block, const Field& field) { field.into(block.token); }},
    {"timeout",
     [](AuthorizationBlock& block, const Field& field) {
       block.timeout = read_timeout(field, "error parsing authorization config, ");
       warn_of_long_timeout(field, block.timeout);
     }},
    {"users",
     [](AuthorizationBlock& block, const Field& field) {
       block.users = read_users(field);
       block.users_given = field.value.kind == ConfigKind::array;
     }},
    {"default_permissions default_permission permissions",
     [](AuthorizationBlock& block, const Field& field) {
       block.default_permissions = read_permissions(field);
     }},
    {"auth_callout auth_hook", check_callout},
    {"proxy_required", [](AuthorizationBlock&, const Field& field) { read_proxy_required(field); }},
};

}  // namespace

std::optional<std::vector<std::string>> read_subjects(const Field& field, bool queue_allowed,
                                                      bool place_known) {
  const auto complain = [&](const std::string& text) {
    if (place_known) {
      field.error(text);
    } else {
      field.report.error_without_place(text);
    }
  };
  std::vector<std::string> subjects;
  if (field.value.kind == ConfigKind::text) {
    subjects.push_back(field.value.text);
  } else if (field.value.kind == ConfigKind::array) {
    for (const ConfigValue& item : field.value.items) {
      if (item.kind != ConfigKind::text) {
        field.report.error(item.place, "Subject in permissions array cannot be cast to string");
        return std::nullopt;
      }
      subjects.push_back(item.text);
    }
  } else {
    complain("Expected subject permissions to be a subject, or array of subjects, got " +
             std::string(go_type_name(field.value.kind)));
    return std::nullopt;
  }
  for (const std::string& subject : subjects) {
    if (const std::optional<std::string> error = subject_error(subject, queue_allowed)) {
      complain(*error);
      return std::nullopt;
    }
  }
  return subjects;
}

std::optional<Permissions> read_permissions(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    field.error("Expected permissions to be a map/struct, got " + go_print(field.value));
    return std::nullopt;
  }
  Permissions permissions;
  read_map(permissions_table, permissions, field.value, field.report, field.source,
           permissions_wording);
  return permissions;
}

std::optional<Duration> read_timeout(const Field& field, std::string_view error_prefix) {
  constexpr double nanoseconds_per_second = 1e9;
  constexpr double seconds_max = 9e9;
  double length = 0;
  switch (field.value.kind) {
    case ConfigKind::integer:
      length = static_cast<double>(field.value.integer);
      break;
    case ConfigKind::floating:
      length = field.value.floating;
      break;
    case ConfigKind::text:
      return field.text_duration(std::string(error_prefix) + "'timeout' ");
    case ConfigKind::boolean:
    case ConfigKind::datetime:
    case ConfigKind::array:
    case ConfigKind::map:
      field.error(std::string(error_prefix) + "'timeout' wrong type");
      return std::nullopt;
  }
  length = std::clamp(length, -seconds_max, seconds_max);
  return Duration{static_cast<std::int64_t>(length * nanoseconds_per_second)};
}

void warn_of_long_timeout(const Field& field, const std::optional<Duration>& timeout) {
  constexpr Duration long_timeout = seconds(60);
  if (!timeout || *timeout <= long_timeout) {
    return;
  }
  field.report.warning(
      field.value.place, field.key,
      "timeout of " + go_print(field.value) + " (" +
          std::to_string(static_cast<double>(timeout->nanoseconds) / 1e9) +
          " seconds) is high, consider keeping it under 60 seconds. possibly caused by "
          "unquoted duration; use '1m' instead of 1m, for example");
}

std::vector<User> read_users(const Field& field) {
  std::vector<User> users;
  if (field.value.kind != ConfigKind::array) {
    field.error("Expected users field to be an array, got " + go_print(field.value));
    return users;
  }
  for (const ConfigValue& entry : field.value.items) {
    if (entry.kind != ConfigKind::map) {
      field.report.error(entry.place,
                         "Expected user entry to be a map/struct, got " + go_print(entry));
      continue;
    }
    User user;
    read_map(user_table, user, entry, field.report, field.source);
    if (const std::optional<std::string> error = user_error(user)) {
      field.report.error(entry_place(entry), *error);
      continue;
    }
    users.push_back(std::move(user));
  }
  return users;
}

void fold_default_permissions(std::vector<User>& users,
                              const std::optional<Permissions>& defaults) {
  for (User& user : users) {
    if (!user.permissions) {
      user.permissions = defaults;
    }
  }
}

std::optional<AuthorizationBlock> read_authorization_block(const Field& field) {
  if (field.value.kind != ConfigKind::map) {
    field.report.wrong_type(field.value, ConfigKind::map);
    return std::nullopt;
  }
  AuthorizationBlock block;
  read_map(authorization_table, block, field.value, field.report, field.source);
  fold_default_permissions(block.users, block.default_permissions);
  return block;
}

void add_users(ConfigReading& reading, std::vector<User> users, const std::string& account,
               const ConfigPlace& place, ConfigReport& report, bool stop_at_duplicate) {
  std::vector<User>& all = reading.config.engine.authorization.users;
  // Names come before nkeys, as the reference checks and reports them in that order.
  std::stable_partition(users.begin(), users.end(),
                        [](const User& user) { return user.nkey.empty(); });
  for (User& user : users) {
    const bool has_nkey = !user.nkey.empty();
    const std::string& name = has_nkey ? user.nkey : user.name;
    if (!reading.user_names.insert(name).second) {
      report.error(place, "Duplicate " + std::string(has_nkey ? "nkey " : "user ") +
                              go_quote(name) + " detected");
      if (stop_at_duplicate) {
        return;
      }
      continue;
    }
    user.account = account;
    all.push_back(std::move(user));
  }
}

void read_authorization(ConfigReading& reading, const Field& field) {
  std::optional<AuthorizationBlock> block = read_authorization_block(field);
  if (!block) {
    return;
  }
  Authorization& authorization = reading.config.engine.authorization;
  authorization.username = block->username;
  authorization.password = block->password;
  authorization.token = block->token;
  reading.authorization_timeout = block->timeout;
  if ((!block->username.empty() || !block->password.empty()) && !block->token.empty()) {
    return field.error("Cannot have a user/pass and token");
  }
  if (block->users_given || !reading.user_names.empty()) {
    if (!block->username.empty()) {
      return field.error("Can not have a single user/pass and a users array");
    }
    if (!block->token.empty()) {
      return field.error("Can not have a token and a users array");
    }
  }
  add_users(reading, std::move(block->users), "", field.value.place, field.report, true);
}

}  // namespace rubus::io
