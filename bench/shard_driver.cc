#include "bench/shard_driver.h"

#include "engine/base/ensure.h"

namespace rubus::bench {

namespace {

constexpr std::int64_t wall_offset = 1'700'000'000'000'000'000;
// More than one read of 64 KiB can leave on a connection: every delivery is taken at once.
constexpr std::size_t views_max = 16384;

Options quiet_options() {
  Options options;
  options.identity.server_id = "NBENCH";
  options.identity.server_name = "NBENCH";
  options.identity.version = "0.0.0";
  options.identity.host = "127.0.0.1";
  options.identity.port = 4222;
  options.limits.ping_interval = seconds(100'000'000);  // no other PING
  options.system_account.clear();                       // no heartbeats between messages
  return options;
}

}  // namespace

Load publishes(std::string_view subject, std::size_t payload, std::size_t bytes_max,
               std::size_t subjects) {
  Load load;
  for (;;) {
    std::string frame = "PUB " + std::string(subject);
    if (subjects > 1) {
      frame += "." + std::to_string(load.messages % subjects);
    }
    frame += " " + std::to_string(payload) + "\r\n" + std::string(payload, 'x') + "\r\n";
    if (load.messages > 0 && load.bytes.size() + frame.size() > bytes_max) {
      return load;
    }
    load.bytes += frame;
    ++load.messages;
  }
}

std::size_t delivery_size(std::string_view subject, std::size_t payload) {
  return std::string_view("MSG  1 \r\n\r\n").size() + subject.size() +
         std::to_string(payload).size() + payload;
}

ShardDriver::ShardDriver() : shard_(quiet_options(), 1, WallTime{wall_offset}), views_(views_max) {}

ConnectionId ShardDriver::connect(std::string_view commands) {
  ConnectionOpened opened;
  opened.connection = {opened_++, 1};
  opened.remote.bytes = {127, 0, 0, 1};
  opened.remote.port = 50000;
  inputs_.push_back(opened);
  step();
  receive(opened.connection,
          R"(CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,)"
          R"("protocol":1})"
          "\r\nPING\r\n" +
              std::string(commands));
  step();
  // The one PING that a new connection gets, to measure the round trip.
  now_ = now_ + seconds(3);
  ensure(step() == std::string_view("PING\r\n").size(), "a new connection is pinged once");
  receive(opened.connection, "PONG\r\n");
  step();
  return opened.connection;
}

void ShardDriver::receive(ConnectionId from, std::string_view bytes) {
  receive(from, Slice::copy_of(shard_.blocks(), bytes));
}

std::uint64_t ShardDriver::step() {
  now_ = now_ + microseconds(50);
  shard_.step({now_, WallTime{now_.nanoseconds + wall_offset}, inputs_}, output_);
  inputs_.clear();
  ensure(output_.closes.empty(), "no connection of a benchmark is closed");
  std::uint64_t total = 0;
  for (const ConnectionId connection : output_.sendable) {
    std::uint64_t sent = 0;
    const std::size_t count = shard_.gather(connection, views_);
    ensure(count < views_max, "one step's deliveries are taken at once");
    for (std::size_t at = 0; at < count; ++at) {
      sent += views_[at].size;
    }
    inputs_.push_back(BytesSent{connection, sent});
    total += sent;
  }
  return total;
}

}  // namespace rubus::bench
