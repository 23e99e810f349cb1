// ShardGroup: the shards of the process. The first runs in the io_context it is given, beside
// listeners, signals and monitoring; each of the others has an io_context and a thread of its own.
// With one shard there is no other thread, no pipe and nothing to agree on.
//
//   clients ──accept──► main thread ──fewest clients──► shard 0 … shard N-1
//                                        shard i ◄══ pipes (SiblingPipe) ══► shard j
//
// A client connection is handed to the shard with the fewest, so that a handful of busy connections
// is spread evenly. Why not a listener per shard (SO_REUSEPORT): the kernel spreads by hash, which
// is uneven for few connections, and two servers could share a port unnoticed.
//
// What shards say to each other travels in pipes (bytes) and mailboxes (the rest); nothing else is
// shared, and no shard ever waits for another. All methods belong to the main thread.
//
// As the group ends it runs the io_context once more, and others' handlers with it: what they ask
// of a shard that is gone is dropped, and descriptors handed to it are closed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/entropy_source.h"
#include "io/job_pool.h"
#include "io/shard_loop.h"
#include "io/tls_context.h"

namespace rubus::io {

class ShardGroup {
 public:
  // Called on the main thread, but for the first.
  struct Wishes {
    std::function<void(const LogLine&)> log;  // on any thread
    std::function<void(MonitorReply&&)> reply;
    std::function<void()> reload;
    std::function<void()> stop_listening;
    std::function<void()> finished;  // all shards are; once
  };

  ShardGroup(boost::asio::io_context& context, Wishes wishes);
  ShardGroup(const ShardGroup&) = delete;
  ShardGroup& operator=(const ShardGroup&) = delete;
  ~ShardGroup();

  // Makes `count` shards, none of which runs yet. `record_file`: empty, or what the recordings are
  // called: FILE, FILE.1, FILE.2 … Why not, or nothing.
  [[nodiscard]] std::optional<std::string> make(const Options& options, std::uint32_t count,
                                                EntropySource& entropy, WallTime started,
                                                const std::string& record_file);

  // Takes over accepted, non-blocking descriptors.
  void adopt_client(int descriptor, const Address& remote);
  void adopt_peer(int descriptor, const Address& remote, ConnectionKind kind);

  void set_tls(const TlsContexts& tls);
  void set_options(const Options& options);
  void tell_all(const Input& input);
  // The first shard answers for all.
  void ask(MonitorAsked question);

  // Until stop(): true. Or not at all if the process may have no more threads: false.
  [[nodiscard]] bool run();
  void stop();

 private:
  struct Shard;
  using Order = std::function<void(Shard&)>;

  std::optional<std::string> make_shard(const Options& options, std::uint32_t index,
                                        std::uint64_t seed, WallTime started,
                                        const std::string& record_file);
  void join_siblings();
  ShardLoop* first_loop() const;
  ShardLoop::Wishes wishes_of(Shard& shard);
  void on_finished(Shard& shard);
  void count_finished(std::uint32_t index);
  void live(Shard& shard);
  bool start_threads();
  void end_recording(Shard& shard);

  boost::asio::io_context& context_;
  const Wishes wishes_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<SiblingPipe>> pipes_;  // outlive no thread, but every loop
  std::unique_ptr<JobPool> jobs_;                    // its threads post to the shards' mailboxes
  std::vector<bool> has_finished_;
  std::size_t last_adopter_ = 0;
};

}  // namespace rubus::io
