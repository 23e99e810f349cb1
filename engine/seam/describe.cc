#include "engine/seam/describe.h"

#include <array>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/base/text_number.h"
#include "engine/seam/snapshot_fields.h"

namespace rubus {

namespace {

constexpr std::array<std::string_view, std::variant_size_v<Input>> input_names = {
    "ConnectionOpened",  "BytesReceived", "BytesSent",      "ConnectionClosed",
    "TlsChanged",        "JobDone",       "OptionsChanged", "LameDuckRequested",
    "ShutdownRequested", "MonitorAsked",  "HostResolved",   "DialFailed",
    "ProcessSampled",    "SnapshotAsked", "SnapshotTaken",  "ReloadDone"};

std::string_view name_of(CloseCause cause) {
  switch (cause) {
    case CloseCause::peer_closed:
      return "peer_closed";
    case CloseCause::read_error:
      return "read_error";
    case CloseCause::write_error:
      return "write_error";
    case CloseCause::tls_failed:
      return "tls_failed";
  }
  return "?";
}

std::string_view name_of(TlsStage stage) {
  switch (stage) {
    case TlsStage::started:
      return "started";
    case TlsStage::absent:
      return "absent";
    case TlsStage::established:
      return "established";
  }
  return "?";
}

std::string_view name_of(TlsPolicy policy) {
  switch (policy) {
    case TlsPolicy::off:
      return "off";
    case TlsPolicy::required:
      return "required";
    case TlsPolicy::optional:
      return "optional";
  }
  return "?";
}

std::string_view name_of(ConnectionKind kind) {
  switch (kind) {
    case ConnectionKind::client:
      return "client";
    case ConnectionKind::route:
      return "route";
    case ConnectionKind::leaf:
      return "leaf";
    case ConnectionKind::sibling:
      return "sibling";
  }
  return "?";
}

std::string_view name_of(ResponseType type) {
  switch (type) {
    case ResponseType::singleton:
      return "singleton";
    case ResponseType::stream:
      return "stream";
    case ResponseType::chunked:
      return "chunked";
  }
  return "?";
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::fatal:
      return "fatal";
    case LogLevel::trace:
      return "trace";
  }
  return "?";
}

class Describer {
 public:
  explicit Describer(std::string& text) : text_(text) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (text_.back() != '{') {
      text_.push_back(' ');
    }
    text_.append(name).push_back('=');
    put(value);
  }

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      text_.append(name_of(value));
    } else if constexpr (std::same_as<T, bool>) {
      text_.append(value ? "yes" : "no");
    } else if constexpr (std::unsigned_integral<T>) {
      append_number(text_, std::uint64_t{value});
    } else if constexpr (std::signed_integral<T>) {
      append_number(text_, std::int64_t{value});
    } else {
      text_.push_back('{');
      fields(*this, value);
      text_.push_back('}');
    }
  }
  void put(const std::string& value) { describe_bytes(value, text_); }
  void put(const Slice& value) { describe_bytes(value.view(), text_); }
  void put(CloseReason reason) { append_number(text_, static_cast<std::uint64_t>(reason)); }
  void put(Instant at) { put(at.nanoseconds); }
  void put(WallTime at) { put(at.nanoseconds); }
  void put(Duration length) { put(length.nanoseconds); }
  void put(ConnectionId id) {
    append_number(text_, std::uint64_t{id.slot});
    text_.push_back('/');
    append_number(text_, std::uint64_t{id.generation});
  }
  template <std::size_t size>
  void put(const std::array<std::uint8_t, size>& bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      text_.push_back(digits[byte >> 4U]);
      text_.push_back(digits[byte & 15U]);
    }
  }
  template <class T>
  void put(const std::vector<T>& values) {
    text_.push_back('[');
    for (const T& value : values) {
      if (text_.back() != '[') {
        text_.push_back(' ');
      }
      put(value);
    }
    text_.push_back(']');
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      text_.append("none");
    }
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    put(value.first);
    text_.push_back(':');
    put(value.second);
  }
  template <class T>
  void put(const std::shared_ptr<const T>& value) {
    if (value != nullptr) {
      put(*value);
    } else {
      text_.append("none");
    }
  }

 private:
  std::string& text_;
};

}  // namespace

void describe_bytes(std::string_view bytes, std::string& text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  text.push_back('"');
  for (const char byte : bytes.substr(0, described_bytes_max)) {
    if (byte == '\r') {
      text.append("\\r");
    } else if (byte == '\n') {
      text.append("\\n");
    } else if (byte == '"' || byte == '\\') {
      text.push_back('\\');
      text.push_back(byte);
    } else if (byte < ' ' || byte > '~') {
      const unsigned value = static_cast<unsigned char>(byte);
      text.append("\\x");
      text.push_back(digits[value >> 4U]);
      text.push_back(digits[value & 15U]);
    } else {
      text.push_back(byte);
    }
  }
  text.push_back('"');
  if (bytes.size() > described_bytes_max) {
    text.append("+");
    append_number(text, std::uint64_t{bytes.size() - described_bytes_max});
  }
}

void describe(const Input& input, std::string& text) {
  text.append(input_names[input.index()]).push_back('{');
  Describer describer(text);
  std::visit([&describer](const auto& value) { fields(describer, value); }, input);
  text.push_back('}');
}

void describe(const InputBatch& batch, std::string& text) {
  text.append("now=");
  append_number(text, batch.now.nanoseconds);
  text.append(" wall=");
  append_number(text, batch.wall.nanoseconds);
  text.push_back('\n');
  for (const Input& input : batch.inputs) {
    text.append("  ");
    describe(input, text);
    text.push_back('\n');
  }
}

namespace {

void describe_connections(const Output& output, std::string& text) {
  Describer describer(text);
  for (const ConnectionId connection : output.sendable) {
    text.append("  sendable ");
    describer.put(connection);
    text.push_back('\n');
  }
  for (const ReadAppetite& appetite : output.appetite) {
    text.append(appetite.paused ? "  pause reading " : "  read ");
    describer.put(appetite.connection);
    text.append(" next ");
    append_number(text, std::uint64_t{appetite.next_read_bytes});
    text.push_back('\n');
  }
  for (const StartTls& start : output.tls) {
    text.append("  start tls ");
    describer.put(start.connection);
    text.push_back('\n');
  }
  for (const CloseConnection& close : output.closes) {
    text.append(close.after_flush ? "  close after flush " : "  close ");
    describer.put(close.connection);
    text.push_back('\n');
  }
  for (const Job& job : output.jobs) {
    text.append(job.kind == JobKind::bcrypt_check ? "  job bcrypt " : "  job ed25519 ");
    append_number(text, job.ticket.value);
    text.push_back('\n');
  }
  for (const LogLine& line : output.logs) {
    text.append("  log ").append(name_of(line.level)).push_back(' ');
    describe_bytes(line.text, text);
    text.push_back('\n');
  }
}

}  // namespace

void describe(const Output& output, std::string& text) {
  describe_connections(output, text);
  Describer describer(text);
  for (const MonitorReply& reply : output.replies) {
    text.append("  reply ");
    append_number(text, reply.ticket.value);
    text.append(" status ");
    append_number(text, std::uint64_t{reply.status});
    text.append(" bytes ");
    append_number(text, std::uint64_t{reply.body.size()});
    text.push_back('\n');
  }
  for (const SnapshotWish& wish : output.snapshot_wishes) {
    text.append("  ask other shards ");
    append_number(text, wish.ticket.value);
    text.push_back('\n');
  }
  for (const SnapshotGiven& given : output.snapshots) {
    text.append("  snapshot ");
    append_number(text, given.ticket.value);
    text.append(" connections ");
    append_number(text, std::uint64_t{given.snapshot->open.size()});
    text.push_back('\n');
  }
  for (const ResolveHost& resolve : output.resolves) {
    text.append("  resolve ");
    describe_bytes(resolve.host, text);
    text.push_back('\n');
  }
  for (const DialPeer& dial : output.dials) {
    text.append("  dial ").append(name_of(dial.kind)).push_back(' ');
    describer.put(dial.address);
    text.push_back('\n');
  }
  if (output.sample_process) {
    text.append("  sample process\n");
  }
  if (output.reload_wanted) {
    text.append("  reload wanted\n");
  }
  if (output.stop_listening) {
    text.append("  stop listening\n");
  }
  if (output.finished) {
    text.append("  finished\n");
  }
}

}  // namespace rubus
