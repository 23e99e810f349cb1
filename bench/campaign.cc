#include "bench/campaign.h"

#include <sched.h>
#include <unistd.h>

#include <cstdio>

#include "bench/child_process.h"
#include "bench/cluster_runs.h"
#include "bench/connection.h"
#include "bench/footprint.h"
#include "bench/request_reply.h"
#include "bench/server_group.h"
#include "bench/stopwatch.h"
#include "bench/traffic.h"

namespace rubus::load {

namespace {

constexpr int generator_processor = 0;
constexpr int server_processor = 1;

// CPU and wall time between two moments.
struct Span {
  explicit Span(const ServerGroup& measured)
      : server(measured), wall(monotonic_now()), server_cpu(measured.cpu_time()) {}

  void finish(double messages, Sample& sample) const {
    const double server_seconds = to_seconds(server.cpu_time() - server_cpu);
    const double generator_seconds = to_seconds(own_cpu_time() - generator_cpu);
    const double wall_seconds = to_seconds(monotonic_now() - wall);
    const Memory memory = server.memory();
    sample.values.push_back({Figure::per_cpu_second, messages / server_seconds});
    sample.values.push_back({Figure::per_wall_second, messages / wall_seconds});
    sample.values.push_back({Figure::server_share, server_seconds / wall_seconds});
    sample.values.push_back({Figure::generator_share, generator_seconds / wall_seconds});
    sample.values.push_back({Figure::rss_kib, static_cast<double>(memory.rss_bytes) / 1024.0});
    sample.values.push_back(
        {Figure::peak_rss_kib, static_cast<double>(memory.peak_bytes) / 1024.0});
    if (messages <= 0.0) {
      sample.failure = "not one message passed";
    }
  }

  const ServerGroup& server;
  std::int64_t wall;
  std::int64_t server_cpu;
  std::int64_t generator_cpu = own_cpu_time();
};

// These plan outages and begin with servers of their own.
bool starts_its_own(ModeKind kind) {
  return kind == ModeKind::cluster_idle || kind == ModeKind::failover || kind == ModeKind::link;
}

class Runner {
 public:
  Runner(const LoadOptions& options, const std::string& own_path)
      : options_(options), own_path_(own_path) {}

  Sample run(const Candidate& candidate, const Mode& mode, std::uint32_t payload_bytes);
  // Starts the server once to ask who it is.
  [[nodiscard]] Failure ask_version(Candidate& candidate);

 private:
  GroupPlan plan_of(const Candidate& candidate, std::uint32_t nodes) const;
  [[nodiscard]] Failure traffic(const ServerGroup& servers, const Mode& mode,
                                std::uint32_t payload_bytes, Sample& sample);
  [[nodiscard]] Failure request(const ServerGroup& servers, const Mode& mode,
                                std::uint32_t payload_bytes, Sample& sample);
  [[nodiscard]] Failure footprint(const ServerGroup& servers, const Mode& mode, Sample& sample);
  [[nodiscard]] Failure startup(const Candidate& candidate, const Mode& mode, Sample& sample);
  [[nodiscard]] Failure measure(const Candidate& candidate, const Mode& mode,
                                std::uint32_t payload_bytes, Sample& sample);

  const LoadOptions& options_;
  const std::string& own_path_;
};

GroupPlan Runner::plan_of(const Candidate& candidate, std::uint32_t nodes) const {
  GroupPlan plan;
  plan.command = candidate.command;
  plan.config = options_.config;
  plan.nodes = nodes;
  plan.port = static_cast<std::uint16_t>(options_.port);
  plan.processor = candidate.processor;
  return plan;
}

Failure Runner::ask_version(Candidate& candidate) {
  ServerGroup server;
  if (Failure failure = server.start(plan_of(candidate, 1))) {
    return failure;
  }
  Connection connection;
  if (Failure failure = connection.open(server.port())) {
    return failure;
  }
  const std::vector<std::string> words =
      command_words(candidate.command, server.port(), options_.config);
  candidate.version = first_line_of({words[0], "-v"});
  candidate.version += (candidate.version.empty() ? "" : ", ");
  candidate.version += "INFO version " + text_field(connection.info(), "version");
  return std::nullopt;
}

Failure Runner::traffic(const ServerGroup& servers, const Mode& mode, std::uint32_t payload_bytes,
                        Sample& sample) {
  TrafficOptions traffic_options;
  traffic_options.payload_bytes = payload_bytes;
  traffic_options.write_bytes = options_.write_bytes;
  traffic_options.read_bytes = options_.read_bytes;
  traffic_options.window_bytes = options_.window_bytes;
  Traffic traffic(shape_of(mode), traffic_options);
  std::vector<std::uint16_t> subscriber_ports;
  for (std::size_t node = servers.size() == 1 ? 0 : 1; node < servers.size(); ++node) {
    subscriber_ports.push_back(servers.port(node));
  }
  if (Failure failure = traffic.open(servers.port(), subscriber_ports)) {
    return failure;
  }
  PhaseResult result;
  if (options_.warmup > 0.0) {
    if (Failure failure = traffic.run_phase(options_.warmup, options_.messages, result)) {
      return failure;
    }
  }
  const Span span(servers);
  if (Failure failure = traffic.run_phase(options_.seconds, options_.messages, result)) {
    return failure;
  }
  const bool counts_deliveries = shape_of(mode).subscribers > 0;
  span.finish(static_cast<double>(counts_deliveries ? result.delivered : result.published), sample);
  return traffic.confirm();
}

Failure Runner::request(const ServerGroup& servers, const Mode& mode, std::uint32_t payload_bytes,
                        Sample& sample) {
  RequestReply requests(mode.count, payload_bytes);
  if (Failure failure = requests.open(servers.port())) {
    return failure;
  }
  if (Failure failure = requests.run(options_.warmup)) {
    return failure;
  }
  const Span span(servers);
  if (Failure failure = requests.run(options_.seconds)) {
    return failure;
  }
  std::vector<std::int64_t>& latencies = requests.latencies();
  span.finish(static_cast<double>(latencies.size()), sample);
  for (const std::pair<Figure, double>& each : {std::pair<Figure, double>{Figure::p50_us, 0.5},
                                                {Figure::p99_us, 0.99},
                                                {Figure::p999_us, 0.999}}) {
    const std::int64_t nanoseconds = percentile(latencies, each.second);
    sample.values.push_back({each.first, static_cast<double>(nanoseconds) / 1000.0});
  }
  return std::nullopt;
}

Failure Runner::footprint(const ServerGroup& servers, const Mode& mode, Sample& sample) {
  const ChildProcess& server = servers.node(0);
  const std::uint16_t port = servers.port();
  Footprint print;
  if (mode.kind == ModeKind::idle) {
    wait_for(from_seconds(options_.settle));
    print.after = server.memory();
  } else if (Failure failure =
                 mode.kind == ModeKind::connections
                     ? measure_connections(server, port, mode.count, options_.settle, print)
                     : measure_subscriptions(server, port, mode.count, options_.settle, print)) {
    return failure;
  }
  if (mode.kind != ModeKind::idle) {
    sample.values.push_back({Figure::bytes_each, print.bytes_each(mode.count)});
  }
  sample.values.push_back({Figure::rss_kib, static_cast<double>(print.after.rss_bytes) / 1024.0});
  sample.values.push_back(
      {Figure::peak_rss_kib, static_cast<double>(print.after.peak_bytes) / 1024.0});
  return std::nullopt;
}

Failure Runner::startup(const Candidate& candidate, const Mode& mode, Sample& sample) {
  std::vector<std::int64_t> times;
  for (std::uint32_t i = 0; i < mode.count; ++i) {
    ServerGroup server;
    if (Failure failure = server.start(plan_of(candidate, 1))) {
      return failure;
    }
    times.push_back(server.first_byte_after());
  }
  sample.values.push_back(
      {Figure::first_info_ms, static_cast<double>(percentile(times, 0.5)) / 1e6});
  return std::nullopt;
}

Failure Runner::measure(const Candidate& candidate, const Mode& mode, std::uint32_t payload_bytes,
                        Sample& sample) {
  if (mode.kind == ModeKind::startup) {
    return startup(candidate, mode, sample);
  }
  if (mode.kind == ModeKind::connections) {
    if (Failure failure = allow_descriptors(mode.count)) {
      return failure;
    }
  }
  const GroupPlan plan = plan_of(candidate, row_of(mode.kind).nodes);
  ServerGroup servers;
  if (!starts_its_own(mode.kind)) {
    if (Failure failure = servers.start(plan)) {
      return failure;
    }
  }
  switch (mode.kind) {
    case ModeKind::pub:
    case ModeKind::pubsub:
    case ModeKind::fanout:
    case ModeKind::fanin:
    case ModeKind::queue:
    case ModeKind::pairs:
    case ModeKind::cross:
      return traffic(servers, mode, payload_bytes, sample);
    case ModeKind::request:
      return request(servers, mode, payload_bytes, sample);
    case ModeKind::cluster_idle:
      return measure_idle_cluster(plan, options_.settle, options_.seconds, sample);
    case ModeKind::failover:
      return measure_failover(plan, sample);
    case ModeKind::link:
      return measure_link(plan, own_path_, mode.count, sample);
    case ModeKind::connections:
    case ModeKind::subs:
    case ModeKind::idle:
      return footprint(servers, mode, sample);
    case ModeKind::startup:
      break;
  }
  return std::nullopt;
}

Sample Runner::run(const Candidate& candidate, const Mode& mode, std::uint32_t payload_bytes) {
  Sample sample;
  if (Failure failure = measure(candidate, mode, payload_bytes, sample)) {
    sample.failure = failure;
  }
  return sample;
}

Failure pin_generator() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(generator_processor, &processors);
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) {
    return system_failure("cannot pin the generator to processor 0");
  }
  return std::nullopt;
}

std::vector<Candidate> candidates_of(const LoadOptions& options) {
  const auto processor = [&options](const char* label) {
    const bool is_pinned = options.pin_server == label || options.pin_server == "both";
    return is_pinned ? std::optional<int>(server_processor) : std::nullopt;
  };
  if (options.command == Command::run) {
    return {{"A", options.server, processor("a"), ""}};
  }
  return {{"A", options.server_a, processor("a"), ""}, {"B", options.server_b, processor("b"), ""}};
}

std::optional<Candidate> limit_of(const LoadOptions& options, const Mode& mode,
                                  const std::string& own_path) {
  const std::optional<int> processor =
      options.pin ? std::optional<int>(server_processor) : std::nullopt;
  const std::string command = "'" + own_path + "' ";
  switch (options.limits ? row_of(mode.kind).limit : Limit::none) {
    case Limit::none:
      return std::nullopt;
    case Limit::sink:
      return Candidate{"sink", command + "sink --port {port}", processor, ""};
    case Limit::relay:
      return Candidate{"relay", command + "relay --port {port}", processor, ""};
  }
  return std::nullopt;
}

void tell(const CampaignRow& row, std::uint32_t round, const std::string& label,
          const Sample& sample) {
  std::fprintf(stderr, "%-18s %6u B  round %u  %-5s ", name_of(row.mode).c_str(), row.payload_bytes,
               round + 1, label.c_str());
  if (sample.failure) {
    std::fprintf(stderr, "FAILED: %s\n", sample.failure->c_str());
    return;
  }
  const std::optional<double> rate = sample.value(Figure::per_cpu_second);
  const std::optional<double> server_share = sample.value(Figure::server_share);
  const std::optional<double> generator_share = sample.value(Figure::generator_share);
  const std::optional<double> each = sample.value(Figure::bytes_each);
  const std::optional<double> first_info = sample.value(Figure::first_info_ms);
  const std::optional<double> failover = sample.value(Figure::failover_ms);
  const std::optional<double> link = sample.value(Figure::link_ms);
  if (rate && server_share && generator_share) {
    std::fprintf(stderr, "%.3f M per server CPU-second, server %.0f %%, generator %.0f %%%s\n",
                 *rate / 1e6, *server_share * 100.0, *generator_share * 100.0,
                 *generator_share > 0.95 && *server_share < 0.95
                     ? "  (the generator is busy while the server waits)"
                     : "");
  } else if (each) {
    std::fprintf(stderr, "%.0f B each\n", *each);
  } else if (first_info) {
    std::fprintf(stderr, "%.2f ms to the first INFO byte\n", *first_info);
  } else if (failover || link) {
    std::fprintf(stderr, "%.1f ms without messages\n", failover ? *failover : *link);
  } else {
    std::fprintf(stderr, "%.0f KiB\n", sample.value(Figure::rss_kib).value_or(0.0));
  }
}

void run_row(const LoadOptions& options, const std::string& own_path, Campaign& campaign,
             CampaignRow& row) {
  Runner runner(options, own_path);
  const std::optional<Candidate> limit = limit_of(options, row.mode, own_path);
  row.samples.resize(campaign.candidates.size());
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < campaign.candidates.size(); ++i) {
      const Candidate& candidate = campaign.candidates[i];
      row.samples[i].push_back(runner.run(candidate, row.mode, row.payload_bytes));
      tell(row, round, candidate.label, row.samples[i].back());
      campaign.failures += row.samples[i].back().failure ? 1 : 0;
    }
    if (limit) {
      row.limit_samples.push_back(runner.run(*limit, row.mode, row.payload_bytes));
      tell(row, round, limit->label, row.limit_samples.back());
      campaign.failures += row.limit_samples.back().failure ? 1 : 0;
    }
  }
}

}  // namespace

Failure run_campaign(const LoadOptions& options, const std::string& own_path, Campaign& campaign) {
  campaign.candidates = candidates_of(options);
  if (options.pin) {
    if (Failure failure = pin_generator()) {
      return failure;
    }
  }
  Runner runner(options, own_path);
  for (Candidate& candidate : campaign.candidates) {
    if (Failure failure = runner.ask_version(candidate)) {
      return failure;
    }
  }
  for (const Mode& mode : options.modes) {
    const bool is_sized = row_of(mode.kind).sized;
    for (const std::uint32_t size : is_sized ? options.sizes : std::vector<std::uint32_t>{0}) {
      CampaignRow row;
      row.mode = mode;
      row.payload_bytes = size;
      run_row(options, own_path, campaign, row);
      campaign.rows.push_back(std::move(row));
    }
  }
  return std::nullopt;
}

}  // namespace rubus::load
