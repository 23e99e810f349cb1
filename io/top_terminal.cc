#include "io/top_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace rubus::io {

namespace {

bool write_all(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      return false;
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
  }
  return true;
}

const char* look_code(TopLook look) {
  switch (look) {
    case TopLook::plain:
      return "\x1b[0m";
    case TopLook::title:
      return "\x1b[0;1m";
    case TopLook::heading:
      return "\x1b[0;7m";
    case TopLook::alarm:
      return "\x1b[0;1;31m";
    case TopLook::faint:
      return "\x1b[0;2m";
  }
  return "";
}

}  // namespace

TopTerminal::TopTerminal() : is_screen_(::isatty(STDOUT_FILENO) == 1) {
  if (!is_screen_ || ::isatty(STDIN_FILENO) != 1) {
    return;
  }
  char name[256];
  if (::ttyname_r(STDIN_FILENO, name, sizeof name) == 0) {
    keys_ = ::open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  }
  has_settings_ = ::tcgetattr(STDIN_FILENO, &settings_) == 0;
}

TopTerminal::~TopTerminal() {
  leave();
  if (keys_ >= 0) {
    ::close(keys_);
  }
}

TopScreenSize TopTerminal::size() const {
  winsize given{};
  TopScreenSize screen;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &given) == 0 && given.ws_col > 0 && given.ws_row > 0) {
    screen = {given.ws_col, given.ws_row};
  }
  return screen;
}

void TopTerminal::enter() {
  if (!is_screen_ || is_entered_) {
    return;
  }
  is_entered_ = true;
  if (has_settings_) {
    termios raw = settings_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  // The other screen, without a cursor.
  write_all("\x1b[?1049h\x1b[?25l");
}

void TopTerminal::leave() {
  if (!is_entered_) {
    return;
  }
  is_entered_ = false;
  write_all("\x1b[0m\x1b[?25h\x1b[?1049l");
  if (has_settings_) {
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings_);
  }
}

void TopTerminal::draw(const std::vector<TopLine>& lines, const TopLine& last) {
  const TopScreenSize screen = size();
  std::string text = "\x1b[H";
  const auto append = [&text, &screen](const TopLine& line) {
    std::string shown = clipped(line.text, screen.width);
    if (line.look == TopLook::heading) {
      shown.append(screen.width - std::min(screen.width, shown.size()), ' ');
    }
    text += look_code(line.look) + shown + "\x1b[0m\x1b[K";
  };
  for (std::size_t row = 0; row + 1 < screen.height; ++row) {
    append(row < lines.size() ? lines[row] : TopLine{});
    text += "\r\n";
  }
  append(last);
  write_all(text);
}

bool TopTerminal::print(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) {
    const std::size_t end = line.text.find_last_not_of(' ');
    text += line.text.substr(0, end == std::string::npos ? 0 : end + 1) + "\n";
  }
  return write_all(text);
}

}  // namespace rubus::io
