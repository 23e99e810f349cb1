#include "io/shard_group.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "io/ensure_abort.h"
#include "io/flight_recorder.h"
#include "io/host_resolver.h"
#include "io/shard_mailbox.h"
#include "io/sibling_pipe.h"
#include "io/version.h"

namespace rubus::io {

namespace {

constexpr std::size_t job_threads_max = 2;
// Client libraries give a connect up after 2 s, so hardly anybody waits longer for a verdict; a
// server whose clients are given more time to log in allows its checks as much.
constexpr Duration job_waiting_least = seconds(5);

Duration job_waiting_max(const Options& options) {
  return std::max({job_waiting_least, options.authorization.timeout,
                   options.cluster.authentication_timeout, options.leaf.authentication_timeout});
}

void flush_recorder(void* recorder, const char*) {
  static_cast<FlightRecorder*>(recorder)->flush();
}

// An accepted socket on its way to its shard, closed if it never gets there.
class SocketUnderWay {
 public:
  explicit SocketUnderWay(int descriptor) : descriptor_(descriptor) {}
  ~SocketUnderWay() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  SocketUnderWay(const SocketUnderWay&) = delete;
  SocketUnderWay& operator=(const SocketUnderWay&) = delete;

  int take() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// Signals are for the main thread. The caller's mask comes back with the object's end.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct ShardGroup::Shard {
  std::uint32_t index = 0;
  std::uint64_t clients_given = 0;  // of the main thread
  // Order of life: the loop uses all above it.
  std::unique_ptr<boost::asio::io_context> own_context;  // not of the first
  FlightRecorder recorder;
  std::unique_ptr<LoopBell> bell;  // where there are siblings
  std::unique_ptr<ShardMailbox<Order>> mailbox;
  std::unique_ptr<HostResolver> resolver;
  std::unique_ptr<ShardLoop> loop;
  std::thread thread;
};

ShardGroup::ShardGroup(boost::asio::io_context& context, Wishes wishes)
    : context_(context), wishes_(std::move(wishes)) {}

ShardGroup::~ShardGroup() {
  jobs_.reset();
  for (const std::unique_ptr<Shard>& shard : shards_) {
    shard->resolver.reset();  // from here on nobody posts
  }
  for (const std::unique_ptr<Shard>& shard : shards_) {
    shard->loop.reset();
  }
  set_abort_hook(nullptr, nullptr);
}

std::optional<std::string> ShardGroup::make(const Options& options, std::uint32_t count,
                                            EntropySource& entropy, WallTime started,
                                            const std::string& record_file) {
  jobs_ = std::make_unique<JobPool>(job_threads_max, job_waiting_max(options));
  has_finished_.assign(count, false);
  last_adopter_ = count - 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    Options own = options;
    own.shard = ShardPlace{i, count};
    try {
      if (auto problem = make_shard(own, i, entropy.seed(), started, record_file)) {
        return problem;
      }
    } catch (const boost::system::system_error& problem) {
      return std::string("Can't open an event descriptor: ") + problem.what();
    }
  }
  join_siblings();
  return std::nullopt;
}

std::optional<std::string> ShardGroup::make_shard(const Options& options, std::uint32_t index,
                                                  std::uint64_t seed, WallTime started,
                                                  const std::string& record_file) {
  shards_.push_back(std::make_unique<Shard>());
  Shard& shard = *shards_.back();
  shard.index = index;
  if (index > 0) {
    shard.own_context =
        std::make_unique<boost::asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  }
  boost::asio::io_context& context = index > 0 ? *shard.own_context : context_;
  if (options.shard.count > 1) {
    shard.bell = std::make_unique<LoopBell>(context);
  }
  // At the start, not with the first use: then descriptors may have run out.
  shard.mailbox = std::make_unique<ShardMailbox<Order>>(context, [&shard](Order&& order) {
    if (shard.loop != nullptr) {  // else it is about to end
      order(shard);
    }
  });
  shard.resolver = std::make_unique<HostResolver>([&shard](const HostResolved& resolved) {
    shard.mailbox->post([resolved](Shard& self) { self.loop->push(resolved); });
  });
  shard.loop = std::make_unique<ShardLoop>(context, options, seed, started, wishes_of(shard));
  if (record_file.empty()) {
    return std::nullopt;
  }
  RecordingHeader header;
  header.seed = seed;
  header.started = started;
  header.build = own_version;
  header.options = options;
  shard.loop->record_to(&shard.recorder);
  return shard.recorder.open(index == 0 ? record_file : record_file + "." + std::to_string(index),
                             header);
}

void ShardGroup::join_siblings() {
  const auto pipe = [this](const Shard& writer, const Shard& reader) {
    pipes_.push_back(std::make_unique<SiblingPipe>(*writer.bell, *reader.bell));
    return pipes_.back().get();
  };
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    for (std::size_t j = i + 1; j < shards_.size(); ++j) {
      Shard& first = *shards_[i];
      Shard& second = *shards_[j];
      SiblingPipe* const there = pipe(first, second);
      SiblingPipe* const back = pipe(second, first);
      first.loop->join({second.index, first.bell.get(), back, there});
      second.loop->join({first.index, second.bell.get(), there, back});
    }
  }
}

ShardLoop::Wishes ShardGroup::wishes_of(Shard& shard) {
  Shard& first = *shards_.front();
  return {
      .log = wishes_.log,
      .job =
          [this, &shard](Job&& job) {
            jobs_->submit(std::move(job), [&shard](JobDone done) {
              shard.mailbox->post([done](Shard& self) { self.loop->push(done); });
            });
          },
      .reply = wishes_.reply,
      .ask_others =
          [this, &shard](SnapshotWish&& wish) {
            const SnapshotAsked asked{wish.ticket, std::move(wish.question)};
            for (const std::unique_ptr<Shard>& other : shards_) {
              if (other.get() != &shard) {
                other->mailbox->post([asked](Shard& self) { self.loop->push(asked); });
              }
            }
          },
      .snapshot =
          [&shard, &first](SnapshotGiven&& given) {
            const SnapshotTaken taken{given.ticket, shard.index, std::move(given.snapshot)};
            first.mailbox->post([taken](Shard& self) { self.loop->push(taken); });
          },
      .resolve = [&shard](ResolveHost&& wish) { shard.resolver->resolve(std::move(wish)); },
      .reload = [this, &first] { first.mailbox->post([this](Shard&) { wishes_.reload(); }); },
      .stop_listening =
          [this, &shard, &first] {
            // At once where it can be: the log lines of this turn come after it.
            if (&shard == &first) {
              wishes_.stop_listening();
            }
          },
      .finished = [this, &shard] { on_finished(shard); },
  };
}

// On the shard's thread.
void ShardGroup::on_finished(Shard& shard) {
  if (shard.index == 0) {
    count_finished(0);
    return;
  }
  shards_.front()->mailbox->post([this, index = shard.index](Shard&) { count_finished(index); });
}

void ShardGroup::count_finished(std::uint32_t index) {
  has_finished_[index] = true;
  if (std::all_of(has_finished_.begin(), has_finished_.end(), [](bool has) { return has; })) {
    wishes_.finished();
  }
}

// Null once the group ends.
ShardLoop* ShardGroup::first_loop() const {
  return shards_.empty() ? nullptr : shards_.front()->loop.get();
}

void ShardGroup::adopt_client(int descriptor, const Address& remote) {
  SocketUnderWay socket(descriptor);
  ShardLoop* const first = first_loop();
  if (first == nullptr) {
    return;
  }
  if (shards_.size() == 1) {
    first->adopt(socket.take(), remote, ConnectionKind::client);
    return;
  }
  // Equal ones take turns.
  std::size_t best = (last_adopter_ + 1) % shards_.size();
  const auto clients = [this](std::size_t index) {
    const Shard& shard = *shards_[index];
    return shard.clients_given - shard.loop->clients_closed();
  };
  for (std::size_t i = 0, at = best; i < shards_.size(); ++i, at = (at + 1) % shards_.size()) {
    if (clients(at) < clients(best)) {
      best = at;
    }
  }
  last_adopter_ = best;
  Shard& shard = *shards_[best];
  ++shard.clients_given;
  if (best == 0) {
    first->adopt(socket.take(), remote, ConnectionKind::client);
    return;
  }
  // Shared, because an order is a value that could be copied.
  shard.mailbox->post(
      [sent = std::make_shared<SocketUnderWay>(socket.take()), remote](Shard& self) {
        self.loop->adopt(sent->take(), remote, ConnectionKind::client);
      });
}

void ShardGroup::adopt_peer(int descriptor, const Address& remote, ConnectionKind kind) {
  SocketUnderWay socket(descriptor);
  if (ShardLoop* const first = first_loop()) {
    first->adopt(socket.take(), remote, kind);
  }
}

void ShardGroup::set_tls(const TlsContexts& tls) {
  if (ShardLoop* const first = first_loop()) {
    first->set_tls(tls);
  }
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    shards_[i]->mailbox->post([tls](Shard& self) { self.loop->set_tls(tls); });
  }
}

void ShardGroup::set_options(const Options& options) {
  if (jobs_ != nullptr) {
    jobs_->extend_waiting(job_waiting_max(options));
  }
  for (const std::unique_ptr<Shard>& shard : shards_) {
    auto own = std::make_shared<Options>(options);
    own->shard = ShardPlace{shard->index, static_cast<std::uint32_t>(shards_.size())};
    const OptionsChanged changed{std::move(own)};
    if (shard->index > 0) {
      shard->mailbox->post([changed](Shard& self) { self.loop->push(changed); });
    } else if (shard->loop != nullptr) {
      shard->loop->push(changed);
    }
  }
}

void ShardGroup::tell_all(const Input& input) {
  if (ShardLoop* const first = first_loop()) {
    first->push(input);
  }
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    shards_[i]->mailbox->post([input](Shard& self) { self.loop->push(input); });
  }
}

void ShardGroup::ask(MonitorAsked question) {
  if (ShardLoop* const first = first_loop()) {
    first->push(std::move(question));
  }
}

void ShardGroup::end_recording(Shard& shard) {
  shard.recorder.finish(shard.loop->shard());
  if (const std::string trouble = shard.recorder.take_trouble(); !trouble.empty()) {
    wishes_.log(LogLine{LogLevel::error, trouble});
  }
}

void ShardGroup::live(Shard& shard) {
  set_abort_hook(&flush_recorder, &shard.recorder);
  shard.loop->run();
  end_recording(shard);
}

bool ShardGroup::start_threads() {
  const SignalsBlocked blocked;
  try {
    for (std::size_t i = 1; i < shards_.size(); ++i) {
      shards_[i]->thread = std::thread([this, &shard = *shards_[i]] { live(shard); });
    }
  } catch (const std::system_error& problem) {
    wishes_.log(LogLine{LogLevel::fatal, std::string("Can't start a shard: ") + problem.what()});
    return false;
  }
  return true;
}

bool ShardGroup::run() {
  const bool is_started = start_threads();
  if (is_started) {
    live(*shards_.front());
  }
  for (const std::unique_ptr<Shard>& shard : shards_) {
    if (shard->thread.joinable()) {
      shard->mailbox->post([](Shard& self) { self.loop->stop(); });
      shard->thread.join();
    }
  }
  return is_started;
}

void ShardGroup::stop() {
  if (ShardLoop* const first = first_loop()) {
    first->stop();
  }
}

}  // namespace rubus::io
