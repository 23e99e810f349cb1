#include "tests/engine/shard_harness.h"

#include <array>

namespace rubus::test {

namespace {

constexpr std::int64_t wall_offset = 1'700'000'000'000'000'000;

}  // namespace

Options ShardHarness::default_options() {
  Options options;
  options.identity.server_id = "NTEST";
  options.identity.server_name = "NTEST";
  options.identity.version = "0.0.0";
  options.identity.toolchain = "test";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  return options;
}

ShardHarness::ShardHarness(const Options& options, std::uint64_t seed)
    : shard_(std::make_unique<DurableShard>(options, seed, WallTime{wall_offset})) {}

ShardHarness::~ShardHarness() = default;

int ShardHarness::open() { return open_peer(ConnectionKind::client, {}); }

int ShardHarness::open_peer(ConnectionKind kind, DialTicket dial) {
  const int client = ++opened_;
  ConnectionOpened opened;
  opened.kind = kind;
  opened.dial = dial;
  opened.connection = id_of(client);
  opened.remote.bytes = {127, 0, 0, 1};
  opened.remote.port = static_cast<std::uint16_t>(50000 + client);
  step({opened});
  return client;
}

int ShardHarness::connect(std::string_view json) {
  const int client = open();
  take(client);
  send(client, "CONNECT " + std::string(json) + "\r\nPING\r\n");
  return client;
}

void ShardHarness::send_only(int client, std::string_view text) {
  if (!text.empty()) {
    step({BytesReceived{id_of(client), Slice::copy_of(shard_->blocks(), text)}});
  }
}

std::string ShardHarness::send(int client, std::string_view text) {
  send_only(client, text);
  return take(client);
}

std::string ShardHarness::take(int client) {
  std::string taken;
  taken.swap(received_[client]);
  return taken;
}

void ShardHarness::hang_up(int client) {
  closed_.insert(client);
  step({ConnectionClosed{id_of(client), CloseCause::peer_closed}});
}

void ShardHarness::reload(const Options& options) {
  step({OptionsChanged{std::make_shared<const Options>(options)}});
}

bool ShardHarness::finish_job(bool accepted) {
  if (jobs_.empty()) {
    return false;
  }
  const JobTicket ticket = jobs_.front().ticket;
  jobs_.erase(jobs_.begin());
  step({JobDone{ticket, accepted}});
  return true;
}

void ShardHarness::advance(Duration length) {
  const Instant until = now_ + length;
  while (output_.wake_at <= until) {
    now_ = std::max(now_, output_.wake_at);
    step({});
  }
  now_ = until;
  step({});
}

void ShardHarness::flush(int client, std::vector<Input>& follow_up) {
  if (not_reading_.count(client) != 0) {
    return;
  }
  std::array<ByteView, 16> views;
  const std::size_t count = shard_->gather(id_of(client), views);
  std::uint64_t sent = 0;
  for (std::size_t at = 0; at < count; ++at) {
    received_[client].append(views[at].data, views[at].size);
    sent += views[at].size;
  }
  if (sent > 0) {
    follow_up.push_back(BytesSent{id_of(client), sent});
  }
}

void ShardHarness::step(std::vector<Input> inputs) {
  for (;;) {
    shard_->step({now_, WallTime{now_.nanoseconds + wall_offset}, inputs}, output_);
    const Instant wake_at = output_.wake_at;
    std::vector<Input> follow_up;
    for (const ReadAppetite& appetite : output_.appetite) {
      const int client = static_cast<int>(appetite.connection.slot);
      if (appetite.paused) {
        paused_.insert(client);
      } else {
        paused_.erase(client);
      }
    }
    for (int client = 1; client <= opened_; ++client) {
      flush(client, follow_up);
    }
    for (const CloseConnection& wish : output_.closes) {
      closed_.insert(static_cast<int>(wish.connection.slot));
      follow_up.push_back(ConnectionClosed{wish.connection, CloseCause::peer_closed});
    }
    jobs_.insert(jobs_.end(), output_.jobs.begin(), output_.jobs.end());
    logs_.insert(logs_.end(), output_.logs.begin(), output_.logs.end());
    resolves_.insert(resolves_.end(), output_.resolves.begin(), output_.resolves.end());
    dials_.insert(dials_.end(), output_.dials.begin(), output_.dials.end());
    tls_.insert(tls_.end(), output_.tls.begin(), output_.tls.end());
    finished_ = finished_ || output_.finished;
    output_.wake_at = wake_at;
    if (follow_up.empty()) {
      return;
    }
    inputs = std::move(follow_up);
  }
}

}  // namespace rubus::test
