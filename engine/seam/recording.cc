#include "engine/seam/recording.h"

#include "engine/base/checksum.h"
#include "engine/base/ensure.h"
#include "engine/base/text_number.h"

namespace rubus {

namespace {

constexpr std::string_view magic = "RUBUSREC";
constexpr std::uint32_t version = 2;
constexpr std::size_t frame_bytes = 8;  // length and checksum
constexpr char kind_batch = 'B';
constexpr char kind_digest = 'D';
constexpr char kind_end = 'E';

void put_fixed(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned at = 0; at < bytes; ++at) {
    out.push_back(static_cast<char>((value >> (8U * at)) & 0xFFU));
  }
}

std::uint64_t load_fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t at = bytes.size(); at > 0; --at) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at - 1]);
  }
  return value;
}

std::uint32_t checksum_of(std::string_view body) {
  return static_cast<std::uint32_t>(hash_of(body));
}

void put_framed(std::string& out, std::string_view body) {
  ensure(body.size() < (std::size_t{1} << 31U), "a record fits its length field");
  put_fixed(out, body.size(), 4);
  put_fixed(out, checksum_of(body), 4);
  out.append(body);
}

enum class Framing : std::uint8_t { whole, cut, wrong };

Framing take_framed(std::string_view file, std::size_t& offset, std::string_view& body) {
  const std::string_view rest = file.substr(offset);
  if (rest.size() < frame_bytes) {
    return Framing::cut;
  }
  const std::size_t length = static_cast<std::size_t>(load_fixed(rest.substr(0, 4)));
  if (length > rest.size() - frame_bytes) {
    return Framing::cut;
  }
  body = rest.substr(frame_bytes, length);
  if (checksum_of(body) != load_fixed(rest.substr(4, 4))) {
    return Framing::wrong;
  }
  offset += frame_bytes + length;
  return Framing::whole;
}

}  // namespace

void encode_header(const RecordingHeader& header, std::string& out) {
  std::string body;
  put_fixed(body, header.seed, 8);
  put_fixed(body, static_cast<std::uint64_t>(header.started.nanoseconds), 8);
  put_fixed(body, header.elides_payloads ? 1 : 0, 1);
  put_fixed(body, header.build.size(), 4);
  body.append(header.build);
  encode_options(header.options, body);
  out.append(magic);
  put_fixed(out, version, 4);
  put_framed(out, body);
}

void RecordingWriter::append_batch(const InputBatch& batch, std::string& out) {
  body_.assign(1, kind_batch);
  encoder_.encode(batch, body_);
  put_framed(out, body_);
  ++steps_;
}

void RecordingWriter::append_digest(std::uint64_t digest, std::string& out) {
  body_.assign(1, kind_digest);
  put_fixed(body_, steps_, 8);
  put_fixed(body_, digest, 8);
  put_framed(out, body_);
}

void RecordingWriter::append_end(std::uint64_t digest, std::string& out) {
  body_.assign(1, kind_end);
  put_fixed(body_, steps_, 8);
  put_fixed(body_, digest, 8);
  put_framed(out, body_);
}

bool RecordingReader::read_header(RecordingHeader& header) {
  if (!file_.starts_with(magic) || file_.size() < magic.size() + 4) {
    why_ = "this is not a recording (it does not begin with RUBUSREC)";
    return false;
  }
  const std::uint64_t found = load_fixed(file_.substr(magic.size(), 4));
  if (found != version) {
    why_ = "recording version " + number_text(found) + " is not the version " +
           number_text(version) + " that this build reads";
    return false;
  }
  offset_ = magic.size() + 4;
  std::string_view body;
  if (take_framed(file_, offset_, body) != Framing::whole || body.size() < 21) {
    why_ = "the header of the recording is damaged";
    return false;
  }
  header.seed = load_fixed(body.substr(0, 8));
  header.started.nanoseconds = static_cast<std::int64_t>(load_fixed(body.substr(8, 8)));
  header.elides_payloads = body[16] != 0;
  const std::size_t build_size = static_cast<std::size_t>(load_fixed(body.substr(17, 4)));
  if (build_size > body.size() - 21) {
    why_ = "the header of the recording is damaged";
    return false;
  }
  header.build = body.substr(21, build_size);
  if (!decode_options(body.substr(21 + build_size), header.options)) {
    why_ = "the options in the recording are those of another build";
    return false;
  }
  return true;
}

RecordingReader::Kind RecordingReader::fail(std::string_view why) {
  why_ = std::string(why) + " at byte " + number_text(offset_);
  return Kind::damaged;
}

RecordingReader::Kind RecordingReader::next(BlockPool& pool) {
  std::string_view body;
  switch (take_framed(file_, offset_, body)) {
    case Framing::cut:
      return Kind::torn;
    case Framing::wrong:
      return fail("wrong checksum of the record");
    case Framing::whole:
      break;
  }
  return read_body(body, pool);
}

RecordingReader::Kind RecordingReader::read_body(std::string_view body, BlockPool& pool) {
  if (body.empty()) {
    return fail("empty record before the one");
  }
  const char kind = body.front();
  body.remove_prefix(1);
  if (kind == kind_batch) {
    if (!decode_batch(body, pool, batch_)) {
      return fail("a batch of another build ends");
    }
    ++steps_;
    return Kind::batch;
  }
  if ((kind != kind_digest && kind != kind_end) || body.size() != 16) {
    return fail("a record of unknown kind ends");
  }
  digest_ = {load_fixed(body.substr(0, 8)), load_fixed(body.substr(8, 8))};
  if (digest_.step != steps_) {
    return fail("a digest with a wrong step number ends");
  }
  return kind == kind_end ? Kind::end : Kind::digest;
}

}  // namespace rubus
