// The help, made from the table of flags.
#include <algorithm>

#include "io/command_line_flags.h"

namespace rubus::io {

namespace {

// "-p, --port PORT": a letter or a pair of letters takes one dash, words take two.
std::string flag_names(const FlagRow& row) {
  std::string shown;
  for (std::string_view names = row.names; !names.empty();) {
    const std::size_t end = std::min(names.find(' '), names.size());
    const std::string_view name = names.substr(0, end);
    shown +=
        (shown.empty() ? "" : ", ") + std::string(name.size() <= 2 || name == "DVV" ? "-" : "--");
    shown += name;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  if (!row.argument.empty()) {
    shown += " " + std::string(row.argument);
  }
  return shown;
}

void append_row(std::string& text, const FlagRow& row) {
  constexpr std::size_t help_column = 40;
  std::string line = "    " + flag_names(row);
  if (line.size() + 1 > help_column) {
    text += line + "\n";
    line.clear();
  }
  line.resize(help_column, ' ');
  text += line;
  for (const char letter : row.help) {
    text.push_back(letter);
    if (letter == '\n') {
      text.append(help_column, ' ');
    }
  }
  text += "\n";
}

}  // namespace

std::string help_text(std::string_view program) {
  std::string text = "\nUsage: " + std::string(program) + " [options]\n       " +
                     std::string(program) + " top [options]    (watches a running server)\n";
  std::string_view section;
  for (const FlagRow& row : flag_table()) {
    if (row.section != section) {
      section = row.section;
      text += "\n" + std::string(section) + " options:\n";
    }
    append_row(text, row);
  }
  text +=
      "\nA flag may be written with one dash or two, its value after a blank or \"=\".\n"
      "What flags say goes before what the configuration file says.\n";
  return text;
}

std::string tls_help_text() {
  return
      R"(TLS for clients is configured with a block in the configuration file:

    tls {
      cert_file: "./server-cert.pem"   # certificate of the server
      key_file:  "./server-key.pem"    # its private key
      ca_file:   "./ca.pem"            # who may sign client certificates
      verify:    true                  # clients must show a certificate
      timeout:   2                     # seconds for the handshake
      min_version: "1.2"               # or "1.3"
    }

verify_and_map takes the client's user name from its certificate. handshake_first begins TLS before
the server's first line. cipher_suites and curve_preferences name what may be negotiated, in order
of preference; without them the library's defaults hold.

Cipher suites: TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 (TLS
1.3) and TLS_ECDHE_{RSA,ECDSA}_WITH_{AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256,
AES_128_CBC_SHA,AES_256_CBC_SHA}. Others need allow_insecure_cipher_suites.
Curves: X25519, CurveP256, CurveP384, CurveP521.
)";
}

}  // namespace rubus::io
