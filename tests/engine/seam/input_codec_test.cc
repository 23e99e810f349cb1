// Goal: what is decoded is what was encoded, and no bytes at all can hurt the decoder.
// Method: one value of each kind with no default left; every truncation; every single bit flip.
#include "engine/seam/input_codec.h"

#include <gtest/gtest.h>

#include "engine/seam/describe.h"
#include "tests/engine/seam/seam_examples.h"

namespace rubus {
namespace {

std::string described(const InputBatch& batch) {
  std::string text;
  describe(batch, text);
  return text;
}

TEST(InputCodec, options_come_back_with_every_field) {
  std::string bytes;
  encode_options(test::full_options(), bytes);
  Options back;
  ASSERT_TRUE(decode_options(bytes, back));
  std::string again;
  encode_options(back, again);
  EXPECT_EQ(bytes, again);
  EXPECT_EQ(back.authorization.password.size(), 10U);
  EXPECT_EQ(back.authorization.users.at(0).permissions->responses->time_to_live, seconds(-1));
  EXPECT_EQ(back.limits.max_control_line, -5);
  EXPECT_EQ(back.tls.policy, TlsPolicy::optional);
  EXPECT_FALSE(back.match_cache);
}

TEST(InputCodec, a_batch_comes_back_with_every_input) {
  BlockPool pool;
  const OwnedBatch batch = test::full_batch(pool, "PUB a 2\r\nhi\r\n");
  OwnedBatch back;
  ASSERT_TRUE(decode_batch(test::encoded(batch.view()), pool, back));
  EXPECT_EQ(described(back.view()), described(batch.view()));
  EXPECT_EQ(test::encoded(back.view()), test::encoded(batch.view()));
}

TEST(InputCodec, every_kind_of_input_is_among_the_examples) {
  BlockPool pool;
  const OwnedBatch batch = test::full_batch(pool, "x");
  std::vector<bool> is_seen(std::variant_size_v<Input>);
  for (const Input& input : batch.inputs) {
    is_seen[input.index()] = true;
  }
  EXPECT_EQ(is_seen, std::vector<bool>(std::variant_size_v<Input>, true));
}

TEST(InputCodec, every_truncation_and_every_appended_byte_is_refused) {
  BlockPool pool;
  const std::string bytes = test::encoded(test::full_batch(pool, "PING\r\n").view());
  OwnedBatch back;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_batch(std::string_view(bytes).substr(0, size), pool, back)) << size;
  }
  EXPECT_FALSE(decode_batch(bytes + '\0', pool, back));
}

TEST(InputCodec, every_flipped_bit_is_refused_or_gives_another_batch) {
  BlockPool pool;
  const OwnedBatch batch = test::full_batch(pool, "PING\r\n");
  const std::string bytes = test::encoded(batch.view());
  const std::string original = described(batch.view());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    OwnedBatch back;
    if (decode_batch(flipped, pool, back)) {
      EXPECT_NE(described(back.view()), original) << "bit " << bit;
    }
  }
}

TEST(InputCodec, a_huge_count_or_read_does_not_allocate) {
  BlockPool pool;
  OwnedBatch back;
  EXPECT_FALSE(decode_batch(std::string("\0\0\xff\xff\xff\xff\x0f", 7), pool, back));
  // One BytesReceived of 2^31 elided bytes.
  EXPECT_FALSE(decode_batch(
      std::string("\0\0\x01\x01\0\0\x80\x80\x80\x80\x08\x01\x81\x80\x80\x80\x10", 17), pool, back));
  EXPECT_EQ(pool.bytes_in_use(), 0U);
}

TEST(InputCodec, an_empty_read_and_an_absent_value_are_refused) {
  BlockPool pool;
  OwnedBatch batch;
  batch.inputs.emplace_back(OptionsChanged{});
  OwnedBatch back;
  EXPECT_FALSE(decode_batch(test::encoded(batch.view()), pool, back));
  batch.inputs[0] = MonitorAsked{};
  EXPECT_FALSE(decode_batch(test::encoded(batch.view()), pool, back));
  batch.inputs[0] = BytesReceived{};
  EXPECT_FALSE(decode_batch(test::encoded(batch.view()), pool, back));
}

std::string bytes_after_elision(std::string_view sent, std::size_t split) {
  BlockPool pool;
  BatchEncoder encoder(true);
  std::string result;
  for (const std::string_view part : {sent.substr(0, split), sent.substr(split)}) {
    if (part.empty()) {
      continue;
    }
    OwnedBatch batch;
    batch.inputs.emplace_back(BytesReceived{{1, 1}, Slice::copy_of(pool, part)});
    std::string bytes;
    encoder.encode(batch.view(), bytes);
    EXPECT_EQ(bytes.find("secret"), std::string::npos);
    OwnedBatch back;
    EXPECT_TRUE(decode_batch(bytes, pool, back));
    result += std::get<BytesReceived>(back.inputs.at(0)).bytes.view();
  }
  return result;
}

TEST(InputCodec, elided_payloads_come_back_as_dots_wherever_the_read_is_split) {
  const std::string sent =
      "CONNECT {}\r\nPUB a 8\r\nsecret!!\r\nHPUB b r 12 20\r\nNATS/1.0\r\n\r\nsecret!!\r\nPING\r\n";
  const std::string expected =
      "CONNECT {}\r\nPUB a 8\r\n........\r\nHPUB b r 12 20\r\nNATS/1.0\r\n\r\n........\r\nPING\r\n";
  for (std::size_t split = 0; split < sent.size(); ++split) {
    if (split > sent.find("secret") && split < sent.find("secret") + 6) {
      continue;  // the word itself is split, so looking for it proves nothing
    }
    EXPECT_EQ(bytes_after_elision(sent, split), expected) << split;
  }
}

TEST(InputCodec, elision_starts_anew_when_a_slot_is_used_again) {
  BlockPool pool;
  BatchEncoder encoder(true);
  OwnedBatch batch;
  batch.inputs.emplace_back(BytesReceived{{1, 1}, Slice::copy_of(pool, "PUB a 900\r\nxx")});
  batch.inputs.emplace_back(ConnectionClosed{{1, 1}, CloseCause::peer_closed});
  batch.inputs.emplace_back(BytesReceived{{1, 2}, Slice::copy_of(pool, "PING\r\n")});
  std::string bytes;
  encoder.encode(batch.view(), bytes);
  EXPECT_NE(bytes.find("PING\r\n"), std::string::npos);
}

}  // namespace
}  // namespace rubus
