#include "engine/peer/sibling_session.h"

#include <array>

#include "engine/base/ensure.h"
#include "engine/peer/json_members.h"
#include "engine/peer/route_info.h"
#include "engine/system/system_services.h"

namespace rubus {

std::string sibling_connections_line(const Account& account) {
  std::string line = "INFO ";
  JsonMembers json(line);
  json.text("connections_of", account.name());
  json.number("connections", static_cast<std::int64_t>(account.connections));
  json.end();
  return line.append("\r\n");
}

void SiblingSession::open() {
  link_.join();
  send_cluster();
}

void SiblingSession::send_cluster() {
  if (is_closing_ || context_.options->shard.index != 0 || context_.cluster_name.empty()) {
    return;
  }
  RouteInfo told;
  told.cluster = context_.cluster_name;
  told.connect_urls = context_.connect_urls;
  link_.wire.send(build_route_info(told));
}

void SiblingSession::send_clients_left() {
  if (is_closing_ || have_own_clients_left_ || shard_ != 0) {
    return;
  }
  have_own_clients_left_ = true;
  link_.wire.send("INFO {\"clients_left\":true}\r\n");
}

void SiblingSession::on_info(std::string_view json) {
  std::string account;
  std::int64_t connections = 0;
  const std::array<JsonField, 3> news = {{{"connections_of", &account},
                                          {"connections", &connections},
                                          {"clients_left", &have_its_clients_left_}}};
  if (!read_json_fields(json, news) || have_its_clients_left_) {
    return;
  }
  if (!account.empty()) {
    if (context_.make_account(account)->set_connections_of(
            shard_, static_cast<std::uint64_t>(connections))) {
      context_.system->tell_account(account);
    }
    return;
  }
  RouteInfo told;
  const bool is_read = read_route_info(json, told);
  ensure(is_read && context_.options->shard.index != 0, "the first shard tells the others");
  if (told.connect_urls != context_.connect_urls || told.cluster != context_.cluster_name) {
    context_.cluster_name = std::move(told.cluster);
    context_.connect_urls = std::move(told.connect_urls);
    context_.connect_urls_changed = true;
  }
}

void SiblingSession::on_bytes(const Slice& bytes) {
  if (is_closing_) {
    return;
  }
  link_.parser.feed(bytes);
  for (;;) {
    switch (link_.parser.next()) {
      case PeerResult::message:
        link_.on_message(link_.parser.message());
        break;
      case PeerResult::interest:
        link_.on_interest(link_.parser.interest());
        break;
      case PeerResult::no_interest:
        link_.on_no_interest(link_.parser.interest());
        break;
      case PeerResult::need_more:
        return;
      case PeerResult::info:
        on_info(link_.parser.argument());
        break;
      case PeerResult::connect:
      case PeerResult::ping:
      case PeerResult::pong:
      case PeerResult::ok:
      case PeerResult::error:
      case PeerResult::unknown_operation:
      case PeerResult::argument_error:
      case PeerResult::control_line_exceeded:
      case PeerResult::payload_exceeded:
        ensure(false, "a sibling says only what shards say to each other");
    }
  }
}

// A sibling that is busy for longer than a write deadline is still the same process.
void SiblingSession::on_timer(const Timer& timer) {
  link_.wire.note_fired(timer);
  ensure(timer.kind == TimerKind::write_deadline, "a sibling has no other timer");
}

void SiblingSession::on_gone(CloseCause /*cause*/) {
  close("the shard ended", false);
  link_.wire.clear();
}

void SiblingSession::close(std::string_view why, bool after_flush) {
  if (is_closing_) {
    return;
  }
  is_closing_ = true;
  link_.log(LogLevel::debug, why);
  link_.wire.disarm_all();
  link_.leave();
  context_.output->closes.push_back({id(), after_flush});
}

}  // namespace rubus
