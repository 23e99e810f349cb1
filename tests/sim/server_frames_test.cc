// Goal: the client of the simulator accepts what a server says and nothing else, in any chunking.
#include "sim/server_frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace rubus::sim {
namespace {

std::vector<Frame> read(std::string_view bytes, std::size_t chunk, std::string& violation) {
  ServerFrames reader;
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    reader.feed(bytes.substr(at, chunk));
    Frame frame;
    while (reader.next(frame)) {
      frames.push_back(frame);
    }
  }
  violation = reader.violation();
  return frames;
}

TEST(ServerFrames, reads_every_kind_of_frame_in_any_chunking) {
  const std::string bytes =
      "INFO {\"a\":1} \r\n+OK\r\nMSG a.b 7 3\r\n\r\nx\r\nMSG a 1 re.ply 0\r\n\r\n"
      "HMSG h 2 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPING\r\nPONG\r\n-ERR 'Stale Connection'\r\n";
  for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
    std::string violation;
    const std::vector<Frame> frames = read(bytes, chunk, violation);
    ASSERT_EQ(violation, "");
    ASSERT_EQ(frames.size(), 8U) << "chunks of " << chunk;
    EXPECT_EQ(frames[2].payload(), "\r\nx");
    EXPECT_EQ(frames[3].reply, "re.ply");
    EXPECT_TRUE(frames[4].has_header);
    EXPECT_EQ(frames[4].header_size, 12U);
    EXPECT_EQ(frames[4].payload(), "hi");
    EXPECT_EQ(frames[7].text, "Stale Connection");
    std::string all;
    for (const Frame& frame : frames) {
      all += frame.raw;
    }
    EXPECT_EQ(all, bytes);
  }
}

TEST(ServerFrames, refuses_what_no_server_says) {
  for (const std::string bytes :
       {"msg a 1 0\r\n\r\n", "MSG a 1  0\r\n\r\n", "MSG a 1\r\n", "MSG a 1 -1\r\n", "+OK \r\n",
        "PING\n", "MSG a 1 2\r\nabc\r\n", "HMSG a 1 5 3\r\nabcde\r\n", "-ERR 'x\r\n", "INFO {}\r\n",
        "MSG a 1 r x 3\r\nabc\r\n", "HMSG a 1 0 3\r\nabc\r\n"}) {
    std::string violation;
    EXPECT_TRUE(read(bytes, bytes.size(), violation).empty()) << bytes;
    EXPECT_NE(violation, "") << bytes;
  }
}

}  // namespace
}  // namespace rubus::sim
