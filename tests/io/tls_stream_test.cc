// Goal: a TlsStream is a correct end of either side whatever the chunks are, says who the peer is,
// and when it dialed believes nobody else. Method: OpenSSL's own client in memory, or two of ours;
// certificates made on the spot.
#include "io/tls_stream.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "tests/io/test_certificate.h"

namespace rubus::io {
namespace {

// The client end: OpenSSL over memory.
class MemoryClient {
 public:
  MemoryClient() : context_(SSL_CTX_new(TLS_client_method())) {}
  MemoryClient(const MemoryClient&) = delete;
  MemoryClient& operator=(const MemoryClient&) = delete;
  ~MemoryClient() {
    SSL_free(stream_);
    SSL_CTX_free(context_);
  }

  SSL_CTX* context() { return context_; }
  void present(const Certificate& certificate) {
    ASSERT_EQ(SSL_CTX_use_certificate_chain_file(context_, certificate.files.first.c_str()), 1);
    ASSERT_EQ(
        SSL_CTX_use_PrivateKey_file(context_, certificate.files.second.c_str(), SSL_FILETYPE_PEM),
        1);
  }
  void begin(const char* server_name = nullptr) {
    stream_ = SSL_new(context_);
    incoming_ = BIO_new(BIO_s_mem());
    outgoing_ = BIO_new(BIO_s_mem());
    SSL_set_bio(stream_, incoming_, outgoing_);
    SSL_set_connect_state(stream_);
    if (server_name != nullptr) {
      SSL_ctrl(stream_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(server_name));
    }
  }
  SSL* stream() { return stream_; }
  std::string take() {
    std::string bytes;
    char some[4096];
    for (int got = 0; (got = BIO_read(outgoing_, some, sizeof some)) > 0;) {
      bytes.append(some, static_cast<std::size_t>(got));
    }
    return bytes;
  }
  void give(std::string_view bytes) {
    BIO_write(incoming_, bytes.data(), static_cast<int>(bytes.size()));
  }

 private:
  SSL_CTX* context_;
  SSL* stream_ = nullptr;
  BIO* incoming_ = nullptr;
  BIO* outgoing_ = nullptr;
};

struct Conversation {
  TlsStream& server;
  MemoryClient& client;
  std::size_t chunk_max = 1 << 20;
  std::string server_read{};
  std::string client_read{};

  // Moves bytes both ways until nothing moves.
  void settle() {
    for (bool moved = true; moved;) {
      SSL_do_handshake(client.stream());
      char some[32768];
      for (int got = 0; (got = SSL_read(client.stream(), some, sizeof some)) > 0;) {
        client_read.append(some, static_cast<std::size_t>(got));
      }
      const std::string up = client.take();
      for (std::size_t at = 0; at < up.size() && !is_over(); at += chunk_max) {
        server.feed(std::string_view(up).substr(at, chunk_max));
        for (std::size_t got = 0; (got = server.read(some, sizeof some)) > 0;) {
          server_read.append(some, got);
        }
      }
      const std::string down(server.outgoing());
      server.consume_outgoing(down.size());
      client.give(down);
      moved = !up.empty() || !down.empty();
    }
  }
  bool is_over() const {
    return server.state() == TlsStream::State::failed || server.state() == TlsStream::State::ended;
  }
};

TEST(TlsStream, a_handshake_succeeds_whatever_the_chunks) {
  const Certificate own("server", "DNS:localhost");
  for (const std::size_t chunk : {1U, 7U, 100U, 100'000U}) {
    TlsStream server(context_of(files_of(own), false));
    MemoryClient client;
    client.begin();
    Conversation talk{server, client, chunk};
    talk.settle();
    ASSERT_EQ(server.state(), TlsStream::State::established) << chunk << server.problem();
    EXPECT_EQ(server.facts()->version, "1.3");
    EXPECT_EQ(server.facts()->cipher, "TLS_AES_256_GCM_SHA384");
    SSL_write(client.stream(), "PING\r\n", 6);
    const iovec answer{const_cast<char*>("PONG\r\n"), 6};
    EXPECT_EQ(server.write({&answer, 1}), 6U);
    talk.settle();
    EXPECT_EQ(talk.server_read, "PING\r\n");
    EXPECT_EQ(talk.client_read, "PONG\r\n");
  }
}

TEST(TlsStream, the_client_certificate_is_described) {
  const Certificate own("server", "DNS:localhost");
  const Certificate theirs("client", "email:joe@example.com,DNS:joe.example.com");
  TlsFiles files = files_of(own);
  files.ca_file = theirs.files.first;
  TlsStream server(context_of(files, true));
  MemoryClient client;
  client.present(theirs);
  client.begin();
  Conversation talk{server, client};
  talk.settle();
  ASSERT_EQ(server.state(), TlsStream::State::established) << server.problem();
  const auto facts = server.facts();
  EXPECT_EQ(facts->subject, "CN=client,O=Rubus");
  EXPECT_EQ(facts->emails, std::vector<std::string>{"joe@example.com"});
  EXPECT_EQ(facts->dns_names, std::vector<std::string>{"joe.example.com"});
  EXPECT_EQ(facts->spki_sha256.size(), 64U);
  EXPECT_EQ(facts->cert_sha256.size(), 64U);
  EXPECT_NE(facts->spki_sha256, facts->cert_sha256);
}

TEST(TlsStream, a_client_without_the_demanded_certificate_is_refused) {
  const Certificate own("server", "DNS:localhost");
  TlsFiles files = files_of(own);
  files.ca_file = own.files.first;
  TlsStream server(context_of(files, true));
  MemoryClient client;
  client.begin();
  Conversation talk{server, client};
  talk.settle();
  EXPECT_EQ(server.state(), TlsStream::State::failed);
  EXPECT_EQ(server.problem(), "peer did not return a certificate");
}

TEST(TlsStream, a_certificate_of_a_stranger_is_refused) {
  const Certificate own("server", "DNS:localhost");
  const Certificate stranger("stranger", "DNS:stranger");
  TlsFiles files = files_of(own);
  files.ca_file = own.files.first;
  TlsStream server(context_of(files, true));
  MemoryClient client;
  client.present(stranger);
  client.begin();
  Conversation talk{server, client};
  talk.settle();
  EXPECT_EQ(server.state(), TlsStream::State::failed);
}

TEST(TlsStream, pinning_admits_the_pinned_key_alone) {
  const Certificate own("server", "DNS:localhost");
  const Certificate theirs("client", "DNS:client");
  std::string pin(64, '0');
  for (const bool is_pinned : {false, true}) {
    TlsFiles files = files_of(own);
    files.pinned_certs.push_back(pin);
    TlsStream server(context_of(files, false));
    MemoryClient client;
    client.present(theirs);
    client.begin();
    Conversation talk{server, client};
    talk.settle();
    EXPECT_EQ(server.state() == TlsStream::State::established, is_pinned) << server.problem();
    pin = server.facts()->spki_sha256;
    std::transform(pin.begin(), pin.end(), pin.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  }
}

TEST(TlsStream, encrypted_bytes_that_nobody_takes_stay_bounded) {
  const Certificate own("server", "DNS:localhost");
  TlsStream server(context_of(files_of(own), false));
  MemoryClient client;
  client.begin();
  Conversation talk{server, client};
  talk.settle();
  std::string much(4'000'000, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 10; ++i) {
    const iovec piece{much.data() + taken, much.size() - taken};
    taken += server.write({&piece, 1});
  }
  EXPECT_LT(server.outgoing().size(),
            TlsStream::outgoing_bytes_max + 2 * TlsStream::record_bytes_max);
  while (taken < much.size()) {
    talk.settle();
    const iovec piece{much.data() + taken, much.size() - taken};
    taken += server.write({&piece, 1});
  }
  talk.settle();
  EXPECT_TRUE(talk.client_read == much);
}

TEST(TlsStream, the_name_asked_for_chooses_the_certificate) {
  const Certificate first("first", "DNS:first.example.com");
  const Certificate second("second", "DNS:second.example.com");
  TlsFiles files = files_of(first);
  files.certificates.push_back(second.files);
  const auto context = context_of(files, false);
  for (const char* name : {"first.example.com", "second.example.com"}) {
    TlsStream server(context);
    MemoryClient client;
    client.begin(name);
    Conversation talk{server, client};
    talk.settle();
    X509* const shown = SSL_get0_peer_certificate(client.stream());
    ASSERT_NE(shown, nullptr);
    EXPECT_EQ(X509_check_host(shown, name, 0, 0, nullptr), 1) << name;
  }
}

TEST(TlsStream, bytes_that_are_no_handshake_fail_it) {
  const Certificate own("server", "DNS:localhost");
  TlsStream server(context_of(files_of(own), false));
  server.feed(std::string_view("\x16\x03\x01\x00\x05hello", 10));
  char place[100];
  EXPECT_EQ(server.read(place, sizeof place), 0U);
  EXPECT_EQ(server.state(), TlsStream::State::failed);
}

TEST(TlsContext, settings_of_a_listener_are_obeyed) {
  const Certificate own("server", "DNS:localhost");
  TlsFiles files = files_of(own);
  files.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"};
  files.curve_preferences = {"CurveP384", "X25519MLKEM768"};
  TlsStream server(context_of(files, false));
  MemoryClient client;
  SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
  client.begin();
  Conversation talk{server, client};
  talk.settle();
  ASSERT_EQ(server.state(), TlsStream::State::established) << server.problem();
  EXPECT_EQ(server.facts()->version, "1.2");
  EXPECT_EQ(server.facts()->cipher, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(SSL_get_negotiated_group(client.stream()), NID_secp384r1);

  files.min_version = "1.3";
  TlsStream newer(context_of(files, false));
  MemoryClient old_client;
  SSL_CTX_set_max_proto_version(old_client.context(), TLS1_2_VERSION);
  old_client.begin();
  Conversation refused{newer, old_client};
  refused.settle();
  EXPECT_EQ(newer.state(), TlsStream::State::failed);
}

TEST(TlsContext, unusable_files_are_named) {
  TlsFiles files;
  files.certificates.emplace_back("/nowhere/a.crt", "/nowhere/a.key");
  std::string problem;
  EXPECT_EQ(TlsContext::make(files, false, problem), nullptr);
  EXPECT_NE(problem.find("/nowhere/a.crt"), std::string::npos) << problem;
}

// ---- the side that dials

// Both ends, until neither has anything to say.
void settle(TlsStream& dialing, TlsStream& accepting) {
  const auto carry = [](TlsStream& from, TlsStream& to) {
    const std::string bytes(from.outgoing());
    from.consume_outgoing(bytes.size());
    const bool is_over = to.state() == TlsStream::State::failed;
    if (!bytes.empty() && !is_over) {
      char place[32768];
      to.feed(bytes);
      while (to.read(place, sizeof place) > 0) {
      }
    }
    return !bytes.empty();
  };
  while (carry(dialing, accepting) || carry(accepting, dialing)) {
  }
}

TEST(TlsStream, a_dialed_host_is_believed_by_the_name_or_address_in_its_certificate) {
  const Certificate own("dialed", "DNS:node.test,IP:127.0.0.1");
  struct Case {
    const char* host;
    bool is_believed;
  };
  for (const Case& each : {Case{"node.test", true}, Case{"127.0.0.1", true},
                           Case{"other.test", false}, Case{"127.0.0.2", false}}) {
    TlsStream accepting(context_of(files_of(own), false));
    TlsStream dialing(dialing_context_of(trusting(own)), each.host);
    EXPECT_FALSE(dialing.outgoing().empty()) << "the side that dials begins";
    settle(dialing, accepting);
    EXPECT_EQ(dialing.has_been_established(), each.is_believed) << each.host << dialing.problem();
    if (!each.is_believed) {
      EXPECT_NE(dialing.problem().find("mismatch"), std::string::npos) << dialing.problem();
      EXPECT_FALSE(dialing.problem().empty());
    }
  }
}

TEST(TlsStream, a_dialed_host_of_another_authority_is_refused_unless_anybody_is_believed) {
  const Certificate own("dialed", "DNS:node.test");
  const Certificate other("other", "DNS:node.test");
  TlsFiles files = trusting(other);
  {
    TlsStream accepting(context_of(files_of(own), false));
    TlsStream dialing(dialing_context_of(files), "node.test");
    settle(dialing, accepting);
    EXPECT_EQ(dialing.state(), TlsStream::State::failed);
    EXPECT_NE(dialing.problem().find("certificate"), std::string::npos) << dialing.problem();
  }
  files.insecure = true;
  TlsStream accepting(context_of(files_of(own), false));
  TlsStream dialing(dialing_context_of(files), "whatever");
  settle(dialing, accepting);
  EXPECT_EQ(dialing.state(), TlsStream::State::established) << dialing.problem();
}

TEST(TlsStream, who_dials_shows_its_certificate_where_one_is_demanded) {
  const Certificate hub("hub", "DNS:hub.test");
  const Certificate leaf("leaf", "DNS:leaf.test");
  TlsFiles hub_files = files_of(hub);
  hub_files.ca_file = leaf.files.first;
  TlsFiles leaf_files = files_of(leaf);
  leaf_files.ca_file = hub.files.first;
  TlsStream accepting(context_of(hub_files, true));
  TlsStream dialing(dialing_context_of(leaf_files), "hub.test");
  settle(dialing, accepting);
  ASSERT_EQ(accepting.state(), TlsStream::State::established) << accepting.problem();
  EXPECT_EQ(accepting.facts()->dns_names, std::vector<std::string>{"leaf.test"});
  EXPECT_EQ(dialing.facts()->dns_names, std::vector<std::string>{"hub.test"});

  TlsStream strict(context_of(hub_files, true));
  TlsStream nameless(dialing_context_of(trusting(hub)), "hub.test");
  settle(nameless, strict);
  EXPECT_EQ(strict.state(), TlsStream::State::failed);
}

}  // namespace
}  // namespace rubus::io
