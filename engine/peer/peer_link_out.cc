// What a peer is told: wishes and messages.
#include <cstring>

#include "engine/base/ensure.h"
#include "engine/peer/peer_link.h"

namespace rubus {

bool PeerLink::may_take(const MessageSource& source) const {
  if (source.peer == this || is_slow_) {
    return false;
  }
  switch (source.kind) {
    case ConnectionKind::client:
      return true;
    case ConnectionKind::route:
      // Another server of the cluster joins the same hub itself.
      return kind_ == ConnectionKind::sibling || (kind_ == ConnectionKind::leaf && !is_spoke &&
                                                  (origin == 0 || origin != source.origin));
    case ConnectionKind::leaf:
      if (source.peer->is_spoke && kind_ == ConnectionKind::route) {
        return false;
      }
      return kind_ != ConnectionKind::leaf || origin == 0 || origin != source.origin;
    case ConnectionKind::sibling:
      return kind_ != ConnectionKind::sibling;
  }
  return false;
}

bool PeerLink::tells_origins() const { return kind_ != ConnectionKind::leaf && form.leaf_origin; }

std::uint64_t PeerLink::visible(const Interest& interest) const {
  const bool is_first_shard = context_.options->shard.index == 0;
  std::uint64_t sum = interest.local;
  switch (kind_) {
    case ConnectionKind::route:
      sum += interest.siblings;
      break;
    case ConnectionKind::sibling:
      sum += is_first_shard ? interest.routes : 0;
      break;
    case ConnectionKind::leaf:
      sum += interest.imports + interest.siblings;
      sum += is_spoke ? 0 : interest.routes;
      break;
    case ConnectionKind::client:
      ensure(false, "a client is no peer");
  }
  for (const OriginInterest& each : interest.origins) {
    if (kind_ != ConnectionKind::leaf) {
      sum += tells_origins() ? 0 : each.direct;
    } else if (each.origin != origin || origin == 0) {
      sum += is_isolated && !is_spoke ? 0 : each.direct;
      sum += is_spoke ? 0 : each.routed + each.hub;
    }
  }
  return sum;
}

std::uint64_t PeerLink::visible_origin(const OriginInterest& interest) const {
  if (kind_ == ConnectionKind::route) {
    return interest.direct;
  }
  const bool is_first_shard = context_.options->shard.index == 0;
  return is_first_shard ? interest.direct + interest.hub + interest.routed : 0;
}

bool PeerLink::may_tell(std::string_view subject, std::string_view queue) {
  return filter == nullptr || filter->may_subscribe(subject, queue);
}

void PeerLink::tell(const PeerInterest& wish, bool is_wanted) {
  char* const place = wire.reserve(interest_size_max(wish));
  char* const end =
      is_wanted ? write_interest(place, form, wish) : write_no_interest(place, form, wish);
  wire.commit(static_cast<std::size_t>(end - place));
  wire.touch();
  note_slow();
}

namespace {

std::uint32_t weight_told(std::uint64_t weight) {
  constexpr std::uint64_t told_max = 999'999'999;  // nine digits are what a peer reads
  return static_cast<std::uint32_t>(weight < told_max ? weight : told_max);
}

}  // namespace

void PeerLink::announce_change(Account& of, const InterestChange& change) {
  if (kind_ == ConnectionKind::leaf && &of != account) {
    return;
  }
  const bool is_queue = !change.queue.empty();
  const auto tell_change = [&](std::uint64_t before, std::uint64_t after, OriginNumber from) {
    const bool is_news = is_queue ? before != after : (before == 0) != (after == 0);
    if (!is_news || !may_tell(change.subject, change.queue)) {
      return;
    }
    if (after == 0) {
      context_.reached.mark(Reached::last_member_gone);
    } else if (before != 0) {
      context_.reached.mark(Reached::queue_weight_changed);
    }
    tell({context_.links.origin_name(from), of.name(), change.subject, change.queue,
          weight_told(after)},
         after != 0);
  };
  tell_change(visible(*change.before), visible(*change.after), 0);
  if (change.origin != 0 && tells_origins()) {
    tell_change(visible_origin(change.before->of_origin(change.origin)),
                visible_origin(change.after->of_origin(change.origin)), change.origin);
  }
}

void PeerLink::announce_all(Account& of) {
  if (of.interest() == nullptr) {
    return;
  }
  of.interest()->for_each(
      [this, &of](std::string_view subject, std::string_view queue, const Interest& interest) {
        if (!may_tell(subject, queue)) {
          return;
        }
        if (const std::uint64_t weight = visible(interest); weight != 0) {
          tell({{}, of.name(), subject, queue, weight_told(weight)}, true);
        }
        if (!tells_origins()) {
          return;
        }
        for (const OriginInterest& each : interest.origins) {
          if (const std::uint64_t weight = visible_origin(each); weight != 0) {
            tell({context_.links.origin_name(each.origin), of.name(), subject, queue,
                  weight_told(weight)},
                 true);
          }
        }
      });
}

void PeerLink::send(std::string_view line) {
  wire.send(line);
  note_slow();
}

void PeerLink::forward(Account& from, const PublishCommand& publish, const MessageSource& source) {
  PeerMessageHead head;
  head.origin = kind_ == ConnectionKind::leaf ? std::string_view()
                                              : context_.links.origin_name(source.origin);
  head.account = kind_ == ConnectionKind::leaf ? std::string_view() : from.name();
  head.subject = publish.subject;
  head.queues = queues_;
  head.publish = &publish;
  const std::string_view body = message_body(form, publish);
  const bool copies = wire.copies(body.size(), *publish.source);
  char* const place = wire.reserve(message_head_size_max(head) + (copies ? body.size() : 0));
  char* end = write_message_head(place, form, head);
  if (copies) {
    std::memcpy(end, body.data(), body.size());
    end += body.size();
  }
  wire.commit(static_cast<std::size_t>(end - place));
  if (!copies) {
    const std::size_t offset = static_cast<std::size_t>(body.data() - publish.source->data());
    wire.append_slice(publish.source->part(offset, body.size()));
  }
  queues_.clear();
  const std::size_t size = body.size() - 2;
  ++wire.traffic.out_messages;
  wire.traffic.out_bytes += size;
  ++totals_.out_messages;
  totals_.out_bytes += size;
  if (kind_ == ConnectionKind::route) {
    ++from.route_traffic.out_messages;
    from.route_traffic.out_bytes += size;
  }
  wire.touch();
  note_slow();
}

bool PeerLink::settle_stall() {
  constexpr Duration stall_length = milliseconds(5);
  if (!wire.is_armed(TimerKind::stall)) {
    stall_requested = stall_requested && context_.links.has_full_sibling();
    if (stall_requested) {
      wire.arm(TimerKind::stall, stall_length);
    }
  }
  return stall_requested;
}

// The session that owns the link closes it; not here, where somebody may be walking over links.
// A sibling is never given up: its publishers are slowed down instead (fan_out).
void PeerLink::note_slow() {
  if (!is_slow_ && wire.is_overfull() && kind_ != ConnectionKind::sibling) [[unlikely]] {
    is_slow_ = true;
    context_.slow_links.push_back(wire.id());
  }
}

}  // namespace rubus
