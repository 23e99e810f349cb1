// SiblingSession: the link to another shard of this process.
//
// The protocol of routes without a handshake: the shell joins the shards, nobody else can. Never
// pinged, never slow to answer; it ends with the process. Shard 0 speaks for all shards towards
// other servers. Source: architecture.md section 5.
#pragma once

#include <string>
#include <string_view>

#include "engine/peer/peer_link.h"

namespace rubus {

// "INFO {"connections_of":"A","connections":5}": clients of that account at the shard that says it.
std::string sibling_connections_line(const Account& account);

class SiblingSession {
 public:
  SiblingSession(EngineContext& context, const ConnectionOpened& opened, ClientNumber number)
      : context_(context), link_(context, opened, number), shard_(opened.sibling) {
    link_.leads_to_first_shard = shard_ == 0;
  }

  void open();
  void on_bytes(const Slice& bytes);
  void on_sent(std::uint64_t count) { link_.wire.on_sent(count); }
  void on_tls(const TlsChanged& /*changed*/) {}
  void on_job_done(bool /*accepted*/) {}
  void on_timer(const Timer& timer);
  void on_options() { link_.on_options(); }
  void on_slow() {}
  void on_gone(CloseCause cause);
  void close(std::string_view why, bool after_flush);

  // What clients are told of the cluster; only shard 0 knows.
  void send_cluster();
  // In lame duck mode: this shard has no clients any more, so that shard 0 may leave the cluster.
  void send_clients_left();
  bool have_its_clients_left() const { return have_its_clients_left_; }

  PeerLink& link() { return link_; }
  const PeerLink& link() const { return link_; }
  ConnectionId id() const { return link_.wire.id(); }
  bool is_closing() const { return is_closing_; }
  bool may_send() const { return !is_closing_; }
  std::uint32_t shard() const { return shard_; }

  template <class V>
  void visit(V& v) const {
    v("shard", shard_);
    v("is_closing", is_closing_);
    v("have_its_clients_left", have_its_clients_left_);
    link_.visit(v);
  }

 private:
  void on_info(std::string_view json);

  EngineContext& context_;
  PeerLink link_;
  const std::uint32_t shard_;
  bool is_closing_ = false;
  bool have_own_clients_left_ = false;  // and the other shard was told
  bool have_its_clients_left_ = false;
};

}  // namespace rubus
