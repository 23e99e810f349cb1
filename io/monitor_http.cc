#include "io/monitor_http.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "io/dashboard.h"
#include "io/monitor_session.h"
#include "io/version.h"

namespace rubus::io {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";
constexpr const char* metrics_text = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* web_page = "text/html; charset=utf-8";

constexpr const char* metrics_path = "/metrics";

struct Page {
  const char* path;
  const char* title;
};

constexpr std::array<Page, 11> pages = {{
    {"/varz", "General"},
    {"/jsz", "JetStream"},
    {"/connz", "Connections"},
    {"/accountz", "Accounts"},
    {"/accstatz", "Account Stats"},
    {"/subsz", "Subscriptions"},
    {"/routez", "Routes"},
    {"/leafz", "LeafNodes"},
    {"/gatewayz", "Gateways"},
    {"/healthz", "Health Probe"},
    {metrics_path, "Metrics"},
}};

constexpr const char* dashboard_path = "/dashboard";
constexpr const char* link_page_policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

// `folder`: from the place that was asked for to the documents, see links_folder.
std::string link_page(const std::string& folder) {
  std::string text =
      "<!doctype html>\n<html lang=\"en\">\n<head><title>Rubus</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"><style>"
      ":root{color-scheme:light dark}body{font-family:sans-serif;margin:2em}"
      "a{display:block;padding:.2em}</style></head>\n<body>\n<h1>Rubus ";
  text += own_version;
  text += "</h1>\n<p>implements NATS ";
  text += claimed_nats_version;
  text += "</p>\n";
  const auto link = [&text, &folder](const char* path, const char* title) {
    text += "<a href=\"." + folder + path + "\">" + title + "</a>\n";
  };
  link(dashboard_path, "Dashboard");
  for (const Page& page : pages) {
    link(page.path, page.title);
  }
  return text + "</body>\n</html>\n";
}

// A browser takes links from the last slash on: at "/" and "/base/" the documents are right there,
// at "/base" they are in the folder "base". Escaped, for what a configuration may call its base.
std::string links_folder(std::string_view asked, std::string_view base_path) {
  if (asked.empty() || asked.back() == '/') {
    return {};
  }
  constexpr char digits[] = "0123456789ABCDEF";
  std::string folder = "/";
  for (const char letter : base_path.substr(base_path.rfind('/') + 1)) {
    const auto code = static_cast<unsigned char>(letter);
    const bool is_plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                          (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
    if (is_plain) {
      folder.push_back(letter);
    } else {
      folder += {'%', digits[code / 16], digits[code % 16]};
    }
  }
  return folder;
}

// "%76" is 'v'; what is no escape stays as it is and is then no path of ours.
std::string without_escapes(std::string_view path) {
  std::string plain;
  for (std::size_t at = 0; at < path.size(); ++at) {
    unsigned code = 0;
    const char* const digits = path.data() + at + 1;
    if (path[at] == '%' && at + 2 < path.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      plain.push_back(static_cast<char>(code));
      at += 2;
    } else {
      plain.push_back(path[at]);
    }
  }
  return plain;
}

std::string query_of(std::string_view target) {
  const std::size_t question_mark = target.find('?');
  return question_mark == std::string_view::npos ? std::string()
                                                 : std::string(target.substr(question_mark + 1));
}

}  // namespace

MonitorHttp::MonitorHttp(boost::asio::io_context& context, std::string base_path,
                         MonitorPatience patience, Ask ask, Trouble trouble)
    : context_(context),
      base_path_(std::move(base_path)),
      patience_(patience),
      ask_(std::move(ask)),
      trouble_(std::move(trouble)),
      http_(context),
      https_(context),
      metrics_(context) {}

MonitorHttp::~MonitorHttp() = default;

std::optional<std::string> MonitorHttp::open(const ListenAddress& address,
                                             std::shared_ptr<const TlsContext> tls) {
  if (tls == nullptr) {
    return http_.open(address);
  }
  tls_ = std::move(tls);
  return https_.open(address);
}

void MonitorHttp::start() {
  if (http_.is_open()) {
    http_.start(
        "Monitor", [this](int descriptor, const Address&) { accept(descriptor, nullptr, false); },
        trouble_);
  }
  if (https_.is_open()) {
    https_.start(
        "Monitor", [this](int descriptor, const Address&) { accept(descriptor, tls_, false); },
        trouble_);
  }
  if (metrics_.is_open()) {
    metrics_.start(
        "Monitor", [this](int descriptor, const Address&) { accept(descriptor, nullptr, true); },
        trouble_);
  }
}

void MonitorHttp::close() {
  http_.close();
  https_.close();
  metrics_.close();
}

void MonitorHttp::accept(int descriptor, std::shared_ptr<const TlsContext> tls,
                         bool is_metrics_only) {
  if (*sessions_ >= sessions_max) {
    ::close(descriptor);
    return;
  }
  const auto session =
      make_monitor_session(*this, context_, patience_, descriptor, std::move(tls), sessions_);
  if (session == nullptr) {
    ::close(descriptor);
    return;
  }
  session->is_metrics_only = is_metrics_only;
  session->start();
}

// Without escapes, base path and doubled slashes; empty: not ours.
std::string MonitorHttp::local_path(std::string_view path) const {
  std::string single;
  for (const char letter : without_escapes(path)) {
    if (letter != '/' || single.empty() || single.back() != '/') {
      single += letter;
    }
  }
  if (base_path_.empty() || base_path_ == "/") {
    return single;
  }
  std::string base = base_path_.front() == '/' ? base_path_ : "/" + base_path_;
  while (base.back() == '/') {
    base.pop_back();
  }
  if (!single.starts_with(base)) {
    return {};
  }
  single.erase(0, base.size());
  if (single.empty()) {
    return "/";
  }
  return single.front() == '/' ? single : std::string();
}

void MonitorHttp::count(const std::string& path) {
  const auto place = std::lower_bound(
      requests_.begin(), requests_.end(), path,
      [](const auto& entry, const std::string& wanted) { return entry.first < wanted; });
  if (place != requests_.end() && place->first == path) {
    ++place->second;
  } else {
    requests_.insert(place, {path, 1});
  }
}

void MonitorHttp::on_request(std::shared_ptr<MonitorSession> session, std::string_view target) {
  if (session->is_metrics_only) {
    serve_metrics(std::move(session), target);
    return;
  }
  const std::string_view asked = target.substr(0, target.find('?'));
  std::string path = local_path(asked);
  if (path == "/subscriptionsz") {
    path = "/subsz";
  }
  if (path == "/") {
    count(path);
    session->respond(
        {200, web_page, link_page(links_folder(asked, base_path_)), false, link_page_policy});
    return;
  }
  if (path == dashboard_path) {
    count(path);
    session->respond({200, web_page, std::string(dashboard_page()), false, dashboard_policy()});
    return;
  }
  const bool is_known = std::any_of(pages.begin(), pages.end(),
                                    [&path](const Page& page) { return path == page.path; });
  if (!is_known) {
    session->respond({404, plain_text, "404 page not found\n", false, {}});
    return;
  }
  count(path);
  ask(std::move(session), std::move(path), query_of(target));
}

void MonitorHttp::serve_metrics(std::shared_ptr<MonitorSession> session, std::string_view target) {
  if (target.substr(0, target.find('?')) != metrics_path) {
    session->respond({404, plain_text, "404 page not found\n", false, {}});
    return;
  }
  ask(std::move(session), metrics_path, query_of(target));
}

void MonitorHttp::ask(std::shared_ptr<MonitorSession> session, std::string path,
                      std::string query) {
  auto question = std::make_shared<MonitorQuestion>();
  question->path = std::move(path);
  question->query = std::move(query);
  question->process = facts_.read();
  question->requests = requests_;
  const MonitorTicket ticket{++last_ticket_};
  asked_[ticket] = std::move(session);
  ask_(MonitorAsked{ticket, std::move(question)});
}

void MonitorHttp::on_reply(MonitorReply&& reply) {
  const auto found = asked_.find(reply.ticket);
  if (found == asked_.end()) {
    return;
  }
  const std::shared_ptr<MonitorSession> session = std::move(found->second);
  asked_.erase(found);
  const char* const other_type = reply.is_metrics ? metrics_text : plain_text;
  session->respond({reply.status,
                    reply.is_json ? "application/json" : other_type,
                    std::move(reply.body),
                    true,
                    {}});
}

}  // namespace rubus::io
