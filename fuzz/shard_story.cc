#include "fuzz/shard_story.h"

#include <algorithm>

#include "fuzz/naive_json.h"
#include "fuzz/target.h"

namespace rubus::fuzz {

namespace {

constexpr std::int64_t wall_offset = 1'700'000'000'000'000'000;
constexpr Duration year = seconds(std::int64_t{365} * 86'400);
// Beyond a century of uptime nothing is promised.
constexpr Instant latest = Instant{1'000'000'000} + year * 100;

}  // namespace

ShardStory::ShardStory(const Options& options, std::uint64_t seed)
    : shard_(std::make_unique<DurableShard>(options, seed, WallTime{wall_offset})) {}

ShardStory::~ShardStory() {
  batch_.clear();  // slices go before the pool
}

ConnectionId ShardStory::id_of(std::size_t slot) const {
  return {static_cast<std::uint32_t>(slot), connections_[slot].generation};
}

void ShardStory::open(std::size_t slot, bool is_v6) {
  Connection& connection = connections_[slot];
  if (connection.open || !listening_) {
    return;
  }
  const std::uint32_t generation = connection.generation + 1;
  connection = {};
  connection.open = true;
  connection.generation = generation;
  ConnectionOpened opened;
  opened.connection = id_of(slot);
  opened.remote.bytes.fill(is_v6 ? 0xFD : 127);
  opened.remote.is_v6 = is_v6;
  opened.remote.port = static_cast<std::uint16_t>(40'000 + slot);
  opened.nonce.fill(static_cast<std::uint8_t>(generation));
  add(opened);
}

void ShardStory::open_peer(std::size_t slot, ConnectionKind kind, DialTicket dial) {
  Connection& connection = connections_[slot];
  if (connection.open || (!listening_ && dial.value == 0)) {
    return;
  }
  const std::uint32_t generation = connection.generation + 1;
  connection = {};
  connection.open = true;
  connection.is_peer = true;
  connection.generation = generation;
  ConnectionOpened opened;
  opened.connection = id_of(slot);
  opened.remote.bytes.fill(127);
  opened.remote.port = static_cast<std::uint16_t>(50'000 + slot);
  opened.nonce.fill(static_cast<std::uint8_t>(generation));
  opened.kind = kind;
  opened.dial = dial;
  add(opened);
}

void ShardStory::answer_dial(std::size_t slot, bool is_reached) {
  if (dials_.empty()) {
    return;
  }
  const DialPeer wish = dials_.front();
  if (is_reached && connections_[slot].open) {
    return;
  }
  dials_.pop_front();
  if (is_reached) {
    open_peer(slot, wish.kind, wish.ticket);
  } else {
    add(DialFailed{wish.ticket,
                   std::make_shared<const DialTrouble>(DialTrouble{"connection refused"})});
  }
}

void ShardStory::answer_resolve(std::size_t count) {
  if (resolves_.empty()) {
    return;
  }
  HostAddresses found;
  found.addresses.resize(count);
  for (std::size_t at = 0; at < count; ++at) {
    found.addresses[at].bytes[0] = 10;
    found.addresses[at].bytes[3] = static_cast<std::uint8_t>(at);
  }
  found.trouble = count == 0 ? "no such host" : "";
  add(HostResolved{resolves_.front(), std::make_shared<const HostAddresses>(std::move(found))});
  resolves_.pop_front();
}

void ShardStory::note_odd_bytes(Connection& connection, std::string_view bytes) {
  for (const char byte : bytes) {
    const bool lone_return = connection.last_byte == '\r' && byte != '\n';
    const bool bare_start =
        byte == '\n' && (connection.last_byte == ' ' || connection.last_byte == '\t');
    frames_judged_ = frames_judged_ && !lone_return && !bare_start;
    connection.last_byte = byte;
  }
}

void ShardStory::receive(std::size_t slot, std::string_view bytes) {
  Connection& connection = connections_[slot];
  if (!connection.open || bytes.empty()) {
    return;
  }
  note_odd_bytes(connection, bytes);
  fed_ += bytes.size();
  ++reads_;
  add(BytesReceived{id_of(slot), Slice::copy_of(shard_->blocks(), bytes)});
}

void ShardStory::acknowledge(std::size_t slot, std::size_t parts) {
  Connection& connection = connections_[slot];
  const std::size_t left = connection.waiting.size() - connection.acknowledged;
  const std::size_t count = (left * parts + 3) / 4;
  if (!connection.open || count == 0) {
    return;
  }
  const std::string_view leaving =
      std::string_view(connection.waiting).substr(connection.acknowledged, count);
  trace_.add(leaving);
  if (frames_judged_ && !connection.is_peer) {
    connection.frames.feed(leaving);
    sim::Frame frame;
    while (connection.frames.next(frame)) {
    }
    law(connection.frames.violation().empty(), "what leaves is made of server frames",
        connection.frames.violation());
  }
  connection.acknowledged += count;
  add(BytesSent{id_of(slot), count});
}

void ShardStory::acknowledge_all() {
  for (std::size_t slot = 0; slot < slots; ++slot) {
    acknowledge(slot, 4);
  }
}

void ShardStory::hang_up(std::size_t slot, CloseCause cause) {
  Connection& connection = connections_[slot];
  if (connection.open) {
    add(ConnectionClosed{id_of(slot), cause});
    connection.open = false;
    connection.waiting.clear();
    connection.acknowledged = 0;
  }
}

void ShardStory::advance_tls(std::size_t slot, std::uint8_t choice) {
  Connection& connection = connections_[slot];
  if (!connection.open || !connection.tls_asked) {
    return;
  }
  if (!connection.tls_started) {
    if (connection.tls_start == TlsStart::peek && (choice & 1U) != 0) {
      connection.tls_asked = false;
      add(TlsChanged{id_of(slot), TlsStage::absent, nullptr});
      return;
    }
    connection.tls_started = true;
    add(TlsChanged{id_of(slot), TlsStage::started, nullptr});
    return;
  }
  connection.tls_asked = false;
  if (choice % 4 == 3) {
    hang_up(slot, CloseCause::tls_failed);
    return;
  }
  TlsFacts facts;
  facts.version = "1.3";
  facts.cipher = "TLS_AES_128_GCM_SHA256";
  if (choice % 4 != 0) {
    facts.emails = {"a@example.com"};
    facts.dns_names = {"a.example.com"};
    facts.subject = "CN=a,O=Example";
    facts.subject_short = "CN=a";
  }
  add(TlsChanged{id_of(slot), TlsStage::established, std::make_shared<const TlsFacts>(facts)});
}

void ShardStory::finish_job(std::uint8_t choice) {
  if (jobs_.empty()) {
    return;
  }
  const auto job = jobs_.begin() + static_cast<std::ptrdiff_t>((choice >> 1U) % jobs_.size());
  add(JobDone{*job, (choice & 1U) != 0});
  jobs_.erase(job);
}

void ShardStory::reload(const Options& options) {
  add(OptionsChanged{std::make_shared<const Options>(options)});
}

void ShardStory::ask_monitor(std::string_view path, std::string_view query) {
  MonitorQuestion question;
  question.path = path;
  question.query = query;
  question.process = {5'000'000, 150, 4, 5};
  question.requests = {{"/varz", questions_}};
  ++questions_open_;
  add(MonitorAsked{{++questions_}, std::make_shared<const MonitorQuestion>(std::move(question))});
}

void ShardStory::advance_to_wake() {
  if (output_.wake_at != Instant::never()) {
    now_ = std::min(std::max(now_, output_.wake_at), latest);
  }
}

void ShardStory::advance(Duration length) {
  const Duration left = latest - now_;
  now_ = now_ + std::min(length, left);
}

void ShardStory::step() {
  shard_->step({now_, WallTime{now_.nanoseconds + wall_offset}, batch_}, output_);
  batch_.clear();
  check_outputs();
  for (std::size_t slot = 0; slot < slots; ++slot) {
    check_connection(slot);
  }
  obey_closes();
  check_memory();
  add_outputs_to_trace();
}

std::string ShardStory::gathered(ConnectionId id) {
  views_.resize(std::max<std::size_t>(views_.size(), 16));
  std::size_t count = shard_->gather(id, views_);
  while (count == views_.size()) {  // there may be more
    views_.resize(views_.size() * 2);
    count = shard_->gather(id, views_);
  }
  std::string bytes;
  for (std::size_t at = 0; at < count; ++at) {
    law(views_[at].size > 0, "no piece is empty");
    bytes.append(views_[at].data, views_[at].size);
  }
  return bytes;
}

void ShardStory::check_outputs() {
  law(output_.wake_at > now_, "the next wake-up lies ahead");
  for (const Job& job : output_.jobs) {
    jobs_.push_back(job.ticket);
  }
  dials_.insert(dials_.end(), output_.dials.begin(), output_.dials.end());
  for (const ResolveHost& wish : output_.resolves) {
    resolves_.push_back(wish.ticket);
  }
  for (const StartTls& wish : output_.tls) {
    Connection& connection = connections_[wish.connection.slot];
    if (wish.connection == id_of(wish.connection.slot) && connection.open) {
      connection.tls_asked = !connection.tls_started;
      connection.tls_start = wish.start;
    }
  }
  law(output_.replies.size() == questions_open_, "each question is answered in its step");
  questions_open_ = 0;
  for (const MonitorReply& reply : output_.replies) {
    law(reply.ticket.value <= questions_, "answers are to questions that were asked");
    law(!reply.is_json || reply.status != 200 || read_json_naively(reply.body, 64).has_value(),
        "a monitoring document is JSON", reply.body);
  }
  listening_ = listening_ && !output_.stop_listening;
  std::vector<ConnectionId> named = output_.sendable;
  std::sort(named.begin(), named.end());
  law(std::adjacent_find(named.begin(), named.end()) == named.end(),
      "a connection is named once per step");
}

void ShardStory::check_connection(std::size_t slot) {
  Connection& connection = connections_[slot];
  if (connection.generation == 0) {
    return;  // never used
  }
  const std::string offered = gathered(id_of(slot));
  if (!connection.open) {
    law(offered.empty(), "a free slot offers no bytes", offered);
    return;
  }
  connection.waiting.erase(0, connection.acknowledged);
  connection.acknowledged = 0;
  if (connection.closing) {
    law(offered == connection.waiting, "a connection told to close gets nothing more", offered,
        connection.waiting);
    return;
  }
  const auto is_this = [id = id_of(slot)](const CloseConnection& wish) {
    return wish.connection == id;
  };
  const auto wish = std::find_if(output_.closes.begin(), output_.closes.end(), is_this);
  if (wish != output_.closes.end() && !wish->after_flush) {
    law(offered.empty(), "an immediate close leaves no bytes", offered);
    connection.waiting.clear();
    return;
  }
  law(offered.starts_with(connection.waiting), "bytes stay until they are acknowledged", offered,
      connection.waiting);
  if (offered.size() > connection.waiting.size()) {
    law(std::find(output_.sendable.begin(), output_.sendable.end(), id_of(slot)) !=
            output_.sendable.end(),
        "who has new bytes is named as sendable", offered);
  }
  connection.waiting = offered;
}

void ShardStory::obey_closes() {
  for (const CloseConnection& wish : output_.closes) {
    law(wish.connection.slot < slots, "only known connections are closed");
    Connection& connection = connections_[wish.connection.slot];
    if (!connection.open || wish.connection != id_of(wish.connection.slot)) {
      continue;  // it hung up in the same batch
    }
    law(!connection.closing, "a connection is told to close once");
    connection.closing = true;
  }
}

void ShardStory::check_memory() const {
  // Received bytes lie in blocks of a power of two; a payload in progress may double once more; a
  // queue may pin a block of which it needs a part, also of a publisher that is gone. Queues end in
  // a block that is not full, and a payload that has begun takes 64 KiB at once.
  std::size_t bound = 8 * fed_ + reads_ * BlockPool::class_bytes_min;
  for (const Connection& connection : connections_) {
    bound += connection.open ? std::size_t{256} << 10U : 0;
    bound += 4 * connection.waiting.size();
  }
  law(shard_->blocks().bytes_in_use() <= bound, "memory follows what came and what waits",
      std::to_string(shard_->blocks().bytes_in_use()), std::to_string(bound));
}

void ShardStory::add_outputs_to_trace() {
  trace_.add(shard_->digest());
  trace_.add(static_cast<std::uint64_t>(output_.wake_at.nanoseconds));
  for (const LogLine& line : output_.logs) {
    trace_.add(std::string_view(line.text));
  }
  for (const MonitorReply& reply : output_.replies) {
    trace_.add(std::string_view(reply.body));
  }
  for (const ReadAppetite& appetite : output_.appetite) {
    trace_.add(std::uint64_t{appetite.next_read_bytes} * 2 + (appetite.paused ? 1 : 0));
  }
  for (const Job& job : output_.jobs) {
    trace_.add(job.ticket.value);
  }
  for (const DialPeer& dial : output_.dials) {
    trace_.add(std::uint64_t{dial.ticket.value});
  }
}

void ShardStory::finish() {
  step();
  acknowledge_all();
  step();
  for (std::size_t slot = 0; slot < slots; ++slot) {
    hang_up(slot, CloseCause::peer_closed);
  }
  step();
  law(shard_->blocks().blocks_in_use() == 0, "without connections no block is in use");
}

}  // namespace rubus::fuzz
