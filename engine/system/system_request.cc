#include "engine/system/system_request.h"

#include <algorithm>

#include "engine/auth/nkey.h"
#include "engine/base/json_reader.h"
#include "engine/base/text_number.h"

namespace rubus {

namespace {

// JSON options and the parameters they stand for; a "detail" switch sets subs=detail.
struct OptionName {
  std::string_view json;
  std::string_view parameter;
};

constexpr std::array<OptionName, 21> option_names = {{
    {"sort", "sort"},
    {"auth", "auth"},
    {"subscriptions", "subs"},
    {"subscriptions_detail", "subs=detail"},
    {"offset", "offset"},
    {"limit", "limit"},
    {"cid", "cid"},
    {"mqtt_client", "mqtt_client"},
    {"state", "state"},
    {"user", "user"},
    {"acc", "acc"},
    {"filter_subject", "filter_subject"},
    {"account", "acc"},
    {"test", "test"},
    {"include_unused", "unused"},
    {"accounts", "accounts"},
    {"js-enabled-only", "js-enabled-only"},
    {"js-server-only", "js-server-only"},
    {"stream", "stream"},
    {"consumer", "consumer"},
    {"details", "details"},
}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view kind_text(JsonKind kind) {
  switch (kind) {
    case JsonKind::object:
      return "object";
    case JsonKind::array:
      return "array";
    case JsonKind::string:
      return "string";
    case JsonKind::number:
      return "number";
    case JsonKind::boolean:
      return "bool";
    case JsonKind::null:
      return "null";
    case JsonKind::fault:
      return "fault";
  }
  return {};
}

// Which JSON kind an option has; everything else is text.
JsonKind kind_of(std::string_view option) {
  static constexpr std::array<std::string_view, 4> numbers = {"offset", "limit", "cid", "state"};
  static constexpr std::array<std::string_view, 8> truths = {
      "auth",           "subscriptions",   "subscriptions_detail",
      "include_unused", "js-enabled-only", "js-server-only",
      "details",        "exact_match"};
  if (std::find(numbers.begin(), numbers.end(), option) != numbers.end()) {
    return JsonKind::number;
  }
  if (option == "accounts" || option == "tags") {
    return JsonKind::array;
  }
  return std::find(truths.begin(), truths.end(), option) != truths.end() ? JsonKind::boolean
                                                                         : JsonKind::string;
}

struct Filter {
  std::string server_name;
  std::string cluster;
  std::string host;
  std::string domain;
  bool is_exact = false;
  std::vector<std::string> tags;

  bool meets(const EngineContext& context) const {
    const ServerIdentity& identity = context.options->identity;
    const auto fits = [this](std::string_view wanted, std::string_view own) {
      return wanted.empty() || (is_exact ? wanted == own : contains(own, wanted));
    };
    const std::vector<std::string>& own = context.options->monitor.tags;
    return fits(server_name, identity.server_name) && fits(cluster, context.cluster_name) &&
           fits(host, identity.host) && domain.empty() &&
           std::all_of(tags.begin(), tags.end(), [&own](const std::string& tag) {
             return std::find(own.begin(), own.end(), tag) != own.end();
           });
  }
};

class OptionReader {
 public:
  OptionReader(const EngineContext& context, SystemZone zone, std::string_view json)
      : context_(context), zone_(zone), reader_(json), json_(json) {}

  SystemOptions read() {
    std::string key;
    bool is_read = reader_.begin_object();
    while (is_read && reader_.next_member(key)) {
      is_read = member(key);
    }
    if (options_.fault.empty() && (reader_.failed() || !reader_.at_end())) {
      options_.fault = json_.front() == '{' ? "unexpected end of JSON input"
                                            : "invalid character '" + std::string(1, json_[0]) +
                                                  "' looking for beginning of value";
    }
    options_.is_meant = filter_.meets(context_);
    return std::move(options_);
  }

 private:
  bool member(const std::string& key) {
    const JsonKind kind = reader_.peek();
    // A list for accstatz, a switch for gatewayz and jsz.
    const bool is_switch = key == "accounts" && kind == JsonKind::boolean;
    const JsonKind wanted = is_switch ? JsonKind::boolean : kind_of(key);
    if (kind == JsonKind::null || !is_known(key)) {
      return reader_.skip_value();
    }
    if (kind != wanted) {
      const bool is_valid = reader_.skip_value();
      if (is_valid && options_.fault.empty()) {
        options_.fault = "json: cannot unmarshal " + std::string(kind_text(kind)) +
                         " into Go struct field ." + key;
      }
      return is_valid;
    }
    return wanted == JsonKind::array ? list(key) : value(key, kind);
  }

  bool is_known(std::string_view key) const {
    static constexpr std::array<std::string_view, 6> others = {
        "server_name", "cluster", "host", "domain", "exact_match", "tags"};
    return key == "subject" || key == "queue" ||
           std::find(others.begin(), others.end(), key) != others.end() ||
           std::any_of(option_names.begin(), option_names.end(),
                       [key](const OptionName& name) { return name.json == key; });
  }

  bool list(std::string_view key) {
    std::vector<std::string> values;
    bool is_read = reader_.begin_array();
    while (is_read && reader_.next_element()) {
      is_read = reader_.read_string(values.emplace_back());
    }
    if (key == "tags") {
      filter_.tags = std::move(values);
      return is_read;
    }
    std::string joined;
    for (const std::string& each : values) {
      joined.append(joined.empty() ? "" : " ").append(each);
    }
    add_parameter(options_.query, key, joined);
    return is_read;
  }

  bool value(std::string_view key, JsonKind kind) {
    std::string text;
    if (kind == JsonKind::number) {
      std::int64_t number = 0;
      if (!reader_.read_integer(number)) {
        return false;
      }
      append_number(text, number);
      options_.cid = key == "cid" && number > 0 ? static_cast<std::uint64_t>(number) : options_.cid;
    } else if (kind == JsonKind::boolean) {
      bool truth = false;
      if (!reader_.read_boolean(truth)) {
        return false;
      }
      filter_.is_exact = key == "exact_match" ? truth : filter_.is_exact;
      text = truth ? "1" : "";
    } else if (!reader_.read_string(text)) {
      return false;
    }
    take(key, text);
    return true;
  }

  void take(std::string_view key, const std::string& text) {
    if (key == "server_name") {
      filter_.server_name = text;
    } else if (key == "cluster") {
      filter_.cluster = text;
    } else if (key == "host") {
      filter_.host = text;
    } else if (key == "domain") {
      filter_.domain = text;
    } else if (key == "subject") {
      options_.subject = text;
    } else if (key == "queue") {
      // Bytes, as Go writes them into JSON.
      const std::optional<std::string> queue = decode_base64(text);
      options_.queue = queue.value_or(std::string());
      options_.fault = queue.has_value() ? options_.fault : "illegal base64 data";
    } else if (!text.empty()) {
      parameter(key, text);
    }
  }

  void parameter(std::string_view key, const std::string& text) {
    if (key == "acc") {
      options_.account = text;
    }
    options_.has_subject_filter = options_.has_subject_filter || key == "filter_subject";
    for (const OptionName& name : option_names) {
      if (name.json != key) {
        continue;
      }
      if (key == "subscriptions_detail") {
        // Of the two the one with more to show wins; of equal names the first counts.
        options_.query.insert(0, "subs=detail&");
      } else if (key == "state") {
        add_parameter(options_.query, "state",
                      text == "1"   ? "closed"
                      : text == "2" ? "all"
                                    : "open");
      } else if (zone_ == SystemZone::healthz && key == "account") {
        add_parameter(options_.query, "account", text);
      } else {
        add_parameter(options_.query, name.parameter, text);
      }
    }
  }

  const EngineContext& context_;
  const SystemZone zone_;
  JsonReader reader_;
  const std::string_view json_;
  SystemOptions options_;
  Filter filter_;
};

}  // namespace

namespace {

constexpr std::array<SystemSubject, 44> subjects = {{
    {"$SYS.REQ.SERVER.PING", SystemZone::statsz, false},
    {"$SYS.REQ.SERVER.PING.IDZ", SystemZone::idz, false},
    {"$SYS.REQ.SERVER.PING.STATSZ", SystemZone::statsz, false},
    {"$SYS.REQ.SERVER.PING.VARZ", SystemZone::varz, false},
    {"$SYS.REQ.SERVER.PING.SUBSZ", SystemZone::subsz, false},
    {"$SYS.REQ.SERVER.PING.CONNZ", SystemZone::connz, false},
    {"$SYS.REQ.SERVER.PING.ROUTEZ", SystemZone::routez, false},
    {"$SYS.REQ.SERVER.PING.GATEWAYZ", SystemZone::gatewayz, false},
    {"$SYS.REQ.SERVER.PING.LEAFZ", SystemZone::leafz, false},
    {"$SYS.REQ.SERVER.PING.ACCOUNTZ", SystemZone::accountz, false},
    {"$SYS.REQ.SERVER.PING.JSZ", SystemZone::jsz, false},
    {"$SYS.REQ.SERVER.PING.HEALTHZ", SystemZone::healthz, false},
    {"$SYS.REQ.SERVER.PING.IPQUEUESZ", SystemZone::ipqueuesz, false},
    {"$SYS.REQ.SERVER.PING.RAFTZ", SystemZone::raftz, false},
    {"$SYS.REQ.SERVER.<id>.IDZ", SystemZone::idz, false},
    {"$SYS.REQ.SERVER.<id>.STATSZ", SystemZone::statsz, false},
    {"$SYS.REQ.SERVER.<id>.VARZ", SystemZone::varz, false},
    {"$SYS.REQ.SERVER.<id>.SUBSZ", SystemZone::subsz, false},
    {"$SYS.REQ.SERVER.<id>.CONNZ", SystemZone::connz, false},
    {"$SYS.REQ.SERVER.<id>.ROUTEZ", SystemZone::routez, false},
    {"$SYS.REQ.SERVER.<id>.GATEWAYZ", SystemZone::gatewayz, false},
    {"$SYS.REQ.SERVER.<id>.LEAFZ", SystemZone::leafz, false},
    {"$SYS.REQ.SERVER.<id>.ACCOUNTZ", SystemZone::accountz, false},
    {"$SYS.REQ.SERVER.<id>.JSZ", SystemZone::jsz, false},
    {"$SYS.REQ.SERVER.<id>.HEALTHZ", SystemZone::healthz, false},
    {"$SYS.REQ.SERVER.<id>.IPQUEUESZ", SystemZone::ipqueuesz, false},
    {"$SYS.REQ.SERVER.<id>.RAFTZ", SystemZone::raftz, false},
    {"$SYS.REQ.SERVER.<id>.RELOAD", SystemZone::reload, false},
    {"$SYS.REQ.SERVER.<id>.KICK", SystemZone::kick, true},
    {"$SYS.REQ.SERVER.<id>.LDM", SystemZone::lame_duck, true},
    {"$SYS.REQ.ACCOUNT.*.SUBSZ", SystemZone::subsz, false},
    {"$SYS.REQ.ACCOUNT.*.CONNZ", SystemZone::connz, false},
    {"$SYS.REQ.ACCOUNT.*.LEAFZ", SystemZone::leafz, false},
    {"$SYS.REQ.ACCOUNT.*.JSZ", SystemZone::account_jsz, false},
    {"$SYS.REQ.ACCOUNT.*.INFO", SystemZone::account_info, false},
    {"$SYS.REQ.ACCOUNT.*.STATZ", SystemZone::accstatz, false},
    {"$SYS.REQ.ACCOUNT.*.CONNS", SystemZone::account_conns, false},
    {"$SYS.REQ.ACCOUNT.NSUBS", SystemZone::account_subscribers, false},
    {"$SYS.REQ.USER.*.INFO", SystemZone::user_info, true},
    {"$SYS.REQ.USER.INFO", SystemZone::user_info, true},
    {"$SYS.DEBUG.SUBSCRIBERS", SystemZone::count_subscribers, false},
    {"$SYS.SERVER.*.STATSZ", SystemZone::remote_statsz, false},
    {"$SYS.SERVER.*.SHUTDOWN", SystemZone::remote_shutdown, false},
    {"$SYS.SERVER.*.LAMEDUCK", SystemZone::remote_shutdown, false},
}};

}  // namespace

std::span<const SystemSubject> system_subjects() { return subjects; }

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  query.append(query.empty() || query.back() == '&' ? "" : "&").append(name).push_back('=');
  for (const char byte : value) {
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
    if (is_plain) {
      query.push_back(byte);
    } else {
      const unsigned code = static_cast<unsigned char>(byte);
      query.push_back('%');
      query.push_back(hex[code >> 4U]);
      query.push_back(hex[code & 15U]);
    }
  }
}

SystemOptions read_options(const EngineContext& context, SystemZone zone, std::string_view json) {
  if (json.empty()) {
    return {};
  }
  return OptionReader(context, zone, json).read();
}

std::string_view path_of(SystemZone zone) {
  switch (zone) {
    case SystemZone::varz:
      return "/varz";
    case SystemZone::subsz:
    case SystemZone::count_subscribers:
    case SystemZone::account_subscribers:
      return "/subsz";
    case SystemZone::connz:
      return "/connz";
    case SystemZone::routez:
      return "/routez";
    case SystemZone::gatewayz:
      return "/gatewayz";
    case SystemZone::leafz:
      return "/leafz";
    case SystemZone::accountz:
      return "/accountz";
    case SystemZone::accstatz:
      return "/accstatz";
    case SystemZone::jsz:
      return "/jsz";
    case SystemZone::healthz:
      return "/healthz";
    case SystemZone::idz:
    case SystemZone::statsz:
    case SystemZone::ipqueuesz:
    case SystemZone::raftz:
    case SystemZone::account_info:
    case SystemZone::account_conns:
    case SystemZone::account_jsz:
    case SystemZone::reload:
    case SystemZone::kick:
    case SystemZone::lame_duck:
    case SystemZone::user_info:
    case SystemZone::remote_statsz:
    case SystemZone::remote_shutdown:
      return {};
  }
  return {};
}

}  // namespace rubus
