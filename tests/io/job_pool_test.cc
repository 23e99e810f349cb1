// Goal: slow work is right and comes back on the shard's thread. Method: known answers, real
// threads, the mailbox; run under the thread sanitizer too.
#include "io/job_pool.h"

#include <crypt.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <future>
#include <map>
#include <thread>

#include "io/shard_mailbox.h"

namespace rubus::io {
namespace {

Job bcrypt_job(const std::string& secret, const std::string& hash) {
  Job job;
  job.kind = JobKind::bcrypt_check;
  job.secret = secret;
  job.hash = hash;
  return job;
}

std::string hash_of(const std::string& secret, const std::string& prefix) {
  crypt_data data{};
  const std::string setting = prefix + "04$abcdefghijklmnopqrstuu";
  const char* const hash = ::crypt_r(secret.c_str(), setting.c_str(), &data);
  return hash == nullptr ? std::string() : hash;
}

TEST(RunJob, a_hash_of_zeros_is_checked_at_its_cost_and_accepts_nothing) {
  for (const char* secret : {"refused", "", "x"}) {
    EXPECT_FALSE(run_job(bcrypt_job(secret, "$2a$04$" + std::string(53, '.')))) << secret;
  }
}

TEST(RunJob, every_bcrypt_prefix_accepts_its_password_and_no_other) {
  for (const char* prefix : {"$2a$", "$2b$", "$2x$", "$2y$"}) {
    const std::string hash = hash_of("s3cr3t", prefix);
    ASSERT_FALSE(hash.empty());
    EXPECT_TRUE(run_job(bcrypt_job("s3cr3t", hash))) << prefix;
    EXPECT_FALSE(run_job(bcrypt_job("s3cr3T", hash))) << prefix;
    EXPECT_FALSE(run_job(bcrypt_job("", hash))) << prefix;
  }
}

TEST(RunJob, a_hash_written_by_go_is_accepted) {
  // Made by golang.org/x/crypto/bcrypt (OpenBSD's test vector for "U*U").
  EXPECT_TRUE(
      run_job(bcrypt_job("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")));
}

TEST(RunJob, a_broken_hash_matches_nothing) {
  for (const char* hash : {"", "$2a$", "$2a$99$x", "$2z$04$abcdefghijklmnopqrstuu", "*0", "*1"}) {
    EXPECT_FALSE(run_job(bcrypt_job("*0", hash))) << hash;
  }
}

struct SigningKey {
  SigningKey() {
    const unsigned char seed[32] = {7};
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof seed);
    std::size_t size = 32;
    open.resize(size);
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(open.data()), &size);
  }
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey() { EVP_PKEY_free(key); }

  std::string sign(const std::string& message) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(message.data()), message.size());
    EVP_MD_CTX_free(context);
    return signature;
  }

  EVP_PKEY* key = nullptr;
  std::string open;
};

TEST(RunJob, an_ed25519_signature_holds_for_its_message_and_key_alone) {
  const SigningKey key;
  Job job;
  job.kind = JobKind::ed25519_verify;
  job.secret = "nonce";
  job.hash = key.open;
  job.signature = key.sign("nonce");
  EXPECT_TRUE(run_job(job));
  job.secret = "nonsense";
  EXPECT_FALSE(run_job(job));
  job.secret = "nonce";
  job.signature[5] = static_cast<char>(job.signature[5] ^ 1);
  EXPECT_FALSE(run_job(job));
  job.signature.pop_back();
  EXPECT_FALSE(run_job(job)) << "a short signature";
  job.signature = key.sign("nonce");
  job.hash.pop_back();
  EXPECT_FALSE(run_job(job)) << "a short key";
}

TEST(JobPool, every_result_reaches_the_thread_of_the_loop) {
  boost::asio::io_context context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  std::map<std::uint64_t, bool> verdicts;
  const std::thread::id loop_thread = std::this_thread::get_id();
  ShardMailbox<JobDone> mailbox(context, [&](JobDone&& done) {
    EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    EXPECT_TRUE(verdicts.emplace(done.ticket.value, done.accepted).second);
  });
  JobPool pool(2, seconds(100));
  const std::string hash = hash_of("right", "$2b$");
  for (std::uint64_t ticket = 1; ticket <= 40; ++ticket) {
    Job job = bcrypt_job(ticket % 2 == 0 ? "right" : "wrong", hash);
    job.ticket.value = ticket;
    pool.submit(std::move(job), [&mailbox](JobDone verdict) { mailbox.post(verdict); });
  }
  while (verdicts.size() < 40) {
    context.run_one();
  }
  for (const auto& [ticket, accepted] : verdicts) {
    EXPECT_EQ(accepted, ticket % 2 == 0) << ticket;
  }
}

TEST(JobPool, leaving_with_work_undone_waits_for_no_more_than_the_work_in_hand) {
  std::atomic<int> done = 0;
  {
    JobPool pool(1, seconds(100));
    const std::string hash = hash_of("x", "$2b$");
    for (int i = 0; i < 200; ++i) {
      pool.submit(bcrypt_job("x", hash), [&done](JobDone) { ++done; });
    }
  }
  EXPECT_LT(done, 200);
}

TEST(JobPool, a_job_that_waited_longer_than_anybody_waits_is_refused_unchecked) {
  const std::string hash = hash_of("right", "$2b$");
  JobPool pool(1, milliseconds(-1));  // whatever it took
  const auto verdict = [&pool, &hash] {
    const auto told = std::make_shared<std::promise<bool>>();
    pool.submit(bcrypt_job("right", hash),
                [told](JobDone done) { told->set_value(done.accepted); });
    return told->get_future().get();
  };
  EXPECT_FALSE(verdict());
  pool.extend_waiting(seconds(100));
  EXPECT_TRUE(verdict());
  pool.extend_waiting(milliseconds(-1));
  EXPECT_TRUE(verdict()) << "the time only grows";
}

}  // namespace
}  // namespace rubus::io
