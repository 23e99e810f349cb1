// SystemServices: the server's side of the system account: requests it answers, events it tells,
// and what it hears of other servers.
//
// Requests are subscriptions of kind `service`; answers that need facts of the whole process come
// from the MonitorDesk, now or in a later step. They wait in a short queue, what finds it full is
// dropped; one document is built and published before the next is begun, and few in one step.
// Whatever is published waits until the present input has been dealt with (flush()), because a
// fan-out may be under way. An event that nobody here or on a link wants is not even built; numbers
// of accounts and of the server are gathered once for all that changed meanwhile. Shard 0 answers
// for the process; where a connection is concerned (KICK, LDM, USER.INFO) each shard listens and
// the owner answers.
// Source: monitoring.md, "$SYS requests" and "$SYS events"; samples of a running nats-server.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sorted.h"
#include "engine/monitor/monitor_desk.h"
#include "engine/routing/message_source.h"
#include "engine/routing/republish.h"
#include "engine/routing/service.h"
#include "engine/system/system_request.h"

namespace rubus {

class SystemServices {
 public:
  // Requests that wait for their documents, and bytes of all of them together.
  static constexpr std::size_t asked_max = 64;
  static constexpr std::size_t asked_bytes_max = std::size_t{1} << 20U;
  static constexpr std::size_t reloads_max = 64;

  SystemServices(EngineContext& context, MonitorDesk& desk, const Engine& engine)
      : context_(context), desk_(desk), engine_(engine) {}
  SystemServices(const SystemServices&) = delete;
  SystemServices& operator=(const SystemServices&) = delete;

  // In the first step, and before the accounts end.
  void start();
  void stop();

  // The accounts begin to count who wants what.
  void count_interest(Account& account) const;
  // flush() has something to do.
  bool has_waiting() const {
    return !waiting_.empty() || !kicked_.empty() || may_tell() || may_answer();
  }
  // A message for one of the subjects; false: it is none of ours.
  bool on_request(const Service& service, const MessageSource& source,
                  const PublishCommand& publish);
  void on_timer(const Timer& timer);
  // Publishes what waits; behind each input.
  void flush();

  // Of the desk: what news or a request waited for.
  void on_facts(std::uint64_t number, const MonitorFacts& facts);

  // The shell tried what a request wanted.
  void on_reloaded(const ReloadDone& done);

  // Events.
  void on_connect(const ClientSession& session);
  void on_disconnect(const ConnectionRecord& closed);
  // The account has more connections or fewer.
  void tell_account(const std::string& account);
  void on_lame_duck() { tell_server_event("LAMEDUCK"); }
  void on_shutdown() { tell_server_event("SHUTDOWN"); }

  template <class V>
  void visit(V& v) const {
    v("published", sequence_);
    v("events", events_);
    v("requests", asked_.size());
    v("requests_dropped", dropped_);
    v("reloads", reloading_.size() + reload_next_.size());
    v("changed", news_.accounts.size());
    v("servers", servers_.size());
    v("heartbeat", heartbeat_);
    v("next_heartbeat", next_heartbeat_);
  }

 private:
  struct Request {
    SystemZone zone = SystemZone::idz;
    std::string subject;
    std::string reply;
    std::string account;  // named by the subject
    SystemOptions options;

    std::size_t size() const {
      return subject.size() + reply.size() + account.size() + options.query.size() +
             options.subject.size() + options.queue.size();
    }
  };
  // Numbers that somebody wants to hear.
  struct News {
    SortedSet<std::string> accounts;
    bool all_accounts = false;  // that are in use
    bool statsz = false;

    bool is_empty() const { return accounts.empty() && !all_accounts && !statsz; }
  };
  struct Waiting {
    std::string subject;
    std::string reply;
    std::string payload;
  };

  Account* system_account() const { return context_.find_account(account_name_); }
  bool is_wanted(std::string_view subject) const;
  void publish(std::string subject, std::string payload);
  void answer(const Request& request, std::string payload) { publish(request.reply, payload); }
  std::string envelope(std::string_view key, std::string_view value);
  std::string refusal(int code, std::string_view description, bool with_data);

  bool answer_at_once(const Request& request);
  void ask_later(Request request);
  void ask_reload(Request request);
  bool take(Request request, std::string_view json);
  bool may_tell() const { return !news_.is_empty() && !telling_.has_value(); }
  bool may_answer() const { return !asked_.empty() && !answering_.has_value() && has_turn(); }
  // This step may see another document.
  bool has_turn() const;
  void count_turn(std::size_t bytes);
  void begin_telling();
  void begin_answering();
  void answer_asked(const Request& request, const MonitorFacts& facts);
  void tell(const News& news, const MonitorFacts& facts);
  void publish_waiting();
  void answer_document(const Request& request, const MonitorFacts& facts);
  void answer_account(const Request& request, const MonitorFacts& facts);
  void on_connection_command(const Request& request);
  void on_user_info(const Request& request, const MessageSource& source,
                    const PublishCommand& publish);
  void ask_count(Request request, std::string_view payload, const PublishCommand& publish);
  void answer_count(const Request& request, const MonitorFacts& facts);
  void on_remote(const Request& request);
  ClientSession* find_client(std::uint64_t number) const;

  std::string statsz_subject() const;
  std::string statsz(const MonitorFacts& facts);
  std::string account_event(const AccountRecord& account);
  std::string client_event(std::string_view type, const ConnectionRecord& record);
  bool are_numbers_wanted(const std::string& account) const;
  void tell_server_event(std::string_view word);
  void arm(Duration delay);

  EngineContext& context_;
  MonitorDesk& desk_;
  const Engine& engine_;
  std::string account_name_;
  std::vector<std::unique_ptr<Service>> services_;  // addresses stay
  std::vector<Subscription*> subscriptions_;
  std::vector<Waiting> waiting_;       // to be published
  std::deque<Request> asked_;          // that no facts are gathered for yet
  std::size_t asked_bytes_ = 0;        // of them
  std::uint64_t dropped_ = 0;          // requests that found no place
  std::uint64_t dropped_told_ = 0;     // and were logged
  std::optional<Request> answering_;   // that facts are being gathered for
  News news_;                          // that nobody gathers facts for yet
  std::optional<News> telling_;        // that facts are being gathered for
  std::vector<std::uint64_t> kicked_;  // leaf connections that are to go
  std::vector<Request> reloading_;     // that the reload under way is for
  std::vector<Request> reload_next_;   // that came meanwhile
  std::uint64_t turn_step_ = 0;        // the step that the next two are about
  std::size_t turn_documents_ = 0;     // built in it
  std::size_t turn_bytes_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t events_ = 0;
  SortedMap<std::string, Instant> servers_;  // others by id, when last heard of
  Duration heartbeat_ = milliseconds(250);
  Instant next_heartbeat_ = Instant::never();
  std::uint32_t quiet_heartbeats_ = 0;  // since accounts were told of
};

}  // namespace rubus
