// Goal: arguments mean what they mean to the reference server. Method: words in, one value out, in
// a world of files in memory.
#include <gtest/gtest.h>

#include <csignal>

#include "io/command_line.h"
#include "tests/io/config_support.h"

namespace rubus::io {
namespace {

CommandOutcome interpret(const std::vector<std::string>& words, const MemoryWorld& world = {}) {
  return interpret_command_line(words, "nats-server", "2.14.0", world.source());
}

TEST(CommandLine, flags_take_one_dash_or_two_and_a_blank_or_an_equals_sign) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-p", "5", "-DV"},
                                                {"--port=5", "--DV"},
                                                {"--p", "0x5", "-DV=1"},
                                                {
                                                    "-port",
                                                    "5",
                                                    "-DV=TRUE",
                                                    "--",
                                                }}) {
    const CommandOutcome outcome = interpret(words);
    ASSERT_EQ(outcome.action, CommandAction::run) << outcome.diagnostics;
    EXPECT_EQ(outcome.config.client.port, 5);
    EXPECT_TRUE(outcome.config.engine.trace.debug && outcome.config.engine.trace.trace);
  }
}

TEST(CommandLine, nothing_said_means_the_defaults) {
  const CommandOutcome outcome = interpret({});
  ASSERT_EQ(outcome.action, CommandAction::run);
  EXPECT_EQ(outcome.config.client.host, "0.0.0.0");
  EXPECT_EQ(outcome.config.client.port, 4222);
  EXPECT_EQ(outcome.config.engine.authorization.timeout, seconds(2));
  EXPECT_FALSE(outcome.config.engine.authorization.is_required());
  EXPECT_FALSE(outcome.config.monitor.http || outcome.config.monitor.https);
  EXPECT_TRUE(outcome.config.log.timestamps);
}

TEST(CommandLine, flags_override_the_file_at_start_and_at_each_reload) {
  MemoryWorld world{{{"s.conf", "port: 1\nmax_payload: 10\ndebug: true\n"}}, {}};
  const CommandOutcome outcome =
      interpret({"-c", "s.conf", "-p", "2", "-D=false", "--record", "r"}, world);
  ASSERT_EQ(outcome.action, CommandAction::run) << outcome.diagnostics;
  EXPECT_EQ(outcome.config.client.port, 2);
  EXPECT_EQ(outcome.config.engine.limits.max_payload, 10);
  EXPECT_FALSE(outcome.config.engine.trace.debug);
  EXPECT_EQ(outcome.config.record_file, "r");
  EXPECT_EQ(outcome.config.config_file, "s.conf");
  world.files["s.conf"] = "port: 1\nmax_payload: 20\n";
  const ConfigOutcome again = configure(outcome.flags, world.source());
  EXPECT_EQ(again.config.client.port, 2);
  EXPECT_EQ(again.config.engine.limits.max_payload, 20);
}

TEST(CommandLine, a_wrong_flag_prints_the_help_and_leaves_without_an_error) {
  struct Row {
    std::vector<std::string> words;
    const char* diagnostics;
  };
  for (const Row& row :
       {Row{{"-x"}, "flag provided but not defined: -x\n"},
        Row{{"--nope=1"}, "flag provided but not defined: -nope\n"},
        Row{{"-p"}, "flag needs an argument: -p\n"},
        Row{{"-p", "abc"}, "invalid value \"abc\" for flag -p: parse error\n"},
        Row{{"-D=maybe"}, "invalid boolean value \"maybe\" for -D: parse error\n"},
        Row{{"---p"}, "bad flag syntax: ---p\n"}, Row{{"-=p"}, "bad flag syntax: -=p\n"}}) {
    const CommandOutcome outcome = interpret(row.words);
    EXPECT_EQ(outcome.action, CommandAction::leave);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.diagnostics, row.diagnostics);
    EXPECT_NE(outcome.output.find("Usage: nats-server"), std::string::npos);
  }
}

TEST(CommandLine, version_and_help_come_as_flags_and_as_words) {
  for (const char* word : {"-v", "--version", "version", "VERSION"}) {
    EXPECT_EQ(interpret({word}).output, "nats-server: v2.14.0\n");
  }
  for (const char* word : {"-h", "--help", "help"}) {
    const std::string help = interpret({word}).output;
    for (const char* flag :
         {"-p, --port PORT", "-DVV", "--tlscacert FILE", "--signal", "--record"}) {
      EXPECT_NE(help.find(flag), std::string::npos) << flag;
    }
  }
  const CommandOutcome other = interpret({"foo", "-v"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_EQ(other.diagnostics, "nats-server: unrecognized command: \"foo\"\n");
}

TEST(CommandLine, checking_a_file_reports_and_leaves) {
  const MemoryWorld world{
      {{"good.conf", "port: 4222\n"}, {"bad.conf", "x: 1\n"}, {"warn.conf", "ping_interval: 10\n"}},
      {}};
  const CommandOutcome good = interpret({"-t", "-c", "good.conf"}, world);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(good.diagnostics.substr(0, 65),
            "nats-server: configuration file good.conf is valid (sha256:797533");
  EXPECT_EQ(interpret({"-t", "-c", "bad.conf"}, world).exit_code, 1);
  EXPECT_EQ(interpret({"-t", "-c", "warn.conf"}, world).exit_code, 1);
  EXPECT_EQ(interpret({"-t"}).diagnostics,
            "nats-server: must specify [-c, --config] option to check configuration file syntax\n");
  EXPECT_EQ(interpret({"-t", "-c", "no.conf"}).diagnostics,
            "nats-server: open no.conf: no such file or directory\n");
}

TEST(CommandLine, a_warning_is_printed_and_the_start_goes_on) {
  const MemoryWorld world{{{"warn.conf", "ping_interval: 10\n"}}, {}};
  const CommandOutcome outcome = interpret({"-c", "warn.conf"}, world);
  EXPECT_EQ(outcome.action, CommandAction::run);
  EXPECT_EQ(outcome.diagnostics,
            "warn.conf:1:0: invalid use of field \"ping_interval\": ping_interval should be "
            "converted to a duration\n");
  EXPECT_EQ(outcome.config.engine.limits.ping_interval, seconds(10));
}

TEST(CommandLine, a_signal_names_its_target_by_number_or_by_pid_file) {
  const MemoryWorld world{{{"a.pid", "123"}}, {}};
  const CommandOutcome by_file = interpret({"--signal", "reload=a.pid"}, world);
  EXPECT_EQ(by_file.action, CommandAction::send_signal);
  EXPECT_EQ(by_file.signal.command, "reload");
  EXPECT_EQ(by_file.signal.target, "123");
  EXPECT_EQ(interpret({"-sl=ldm=77"}, world).signal.target, "77");
  EXPECT_EQ(interpret({"-sl", "stop"}, world).signal.target, "");
  EXPECT_EQ(interpret({"-sl", "a=b=c=d"}, world).diagnostics,
            "nats-server: invalid signal parameters: [c d]\n");
  EXPECT_EQ(signal_number("reload"), SIGHUP);
  EXPECT_EQ(signal_number("foo"), std::nullopt);
}

TEST(CommandLine, what_is_not_supported_yet_is_refused_by_flag) {
  EXPECT_EQ(interpret({"-js"}).diagnostics,
            "nats-server: flag -js is known but not supported by this version of Rubus yet\n");
  EXPECT_EQ(interpret({"-js=false", "-sd", "/tmp"}).action, CommandAction::run);
  EXPECT_EQ(interpret({"--profile", "1"}).exit_code, 1);
}

TEST(CommandLine, cluster_flags_go_before_the_cluster_block) {
  const MemoryWorld world{{{"c.conf",
                            "cluster { name: file, listen: \"10.0.0.1:1\", no_advertise: true\n"
                            "  authorization { user: u, password: p }\n"
                            "  routes: [\"nats://f:1\"], advertise: \"a:1\" }\n"}},
                          {}};
  const CommandOutcome given =
      interpret({"-c", "c.conf", "--cluster", "nats://v:w%21@127.0.0.1:26010", "--routes",
                 "nats://a:b@h:1, nats://h2", "--cluster_name", "flag", "--no_advertise=false",
                 "--connect_retries", "3", "--cluster_advertise", "b:2"},
                world);
  ASSERT_EQ(given.action, CommandAction::run) << given.diagnostics;
  const ClusterOptions& cluster = given.config.engine.cluster;
  EXPECT_TRUE(cluster.enabled && !cluster.no_advertise);
  EXPECT_EQ(cluster.name, "flag");
  EXPECT_EQ(cluster.host, "127.0.0.1");
  EXPECT_EQ(cluster.port, 26010);
  EXPECT_EQ(cluster.username, "v");
  EXPECT_EQ(cluster.password, "w!");
  EXPECT_EQ(cluster.advertise_host, "b");
  EXPECT_EQ(cluster.advertise_port, 2);
  EXPECT_EQ(cluster.connect_retries, 3u);
  ASSERT_EQ(cluster.routes.size(), 2u);
  EXPECT_EQ(cluster.routes[0].username, "a");
  EXPECT_EQ(cluster.routes[1].host, "h2");
  EXPECT_EQ(cluster.routes[1].port, 6222);

  const CommandOutcome file = interpret({"-c", "c.conf", "--cluster="}, world);
  EXPECT_FALSE(file.config.engine.cluster.enabled);
  EXPECT_EQ(file.config.engine.cluster.name, "file");
}

TEST(CommandLine, a_cluster_address_that_is_none_is_refused_in_words_of_the_reference) {
  struct Row {
    std::vector<std::string> words;
    const char* text;
  };
  for (const Row& row :
       {Row{{"--routes", "nats://h:1"},
            "solicited routes require cluster capabilities, e.g. --cluster"},
        Row{{"--cluster", "", "--routes", "nats://h:1"},
            "solicited routes require cluster capabilities, e.g. --cluster"},
        Row{{"--cluster", "foo"}, "missing port in address"},
        Row{{"--cluster", "nats://h"}, "address h: missing port in address"},
        Row{{"--cluster", "127.0.0.1:1"},
            "parse \"127.0.0.1:1\": first path segment in URL cannot contain colon"},
        Row{{"--cluster", "nats://h:abc"},
            "parse \"nats://h:abc\": invalid port \":abc\" after host"},
        Row{{"--cluster", "nats://a@h:1"}, "expected cluster password to be set"},
        Row{{"--cluster", "nats://a b:1"},
            "parse \"nats://a b:1\": invalid character \" \" in host name"},
        Row{{"--cluster", ":::"}, "parse \":::\": missing protocol scheme"},
        Row{{"--cluster", "%zz"}, "parse \"%zz\": invalid URL escape \"%zz\""}}) {
    const CommandOutcome outcome = interpret(row.words);
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.diagnostics, std::string("nats-server: ") + row.text + "\n");
  }
  const CommandOutcome any = interpret({"--cluster", "nats://127.0.0.1:-1"});
  ASSERT_EQ(any.action, CommandAction::run);
  EXPECT_EQ(any.config.cluster_listen->port, -1);
}

TEST(CommandLine, metrics_may_have_a_port_of_their_own) {
  EXPECT_FALSE(interpret({}).config.metrics.has_value());
  const std::optional<ListenAddress> port = interpret({"--prometheus", "7777"}).config.metrics;
  ASSERT_TRUE(port.has_value());
  EXPECT_EQ(port->port, 7777);
  EXPECT_EQ(port->host, "0.0.0.0");
  EXPECT_EQ(interpret({"--prometheus", "127.0.0.1:1"}).config.metrics->host, "127.0.0.1");
  EXPECT_EQ(interpret({"--prometheus", "70000"}).diagnostics,
            "nats-server: invalid address for metrics: \"70000\"\n");
}

TEST(CommandLine, tls_flags_need_a_certificate_and_its_key) {
  EXPECT_EQ(interpret({"--tls"}).diagnostics,
            "nats-server: TLS Server certificate must be present and valid\n");
  EXPECT_EQ(interpret({"--tlscert", "c"}).diagnostics,
            "nats-server: TLS Server private key must be present and valid\n");
  EXPECT_EQ(interpret({"--tlscert", "c", "--tlskey", "k"}).diagnostics,
            "nats-server: error parsing X509 certificate/key pair: open c: no such file or "
            "directory\n");
  const CommandOutcome off = interpret({"-c", "t", "--tls=false"}, {{{"t", "tls {}\n"}}, {}});
  EXPECT_EQ(off.config.engine.tls.policy, TlsPolicy::off);
}

}  // namespace
}  // namespace rubus::io
