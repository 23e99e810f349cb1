#include "io/job_pool.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "engine/base/ensure.h"
#include "io/clock_source.h"

namespace rubus::io {

namespace {

constexpr std::size_t public_key_bytes = 32;
constexpr std::size_t signature_bytes = 64;

// $2a$ $2b$ $2x$ $2y$: libxcrypt knows all four. A hash that it does not understand matches
// nothing.
bool check_bcrypt(const Job& job) {
  const auto data = std::make_unique<crypt_data>();
  const char* const found =
      ::crypt_rn(job.secret.c_str(), job.hash.c_str(), data.get(), static_cast<int>(sizeof *data));
  const bool accepted = found != nullptr &&
                        job.hash.size() == std::char_traits<char>::length(found) &&
                        CRYPTO_memcmp(found, job.hash.data(), job.hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof *data);
  return accepted;
}

const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool verify_ed25519(const Job& job) {
  if (job.hash.size() != public_key_bytes || job.signature.size() != signature_bytes) {
    return false;
  }
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(job.hash), job.hash.size()),
      &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  return key != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(job.signature), job.signature.size(),
                          octets(job.secret), job.secret.size()) == 1;
}

}  // namespace

bool run_job(const Job& job) {
  switch (job.kind) {
    case JobKind::bcrypt_check:
      return check_bcrypt(job);
    case JobKind::ed25519_verify:
      return verify_ed25519(job);
  }
  ensure(false, "a job is of a known kind");
  return false;
}

JobPool::JobPool(std::size_t threads_max, Duration waiting_max)
    : threads_max_(threads_max), waiting_max_(waiting_max) {}

JobPool::~JobPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void JobPool::submit(Job job, OnDone on_done) {
  std::unique_lock<std::mutex> lock(mutex_);
  waiting_.push_back({std::move(job), std::move(on_done), now_monotonic()});
  const bool is_help_needed = idle_ < waiting_.size() && threads_.size() < threads_max_;
  if (is_help_needed && !start_thread() && threads_.empty()) {
    // Nobody will ever take it. Refused rather than done here: the shard's thread serves everyone.
    const Order order = std::move(waiting_.back());
    waiting_.pop_back();
    lock.unlock();
    order.on_done(JobDone{order.job.ticket, false});
    return;
  }
  changed_.notify_one();
}

void JobPool::extend_waiting(Duration waiting_max) {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_max_ = std::max(waiting_max_, waiting_max);
}

bool JobPool::start_thread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {  // the process may have no more threads
    return false;
  }
  return true;
}

void JobPool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) {
      return;
    }
    const Order order = std::move(waiting_.front());
    waiting_.pop_front();
    const bool is_awaited = now_monotonic() - order.submitted <= waiting_max_;
    lock.unlock();
    order.on_done(JobDone{order.job.ticket, is_awaited && run_job(order.job)});
    lock.lock();
  }
}

}  // namespace rubus::io
