// The terminal of `rubus top`: a screen of its own while it runs, and everything as it was after.
//
// The destructor gives the terminal back, so every orderly way out does. Where standard output is
// no terminal nothing is changed and lines are printed one after the other. Keys are read through a
// descriptor of its own: the shell's standard input must not become non-blocking.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "io/top_view.h"

namespace rubus::io {

struct TopScreenSize {
  std::size_t width = 80;
  std::size_t height = 24;
};

class TopTerminal {
 public:
  TopTerminal();
  TopTerminal(const TopTerminal&) = delete;
  TopTerminal& operator=(const TopTerminal&) = delete;
  ~TopTerminal();

  bool is_screen() const { return is_screen_; }
  TopScreenSize size() const;
  // A non-blocking descriptor to read keys from, -1 without a keyboard.
  int keys() const { return keys_; }

  // For the time another program has the terminal.
  void enter();
  void leave();

  // Replaces the screen, clipped to its size; `last` is its lowest line.
  void draw(const std::vector<TopLine>& lines, const TopLine& last);
  // False: nobody reads any more.
  static bool print(const std::vector<TopLine>& lines);

 private:
  bool is_screen_ = false;
  bool is_entered_ = false;
  bool has_settings_ = false;
  int keys_ = -1;
  termios settings_{};
};

}  // namespace rubus::io
