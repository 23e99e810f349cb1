// Laws of the client parser: split invariance, agreement with the naive grammar, bounded memory.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/client/naive_grammar.h"
#include "tests/engine/client/parser_events.h"

namespace rubus::test {
namespace {

// Pieces that make interesting lines when put together at random.
rc::Gen<std::string> piece() {
  return rc::gen::oneOf(
      rc::gen::elementOf(std::vector<std::string>{"PUB ",
                                                  "pub ",
                                                  "HPUB ",
                                                  "SUB ",
                                                  "UNSUB ",
                                                  "PING",
                                                  "PONG",
                                                  "CONNECT ",
                                                  "INFO ",
                                                  "+OK",
                                                  "-ERR ",
                                                  "\r\n",
                                                  "\n",
                                                  "\r",
                                                  " ",
                                                  "\t",
                                                  "foo",
                                                  "a.b",
                                                  "1",
                                                  "3",
                                                  "0005",
                                                  "12",
                                                  "abc",
                                                  "PUB foo 3\r\nabc\r\n",
                                                  "PUB foo bar 3\r\nabc\r\n",
                                                  "HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
                                                  "SUB foo 1\r\n",
                                                  "SUB foo q 1\r\n",
                                                  "UNSUB 1 5\r\n",
                                                  "PING\r\n",
                                                  "CONNECT {}\r\n",
                                                  "PUB foo 0\r\n\r\n",
                                                  "PUB  foo \t 3 \r\nabc\r\n",
                                                  "HPUB foo r 0 2\r\nhi\r\n"}),
      rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) {
    bytes += piece;
  }
  return bytes;
}

ParserLimits small_limits() {
  ParserLimits limits;
  limits.max_control_line = 40;
  limits.max_payload = 20;
  limits.headers = true;
  return limits;
}

RC_GTEST_PROP(ClientParser, agrees_with_the_naive_grammar_on_the_whole_input, ()) {
  const std::string bytes = joined(*rc::gen::container<std::vector<std::string>>(piece()));
  const ParserEvents events = parse_in_chunks(bytes, {bytes.size() + 1}, small_limits());
  RC_ASSERT(events.lines == read_naively(bytes, small_limits()));
}

RC_GTEST_PROP(ClientParser, gives_the_same_commands_for_every_cut_in_two, ()) {
  const std::string bytes = joined(*rc::gen::container<std::vector<std::string>>(piece()));
  const ParserEvents whole = parse_in_chunks(bytes, {bytes.size() + 1}, small_limits());
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const ParserEvents split = parse_in_chunks(bytes, {cut, bytes.size()}, small_limits());
    RC_ASSERT(split.lines == whole.lines);
  }
}

RC_GTEST_PROP(ClientParser, gives_the_same_commands_for_any_chunks, ()) {
  const std::string bytes = joined(*rc::gen::container<std::vector<std::string>>(piece()));
  std::vector<std::size_t> cuts =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 12));
  cuts.push_back(1);
  const ParserEvents whole = parse_in_chunks(bytes, {bytes.size() + 1}, small_limits());
  RC_ASSERT(parse_in_chunks(bytes, cuts, small_limits()).lines == whole.lines);
  RC_ASSERT(parse_in_chunks(bytes, {1}, small_limits()).lines == whole.lines);
}

RC_GTEST_PROP(ClientParser, keeps_at_most_one_line_and_one_payload, ()) {
  const std::string bytes = joined(*rc::gen::container<std::vector<std::string>>(piece()));
  const ParserEvents events = parse_in_chunks(bytes, {1}, small_limits());
  RC_ASSERT(events.kept_bytes_max <= 2 * 41 + 16 + 22);
}

}  // namespace
}  // namespace rubus::test
