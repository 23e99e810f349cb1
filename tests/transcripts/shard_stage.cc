#include "tests/transcripts/shard_stage.h"

#include <algorithm>
#include <utility>

#include "io/job_pool.h"

namespace rubus::transcript {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t seed = 20'240'229;
// 2026-01-01T00:00:00Z
constexpr WallTime started{1'767'225'600'000'000'000};
// What a socket pair holds when its owner does not read; the size is of no consequence.
constexpr std::size_t socket_buffer_bytes = std::size_t{256} << 10U;
constexpr std::size_t views_at_first = 64;
// Why: a block holds at least 512 bytes, so a million single bytes would be half a gigabyte.
constexpr std::size_t pieces_at_once_max = 4096;
// A shard that cannot come to rest within this many steps of one moment is broken.
constexpr int steps_at_rest_max = 1'000'000;

Duration duration_of(milliseconds time) {
  return Duration{std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()};
}

milliseconds rounded_up(Duration time) {
  return milliseconds((time.nanoseconds + 999'999) / 1'000'000);
}

}  // namespace

ShardStage::ShardStage(const Options& options, ReadConfiguration read, std::size_t piece_bytes)
    : shard_(options, seed, started),
      read_(std::move(read)),
      piece_bytes_(piece_bytes),
      wall_(started + seconds(1)) {}

Stage ShardStage::stage() {
  Stage stage;
  stage.open = [this](int number) { return open(number); };
  stage.send = [this](int number, std::string_view bytes) { return send(number, bytes); };
  stage.wait = [this](milliseconds& patience) { return wait(patience); };
  stage.take = [this](int number) {
    return std::exchange(connections_.at(number).received, std::string());
  };
  stage.ended = [this](int number) {
    const Connection& connection = connections_.at(number);
    return connection.gone && connection.reading;
  };
  stage.act = [this](const Action& action) { return act(action); };
  return stage;
}

ShardStage::Connection* ShardStage::find(ConnectionId id) {
  for (auto& [number, connection] : connections_) {
    if (connection.id == id && !connection.gone)
      return &connection;
  }
  return nullptr;
}

// ---- what the world does --------------------------------------------------------------------

Problem ShardStage::open(int number) {
  if (!listening_)
    return "the shard does not listen";
  const auto slot = static_cast<std::uint32_t>(number - 1);
  Connection& connection = connections_[number];
  connection.id = ConnectionId{slot, 1};
  ConnectionOpened opened;
  opened.connection = connection.id;
  opened.remote.bytes = {127, 0, 0, 1};
  opened.remote.port = static_cast<std::uint16_t>(40'000 + number);
  opened.nonce.fill(static_cast<std::uint8_t>(number));
  inputs_.emplace_back(opened);
  settle();
  return std::nullopt;
}

Problem ShardStage::send(int number, std::string_view bytes) {
  Connection& connection = connections_.at(number);
  if (connection.gone)
    return std::nullopt;  // into a socket whose other end is shut
  connection.unread_said += bytes;
  deliver_said(connection);
  settle();
  return std::nullopt;
}

void ShardStage::deliver_said(Connection& connection) {
  if (connection.paused || connection.closing || connection.gone)
    return;
  std::string_view left = connection.unread_said;
  const std::size_t piece =
      piece_bytes_ == 0 ? left.size() : std::max(piece_bytes_, left.size() / pieces_at_once_max);
  while (!left.empty()) {
    const std::size_t size = std::min(piece, left.size());
    inputs_.emplace_back(
        BytesReceived{connection.id, Slice::copy_of(shard_.blocks(), left.substr(0, size))});
    left.remove_prefix(size);
  }
  connection.unread_said.clear();
}

bool ShardStage::wait(milliseconds& patience) {
  const Instant limit = now_ + duration_of(patience);
  while (!arrived_ && now_ < limit) {
    const Instant next = std::min(limit, std::max(now_, output_.wake_at));
    wall_ = wall_ + (next - now_);
    now_ = next;
    if (output_.wake_at <= now_)
      settle();
  }
  patience = rounded_up(limit - now_);
  return std::exchange(arrived_, false);
}

// ---- what the shard wants -------------------------------------------------------------------

void ShardStage::settle() {
  for (int steps = 0; steps < steps_at_rest_max; ++steps) {
    const std::vector<Input> batch = std::exchange(inputs_, {});
    for (auto& [number, connection] : connections_)
      connection.unreported = 0;
    shard_.step(InputBatch{now_, wall_, batch}, output_);
    perform();
    if (inputs_.empty() && output_.wake_at > now_)
      return;
  }
  throw std::runtime_error("the shard does not come to rest");
}

void ShardStage::perform() {
  for (const ReadAppetite& wish : output_.appetite) {
    if (Connection* connection = find(wish.connection)) {
      connection->paused = wish.paused;
      deliver_said(*connection);
    }
  }
  for (const ConnectionId id : output_.sendable) {
    if (Connection* connection = find(id))
      flush(*connection);
  }
  for (const CloseConnection& wish : output_.closes) {
    Connection* connection = find(wish.connection);
    if (connection == nullptr)
      continue;
    connection->closing = true;
    if (wish.after_flush)
      flush(*connection);
    close(*connection);
  }
  for (const Job& job : output_.jobs) {
    inputs_.emplace_back(JobDone{job.ticket, io::run_job(job)});
  }
  std::move(output_.replies.begin(), output_.replies.end(), std::back_inserter(replies_));
  listening_ = listening_ && !output_.stop_listening;
  finished_ = finished_ || output_.finished;
}

void ShardStage::flush(Connection& connection) {
  std::vector<ByteView> views(views_at_first);
  std::size_t count = shard_.gather(connection.id, views);
  while (count == views.size()) {
    views.resize(2 * views.size());
    count = shard_.gather(connection.id, views);
  }
  std::uint64_t sent = 0;
  std::uint64_t skip = connection.unreported;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t skipped = std::min<std::size_t>(skip, views[i].size);
    skip -= skipped;
    std::size_t size = views[i].size - skipped;
    const char* const bytes = views[i].data + skipped;
    if (connection.reading) {
      connection.received.append(bytes, size);
    } else {
      size = std::min(size, socket_buffer_bytes - connection.buffered.size());
      connection.buffered.append(bytes, size);
    }
    sent += size;
    if (skipped + size < views[i].size)
      break;
  }
  if (sent == 0)
    return;
  arrived_ = true;
  connection.unreported += sent;
  inputs_.emplace_back(BytesSent{connection.id, sent});
}

void ShardStage::close(Connection& connection) {
  connection.gone = true;
  arrived_ = true;
  inputs_.emplace_back(ConnectionClosed{connection.id, CloseCause::peer_closed});
}

// ---- what the conversation does to the server -----------------------------------------------

Problem ShardStage::act(const Action& action) {
  switch (action.kind) {
    case ActionKind::reload:
      inputs_.emplace_back(OptionsChanged{std::make_shared<const Options>(read_(action.argument))});
      settle();
      return std::nullopt;
    case ActionKind::signal:
      return send_signal(action.argument);
    case ActionKind::exits:
      return must_exit(action.argument);
    case ActionKind::refused:
      if (!listening_)
        return std::nullopt;
      return "the shard still listens";
    case ActionKind::stop_reading:
      connections_.at(action.connection).reading = false;
      return std::nullopt;
    case ActionKind::read_to_end: {
      Connection& connection = connections_.at(action.connection);
      connection.reading = true;
      connection.received += std::exchange(connection.buffered, std::string());
      arrived_ = true;
      if (!connection.gone)
        flush(connection);
      settle();
      return std::nullopt;
    }
    case ActionKind::monitor:
      return ask_monitor(action.argument);
    case ActionKind::tls:
    case ActionKind::tls_refused:
      return "TLS belongs to the production shell";
    case ActionKind::bytewise:
    case ActionKind::pass:
    case ActionKind::quiet:
    case ActionKind::send_repeated:
      return "this is the player's own business";
  }
  return "an action without a meaning";
}

Problem ShardStage::send_signal(const std::string& name) {
  if (name == "USR2") {
    inputs_.emplace_back(LameDuckRequested{});
  } else if (name == "TERM" || name == "INT") {
    inputs_.emplace_back(ShutdownRequested{});
  } else {
    return "the shard knows no signal " + name;
  }
  settle();
  return std::nullopt;
}

Problem ShardStage::must_exit(const std::string& code) {
  milliseconds left(60'000);
  while (!finished_ && left > milliseconds(0))
    static_cast<void>(wait(left));
  if (!finished_)
    return "the shard does not say that it is finished";
  if (code != "0")
    return "a shard that is finished means exit code 0";
  return std::nullopt;
}

Problem ShardStage::ask_monitor(const std::string& argument) {
  const std::size_t blank = argument.find(' ');
  if (blank == std::string::npos)
    return "monitor needs a path and a text";
  const std::string target = argument.substr(0, blank);
  const std::string wanted = argument.substr(blank + 1);
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto question = std::make_shared<MonitorQuestion>();
  question->path = target.substr(0, mark);
  question->query = target.substr(std::min(mark + 1, target.size()));
  const MonitorTicket ticket{++monitor_tickets_};
  inputs_.emplace_back(MonitorAsked{ticket, question});
  settle();
  for (const MonitorReply& reply : replies_) {
    if (reply.ticket != ticket)
      continue;
    if (reply.body.find(wanted) != std::string::npos)
      return std::nullopt;
    return "the monitor's answer lacks " + wanted + ":\n" + reply.body;
  }
  return "the monitor does not answer";
}

}  // namespace rubus::transcript
