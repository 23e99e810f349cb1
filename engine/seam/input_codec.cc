#include "engine/seam/input_codec.h"

#include <array>
#include <concepts>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/base/ensure.h"
#include "engine/seam/snapshot_fields.h"

namespace rubus {

namespace {

constexpr std::uint64_t run_elided_bit = 1;
constexpr unsigned varint_bytes_max = 10;

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <class T>
  void operator()(std::string_view /*name*/, const T& value) {
    put(value);
  }

  void put_number(std::uint64_t value) {
    while (value >= 0x80U) {
      out_.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
      value >>= 7U;
    }
    out_.push_back(static_cast<char>(value));
  }

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      put_number(static_cast<std::uint64_t>(value));
    } else if constexpr (std::unsigned_integral<T>) {  // bool too
      put_number(value);
    } else if constexpr (std::signed_integral<T>) {
      const std::uint64_t bits = static_cast<std::uint64_t>(std::int64_t{value});
      put_number((bits << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
    } else {
      fields(*this, value);
    }
  }
  void put(const std::string& text) {
    put_number(text.size());
    out_.append(text);
  }
  void put(Instant at) { put(at.nanoseconds); }
  void put(WallTime at) { put(at.nanoseconds); }
  void put(Duration length) { put(length.nanoseconds); }
  template <std::size_t size>
  void put(const std::array<std::uint8_t, size>& bytes) {
    for (const std::uint8_t byte : bytes) {
      out_.push_back(static_cast<char>(byte));
    }
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put_number(values.size());
    for (const T& value : values) {
      put(value);
    }
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) {
      put(*value);
    }
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    put(value.first);
    put(value.second);
  }
  template <class T>
  void put(const std::shared_ptr<const T>& value) {
    put(value != nullptr);
    if (value != nullptr) {
      put(*value);
    }
  }

 private:
  std::string& out_;
};

class Decoder {
 public:
  Decoder(std::string_view bytes, BlockPool* pool) : bytes_(bytes), pool_(pool) {}

  template <class T>
  void operator()(std::string_view /*name*/, T& value) {
    take(value);
  }

  bool has_failed() const { return has_failed_; }
  bool is_done() const { return !has_failed_ && bytes_.empty(); }
  void fail() {
    has_failed_ = true;
    bytes_ = {};
  }

  std::uint64_t take_number() {
    std::uint64_t value = 0;
    for (unsigned at = 0; at < varint_bytes_max && at < bytes_.size(); ++at) {
      const std::uint64_t bits = static_cast<unsigned char>(bytes_[at]);
      if (at + 1 == varint_bytes_max && bits > 1) {
        break;  // more than 64 bits
      }
      value |= (bits & 0x7FU) << (7U * at);
      if (bits < 0x80U) {
        bytes_.remove_prefix(at + 1);
        return value;
      }
    }
    fail();
    return 0;
  }
  std::string_view take_bytes(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::size_t left() const { return bytes_.size(); }

  template <class T>
  void take(T& value) {
    if constexpr (std::is_enum_v<T>) {
      static_assert(enum_values<T> > 0, "name the enumeration in fields.h");
      const std::uint64_t number = take_number();
      if (number >= enum_values<T>) {
        return fail();
      }
      value = static_cast<T>(number);
    } else if constexpr (std::same_as<T, bool>) {
      const std::uint64_t number = take_number();
      if (number > 1) {
        return fail();
      }
      value = number == 1;
    } else if constexpr (std::unsigned_integral<T>) {
      const std::uint64_t number = take_number();
      if (number > std::numeric_limits<T>::max()) {
        return fail();
      }
      value = static_cast<T>(number);
    } else if constexpr (std::same_as<T, std::int64_t>) {
      const std::uint64_t bits = take_number();
      value = static_cast<std::int64_t>((bits >> 1U) ^ (~(bits & 1U) + 1U));
    } else {
      fields(*this, value);
    }
  }
  void take(std::string& text) { text = take_bytes(take_number()); }
  void take(Instant& at) { take(at.nanoseconds); }
  void take(WallTime& at) { take(at.nanoseconds); }
  void take(Duration& length) { take(length.nanoseconds); }
  template <std::size_t size>
  void take(std::array<std::uint8_t, size>& bytes) {
    const std::string_view taken = take_bytes(size);
    for (std::size_t at = 0; at < taken.size(); ++at) {
      bytes[at] = static_cast<std::uint8_t>(taken[at]);
    }
  }
  template <class T>
  void take(std::vector<T>& values) {
    values.clear();
    const std::uint64_t count = take_number();
    if (count > bytes_.size()) {  // every element takes at least one byte
      return fail();
    }
    for (std::uint64_t at = 0; at < count && !has_failed_; ++at) {
      take(values.emplace_back());
    }
  }
  template <class T>
  void take(std::optional<T>& value) {
    bool is_present = false;
    take(is_present);
    value.reset();
    if (is_present) {
      take(value.emplace());
    }
  }
  template <class A, class B>
  void take(std::pair<A, B>& value) {
    take(value.first);
    take(value.second);
  }
  template <class T>
  void take(std::shared_ptr<const T>& value) {
    bool is_present = false;
    take(is_present);
    value.reset();
    if (is_present) {
      const std::shared_ptr<T> made = std::make_shared<T>();
      take(*made);
      value = made;
    }
  }
  void take(Slice& slice);

 private:
  std::string_view bytes_;
  BlockPool* pool_;
  bool has_failed_ = false;
};

// One read is at most this long; a shell reads at most 1 MiB at a time.
constexpr std::uint64_t read_bytes_max = std::uint64_t{16} << 20U;

void Decoder::take(Slice& slice) {
  ensure(pool_ != nullptr, "bytes of a connection are decoded into a pool");
  const std::uint64_t size = take_number();
  const std::uint64_t runs = take_number();
  if (size == 0 || size > read_bytes_max || runs > bytes_.size()) {
    return fail();
  }
  const std::size_t whole = static_cast<std::size_t>(size);
  Block* block = pool_->take(whole);
  const Slice made = Slice::adopt(block, 0, whole);
  std::size_t filled = 0;
  for (std::uint64_t at = 0; at < runs && !has_failed_; ++at) {
    const std::uint64_t run = take_number();
    const std::uint64_t length = run >> 1U;
    if (length > whole - filled) {
      return fail();
    }
    if ((run & run_elided_bit) != 0) {
      std::memset(block->bytes() + filled, payload_filler, static_cast<std::size_t>(length));
    } else {
      const std::string_view bytes = take_bytes(length);
      std::memcpy(block->bytes() + filled, bytes.data(), bytes.size());
    }
    filled += static_cast<std::size_t>(length);
  }
  if (filled != whole) {
    return fail();
  }
  slice = made;
}

template <std::size_t kind>
void take_input(Decoder& decoder, std::uint64_t wanted, Input& input) {
  if constexpr (kind < std::variant_size_v<Input>) {
    if (wanted == kind) {
      fields(decoder, input.emplace<kind>());
      return;
    }
    take_input<kind + 1>(decoder, wanted, input);
  } else {
    decoder.fail();
  }
}

// What a shell never hands in; decoded bytes may come from anywhere.
bool is_whole(const Input& input) {
  if (const OptionsChanged* changed = std::get_if<OptionsChanged>(&input)) {
    return changed->options != nullptr;
  }
  if (const MonitorAsked* asked = std::get_if<MonitorAsked>(&input)) {
    return asked->question != nullptr;
  }
  if (const HostResolved* resolved = std::get_if<HostResolved>(&input)) {
    return resolved->found != nullptr;
  }
  if (const DialFailed* failed = std::get_if<DialFailed>(&input)) {
    return failed->trouble != nullptr;
  }
  if (const SnapshotAsked* asked = std::get_if<SnapshotAsked>(&input)) {
    return asked->question != nullptr;
  }
  return true;
}

}  // namespace

void encode_options(const Options& options, std::string& out) { Encoder(out).put(options); }

bool decode_options(std::string_view bytes, Options& options) {
  Decoder decoder(bytes, nullptr);
  decoder.take(options);
  return decoder.is_done();
}

namespace {

PayloadScanner::Flavour flavour_of(ConnectionKind kind) {
  switch (kind) {
    case ConnectionKind::client:
      return PayloadScanner::Flavour::client;
    case ConnectionKind::route:
    case ConnectionKind::sibling:
      return PayloadScanner::Flavour::route;
    case ConnectionKind::leaf:
      return PayloadScanner::Flavour::leaf;
  }
  return PayloadScanner::Flavour::client;
}

}  // namespace

void BatchEncoder::encode(const InputBatch& batch, std::string& out) {
  Encoder encoder(out);
  encoder.put(batch.now);
  encoder.put(batch.wall);
  encoder.put_number(batch.inputs.size());
  for (const Input& input : batch.inputs) {
    encoder.put_number(input.index());
    if (const BytesReceived* received = std::get_if<BytesReceived>(&input)) {
      encode_bytes(*received, out);
      continue;
    }
    std::visit(
        [&encoder](const auto& value) {
          if constexpr (!std::same_as<std::decay_t<decltype(value)>, BytesReceived>) {
            fields(encoder, value);
          }
        },
        input);
    if (const ConnectionOpened* opened = std::get_if<ConnectionOpened>(&input)) {
      scanners_.insert_or_assign(opened->connection, PayloadScanner(flavour_of(opened->kind)));
    } else if (const ConnectionClosed* closed = std::get_if<ConnectionClosed>(&input)) {
      scanners_.erase(closed->connection);
    }
  }
}

void BatchEncoder::encode_bytes(const BytesReceived& input, std::string& out) {
  const std::string_view bytes = input.bytes.view();
  Encoder encoder(out);
  encoder.put(input.connection);
  encoder.put_number(bytes.size());
  runs_.clear();
  if (elides_payloads_) {
    scanners_[input.connection].scan(bytes, runs_);
  } else {
    runs_.push_back({bytes.size(), false});
  }
  encoder.put_number(runs_.size());
  std::size_t at = 0;
  for (const PayloadScanner::Run& run : runs_) {
    encoder.put_number((std::uint64_t{run.size} << 1U) | (run.is_body ? run_elided_bit : 0));
    if (!run.is_body) {
      out.append(bytes.substr(at, run.size));
    }
    at += run.size;
  }
}

bool decode_batch(std::string_view bytes, BlockPool& pool, OwnedBatch& batch) {
  Decoder decoder(bytes, &pool);
  batch.inputs.clear();
  decoder.take(batch.now);
  decoder.take(batch.wall);
  const std::uint64_t count = decoder.take_number();
  if (count > decoder.left()) {
    return false;
  }
  for (std::uint64_t at = 0; at < count && !decoder.has_failed(); ++at) {
    take_input<0>(decoder, decoder.take_number(), batch.inputs.emplace_back());
    if (!decoder.has_failed() && !is_whole(batch.inputs.back())) {
      return false;
    }
  }
  return decoder.is_done();
}

}  // namespace rubus
