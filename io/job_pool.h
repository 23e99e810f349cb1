// JobPool: slow pure work on threads of its own: password hashes and signatures.
//
// The engine names the work (Job) and hears the verdict (JobDone); what runs here sees only the
// job's own bytes. Threads start with the first job, so a server that needs none has none. Jobs are
// taken in order; results arrive in whatever order they finish.
//
// Bound: an engine has at most 4,096 jobs under way, so at most that many per shard wait. A job
// that has waited too long is refused without being worked on: whoever asked has left by now, and
// those who have not would have to wait for its verdict.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/time.h"
#include "engine/seam/input.h"
#include "engine/seam/output.h"

namespace rubus::io {

// The work itself; true: accepted. Safe to call from any thread.
bool run_job(const Job& job);

class JobPool {
 public:
  // Called on a pool thread, or inside submit() if no thread could be started.
  using OnDone = std::function<void(JobDone)>;

  // `waiting_max`: longer than this nobody waits for a verdict.
  JobPool(std::size_t threads_max, Duration waiting_max);
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;
  // Waits for the job in hand; those that wait are dropped.
  ~JobPool();

  // From any thread.
  void submit(Job job, OnDone on_done);
  // Only ever longer: who logs in while this changes keeps the time it was given.
  void extend_waiting(Duration waiting_max);

 private:
  struct Order {
    Job job;
    OnDone on_done;
    Instant submitted;
  };

  void work();
  bool start_thread();

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;  // guarded by mutex_ until stopping_
  std::deque<Order> waiting_;         // guarded by mutex_
  Duration waiting_max_;              // guarded by mutex_
  std::size_t idle_ = 0;              // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_
};

}  // namespace rubus::io
