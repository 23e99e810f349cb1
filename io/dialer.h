// Dialer: connects to another server without ever waiting for it.
//
// One attempt per DialPeer: a non-blocking connect, given up after its patience. The outcome is
// a descriptor that is set up as an accepted one would be, or the reason in Go's words ("connection
// refused", "i/o timeout"), since that is what operators search for. Whom to dial, when, and
// whether again: all that is the engine's.
//
// The TLS settings that a connection will need travel along: which they are is decided when it is
// dialed, since a reload may come before it is there.
//
// A connect to a free port of this machine can reach itself (both ends of a simultaneous open get
// the same port); such a connection is closed and told as refused.
//
// Attempts under way when the dialer goes are cancelled and told to nobody.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "engine/seam/output.h"

namespace rubus::io {

class TlsContext;

class Dialer {
 public:
  // Exactly one of the two is called per attempt, never inside dial().
  struct Outcome {
    std::function<void(const DialPeer& peer, std::shared_ptr<const TlsContext> tls, int descriptor)>
        connected;
    std::function<void(DialTicket ticket, std::string trouble)> failed;
  };

  Dialer(boost::asio::io_context& context, Outcome outcome);
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;
  ~Dialer();

  // `tls` null: none known; it comes back with the connection.
  void dial(DialPeer peer, std::shared_ptr<const TlsContext> tls);

 private:
  struct Attempt;

  void connect(const std::shared_ptr<Attempt>& attempt);
  void finish(const std::shared_ptr<Attempt>& attempt, const std::string& trouble);

  boost::asio::io_context& context_;
  Outcome outcome_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
};

}  // namespace rubus::io
