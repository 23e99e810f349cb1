// ConfigLexer: configuration text -> tokens.
//
// The language is the reference server's, quirks included, since configurations in the field rely
// on them: an unquoted value is a number, a date, a bool, a variable or a string depending on its
// letters; a value may not stand on the line after its separator; the outer brace of a file is
// optional and need not be closed. A NUL byte reads as the end of the text.
//
// One token is made per call; after `end` or `error` the lexer is finished. Nesting is kept on an
// explicit stack with a bound, so no text can exhaust the machine's. Linear in the text's size.
// Does not know directives; comments never leave it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rubus::io {

enum class TokenKind : std::uint8_t {
  end,
  error,
  key,
  text,
  boolean,
  integer,
  floating,
  datetime,
  variable,
  include,
  array_begin,
  array_end,
  map_begin,
  map_end,
};

struct ConfigToken {
  TokenKind kind = TokenKind::end;
  std::string text;  // decoded value, or the error's reason
  std::int64_t line = 0;
  std::int64_t column = 0;
};

// Deeper nesting of maps, arrays and braces is refused; real files stay below ten.
constexpr std::size_t config_nesting_max = 500;

class ConfigLexer {
 public:
  explicit ConfigLexer(std::string_view input) : input_(input) {}
  ConfigToken next();

 private:
  // What is expected at the current position.
  enum class State : std::uint8_t {
    top,          // a statement of the file, or its end
    top_after,    // the end of such a statement
    block,        // a statement inside the optional outer braces
    block_after,  //
    block_close,  // after an inner brace of those
    key,          // a key of a statement
    key_after,    // its separator
    value,        //
    array,        // an element or the end of the array
    array_after,  //
    map,          // a key or the end of the map
    map_key_after,
    map_value,
    map_after,
    string_body,   // inside an unquoted string
    quoted_body,   // inside "…"
    raw_body,      // inside '…'
    block_body,    // inside ( … )
    number_body,   // digits so far
    number_units,  // digits and a size suffix so far
    include_name,
  };

  void step();
  void step_container();

  // config_lexer.cc: statements, arrays, maps
  void at_top();
  void at_top_after();
  void at_block();
  void at_block_after();
  void at_block_close();
  void at_key();
  void at_key_after();
  void at_array();
  void at_array_after();
  void at_map();
  void at_map_key_after();
  void at_map_value();
  void at_map_after();
  void read_bare_key(bool in_map);
  void read_quoted_key(char quote, bool in_map);
  void finish_bare_key(bool in_map);
  bool skip_comment_after(std::uint32_t rune, State then);
  void at_include_name();

  // config_lexer_values.cc
  void at_value();
  void at_string();
  void at_quoted();
  void at_raw();
  void at_parenthesis();
  void at_number();
  void at_number_units();
  void read_negative();
  void read_fraction();
  void read_address();
  void read_date();
  bool read_escape();
  bool read_hex_escape();
  void finish_string(bool skip_quote);

  std::uint32_t take();  // the next rune, 0 at the end
  void untake();         // only once after each take()
  std::uint32_t peek();
  void mark();  // the token begins here
  // A rune as error texts show it.
  static std::string shown(std::uint32_t rune);

  void emit(TokenKind kind);
  void end_or_error();
  void fail(std::string reason);
  void push(State state);
  void pop();

  std::string_view input_;
  std::size_t start_ = 0;
  std::size_t position_ = 0;
  std::size_t width_ = 0;       // of the last rune taken
  std::size_t line_start_ = 0;  // where the last line break taken stands
  std::size_t mark_line_start_ = 0;
  std::int64_t line_ = 1;
  State state_ = State::top;
  std::vector<State> stack_;
  std::string decoded_;  // the string so far, once an escape was met
  bool has_escape_ = false;
  std::optional<ConfigToken> ready_;
};

}  // namespace rubus::io
