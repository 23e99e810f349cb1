#include "io/top_command.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <utility>

#include "io/top_client.h"
#include "io/top_options.h"
#include "io/top_sample.h"
#include "io/top_terminal.h"
#include "io/top_view.h"

namespace rubus::io {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds patience(4);
constexpr std::size_t printed_rows = 20;
// Enough to find the busiest among; more would only cost the server.
constexpr std::size_t asked_connections_min = 256;

class Top {
 public:
  explicit Top(const TopOptions& options)
      : options_(options),
        sort_(options.sort),
        client_(context_, options.monitor, patience),
        timer_(context_),
        signals_(context_),
        keys_(context_) {}

  int run() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGWINCH}) {
      signals_.add(number);
    }
    wait_for_signal();
    if (!options_.once) {
      terminal_.enter();
      if (terminal_.keys() >= 0) {
        keys_.assign(::dup(terminal_.keys()));
        wait_for_key();
      }
    }
    look();
    context_.run();
    terminal_.leave();
    if (!trouble_.empty() && exit_code_ != 0) {
      std::fprintf(stderr, "rubus top: %s\n", trouble_.c_str());
    }
    return exit_code_;
  }

 private:
  bool is_drawn() const { return terminal_.is_screen() && !options_.once; }

  void quit(int exit_code) {
    exit_code_ = exit_code;
    context_.stop();
  }

  void look() {
    const std::size_t rows = std::max(asked_connections_min, options_.rows.value_or(0));
    const std::string connections =
        "/connz?auth=1&sort=" + std::string(top_sort_key(sort_).server) +
        "&limit=" + std::to_string(rows);
    client_.ask({"/varz", connections, "/routez", "/leafz", "/healthz"},
                [this](TopAnswers answers) { on_answers(std::move(answers)); });
  }

  void on_answers(TopAnswers answers) {
    trouble_.clear();
    if (answers.problem) {
      trouble_ = options_.monitor.url + " does not answer: " + *answers.problem;
    } else {
      std::optional<TopSample> sample =
          read_top_sample({answers.bodies[0], answers.bodies[1], answers.bodies[2],
                           answers.bodies[3], answers.bodies[4]},
                          std::chrono::steady_clock::now());
      if (sample) {
        earlier_ = std::exchange(sample_, std::move(sample));
      } else {
        trouble_ = options_.monitor.url + " is no monitoring port of a NATS server";
      }
    }
    if (options_.once) {
      on_single_look();
      return;
    }
    show();
    plan();
  }

  // The first look gives no rates: a second is taken one delay later, and printed.
  void on_single_look() {
    if (!trouble_.empty()) {
      quit(1);
    } else if (!earlier_) {
      plan();
    } else {
      show();
      quit(exit_code_);
    }
  }

  void plan() {
    timer_.expires_after(options_.delay);
    timer_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) {
        look();
      }
    });
  }

  void show() {
    std::vector<TopLine> lines;
    if (!trouble_.empty()) {
      lines.push_back({trouble_, TopLook::alarm});
    }
    if (sample_ && (is_drawn() || trouble_.empty())) {
      const std::size_t fixed = 9 + (sample_->links.empty() ? 0 : 2 + sample_->links.size());
      const std::size_t height = terminal_.size().height;
      const std::size_t room = is_drawn() ? height - std::min(height, fixed) : printed_rows;
      for (TopLine& line : top_lines(*sample_, earlier_ ? &*earlier_ : nullptr, sort_,
                                     options_.rows.value_or(room))) {
        lines.push_back(std::move(line));
      }
    }
    if (is_drawn()) {
      terminal_.draw(lines, {key_help(), TopLook::faint});
    } else if (!TopTerminal::print(lines) ||
               (!options_.once && !TopTerminal::print({{"", TopLook::plain}}))) {
      quit(0);
    }
  }

  std::string key_help() const {
    std::string text = "q quit | order:";
    for (const TopSortKey& row : top_sort_keys()) {
      const std::string shown = std::string(1, row.key) + " " + std::string(row.name);
      text += row.sort == sort_ ? " [" + shown + "]" : " " + shown;
    }
    return text;
  }

  void wait_for_key() {
    keys_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& problem) {
      char letters[64];
      const ssize_t count = problem ? 0 : ::read(terminal_.keys(), letters, sizeof letters);
      for (ssize_t at = 0; at < count; ++at) {
        on_key(letters[at]);
      }
      // Nothing to read although told so: the terminal is gone.
      if (count > 0) {
        wait_for_key();
      } else {
        quit(0);
      }
    });
  }

  void on_key(char key) {
    if (key == 'q' || key == 'Q') {
      quit(0);
      return;
    }
    for (const TopSortKey& row : top_sort_keys()) {
      if (row.key == key) {
        sort_ = row.sort;
        show();
      }
    }
  }

  void wait_for_signal() {
    signals_.async_wait([this](const error_code& cancelled, int number) {
      if (cancelled) {
        return;
      }
      if (number == SIGWINCH) {
        if (is_drawn()) {
          show();
        }
      } else if (number == SIGTSTP) {
        terminal_.leave();
        ::raise(SIGSTOP);
        if (!options_.once) {
          terminal_.enter();
        }
        if (is_drawn()) {
          show();
        }
      } else {
        // As if the signal had ended it; the terminal is given back first.
        quit(number == SIGINT || number == SIGPIPE ? 0 : 128 + number);
        return;
      }
      wait_for_signal();
    });
  }

  const TopOptions options_;
  TopSort sort_;
  // One thread of ours, but names are found on others: with locks.
  asio::io_context context_{1};
  TopClient client_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor keys_;
  TopTerminal terminal_;
  std::optional<TopSample> sample_;
  std::optional<TopSample> earlier_;
  std::string trouble_;
  int exit_code_ = 0;
};

}  // namespace

int run_top(const std::vector<std::string>& arguments) {
  const TopReading reading = read_top_options(arguments);
  if (reading.error) {
    std::fprintf(stderr, "rubus top: %s\n", reading.error->c_str());
    return 2;
  }
  if (reading.options.show_help) {
    std::fputs(top_help().c_str(), stdout);
    return 0;
  }
  return Top(reading.options).run();
}

}  // namespace rubus::io
