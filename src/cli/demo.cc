#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

#include "app/machine/confine.h"
#include "app/server.h"
#include "async/run.h"
#include "base/log.h"
#include "base/log_event.h"
#include "cli/command_line.h"
#include "cli/program.h"
#include "cli/ready_file.h"
#include "demo/account.h"
#include "net/address.h"

namespace posthorn::cli {
namespace {

struct DemoOptions {
  std::string dir;
  std::string engine;
  std::map<std::string, std::string>
      listen;  ///< By the part of the key after "listen."; see kListeners.
  std::map<std::string, std::string> sockets;  ///< Paths, by key.
  std::string any_user;
  std::vector<std::string> without;
  std::string ready_file;
  bool empty = false;
  bool quiet = false;
};

struct Listener {
  const char* name;
  const char* usual;  ///< Empty: not used unless requested.
  std::vector<config::Endpoint> config::Listen::* endpoints;
};
constexpr std::array kListeners = {
    Listener{"imap", "127.0.0.1:1143", &config::Listen::imap},
    Listener{"imaps", "127.0.0.1:1993", &config::Listen::imaps},
    Listener{"pop3", "127.0.0.1:1110", &config::Listen::pop3},
    Listener{"pop3s", "127.0.0.1:1995", &config::Listen::pop3s},
    Listener{"submission", "127.0.0.1:1587", &config::Listen::submission},
    Listener{"submissions", "127.0.0.1:1465", &config::Listen::submissions},
    Listener{"lmtp", "127.0.0.1:1024", &config::Listen::lmtp},
    Listener{"https", "127.0.0.1:1443", &config::Listen::https},
    Listener{"http", "", &config::Listen::http},
    Listener{"metrics", "", &config::Listen::metrics},
};

struct Socket {
  const char* option;
  const char* key;
  const char* help;
};
constexpr std::array kSockets = {
    Socket{"--lmtp-socket", "listen.lmtp_socket", "Also offer LMTP on this unix socket"},
    Socket{"--auth-socket", "listen.auth_socket", "Check logins of a mail server on this socket"},
    Socket{"--user-socket", "listen.user_socket", "Answer chasquid's look-ups on this socket"},
    Socket{"--map-socket", "listen.map_socket", "Answer Postfix's look-ups on this socket"},
    Socket{"--policy-socket", "listen.policy_socket", "Answer Postfix's policy on this socket"},
};

/// Creates a temporary folder if none was named, and removes it at the end.
class DemoFolder {
 public:
  static Result<std::unique_ptr<DemoFolder>> make(const std::string& wanted) {
    auto folder = std::make_unique<DemoFolder>();
    if (!wanted.empty()) {
      folder->path_ = std::filesystem::absolute(wanted).string();
      return folder;
    }
    std::string pattern =
        (std::filesystem::temp_directory_path() / "posthorn-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return fail(ErrorKind::io, pattern + ": cannot be created");
    folder->path_ = pattern;
    folder->throw_away_ = true;
    return folder;
  }
  DemoFolder() = default;
  ~DemoFolder() {
    if (!throw_away_) return;
    // The folder itself remains, since a confined process may remove no files beside it, which this
    // function tries first.
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    ::rmdir(path_.c_str());
  }
  DemoFolder(const DemoFolder&) = delete;
  DemoFolder& operator=(const DemoFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_thrown_away() const { return throw_away_; }

 private:
  std::string path_;
  bool throw_away_ = false;
};

/// Port 0 is not valid in the configuration, so its parser refuses it; tests use it.
Status listen_on(std::vector<config::Endpoint>& endpoints, const std::string& text) {
  endpoints.clear();
  if (text.empty()) return {};
  auto parsed = net::parse_host_port(text);
  if (!parsed) return pass(parsed);
  endpoints.push_back({parsed->host.empty() ? "*" : parsed->host, parsed->port});
  return {};
}

/// Somebody who requests port 0 for one listener runs several instances, so listeners that were not
/// specified get port 0 too.
Status listen_as_asked(config::Listen& listen, const DemoOptions& options) {
  const bool any = std::ranges::any_of(
      options.listen, [](const auto& named) { return named.second.ends_with(":0"); });
  for (const Listener& listener : kListeners) {
    const auto named = options.listen.find(listener.name);
    const bool is_usual = *listener.usual != '\0';
    const std::string usual = any && is_usual ? "127.0.0.1:0" : listener.usual;
    Status listening = listen_on(listen.*listener.endpoints,
                                 named != options.listen.end() ? named->second : usual);
    if (!listening) return listening;
  }
  return {};
}

Result<config::Config> configure(const Program& program, const DemoOptions& options,
                                 const std::string& folder) {
  config::Sources sources;
  sources.environment = config::process_environment();
  // The command line takes precedence over the demonstration's settings.
  sources.overrides = {{"data_dir", folder},
                       {"hostname", "localhost"},
                       {"domains", "example.org"},
                       {"listen.lmtp_socket", ""},
                       {"auth.allow_plaintext_without_tls", "loopback"},
                       {"log.level", options.quiet ? "warning" : "info"}};
  for (const auto& [key, path] : options.sockets) sources.overrides.emplace_back(key, path);
  const auto settings = parse_settings(program);
  if (!settings) return std::unexpected(settings.error());
  sources.overrides.insert(sources.overrides.end(), settings->begin(), settings->end());
  auto loaded = config::load(sources);
  if (!loaded) return pass(loaded);
  config::Config config = std::move(loaded->config);
  if (Status listening = listen_as_asked(config.listen, options); !listening)
    return pass(listening);
  config.imap.disabled_capabilities.insert(config.imap.disabled_capabilities.end(),
                                           options.without.begin(), options.without.end());
  return config;
}

/// Returns the command that runs this program, which may not be installed.
std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "posthorn" : path.string();
}

/// Describes how clients can configure themselves from an address and a password.
std::string describe_setup(const app::Server::Addresses& at) {
  if (at.https == 0) return "";
  return fmt::format(
      "  The settings that mail clients request to configure themselves (docs/operating.md):\n"
      "    curl -s --insecure https://127.0.0.1:{}/mail/config-v1.1.xml\n",
      at.https);
}

void greet(const app::Server& server, const DemoFolder& folder) {
  const app::Server::Addresses& at = server.addresses();
  fmt::print(
      "\n"
      "Posthorn is running on this machine, with the account {0} (password {1}).\n"
      "\n"
      "  Read the mail with curl:\n"
      "    curl -s --user {0}:{1} imap://127.0.0.1:{2}/ -X 'STATUS INBOX (MESSAGES UNSEEN)'\n"
      "    curl -s --user {0}:{1} --insecure 'imaps://127.0.0.1:{3}/INBOX;MAILINDEX=1'\n"
      "    curl -s --user {0}:{1} pop3://127.0.0.1:{10}/1\n"
      "  With mutt:\n"
      "    mutt -e 'set ssl_starttls=no' -f imap://demo%40example.org@127.0.0.1:{2}/INBOX\n"
      "  With Thunderbird: server 127.0.0.1, port {3}, SSL/TLS, normal password, user {0}\n"
      "    (the certificate is self-signed: Thunderbird asks once whether to trust it).\n"
      "{8}"
      "  Send a message to yourself (there is no relay, so mail for others is refused):\n"
      "    printf 'From: {0}\\nSubject: sent\\n\\nHi!\\n' | curl -s --crlf --user {0}:{1} \\\n"
      "      --mail-from {0} --mail-rcpt {0} --upload-file - smtp://127.0.0.1:{9}\n"
      "  Deliver a message (LMTP on port {4}):\n"
      "    printf 'LHLO me\\r\\nMAIL FROM:<>\\r\\n"
      "RCPT TO:<{0}>\\r\\nDATA\\r\\nSubject: hello\\r\\n\\r\\nHi!\\r\\n.\\r\\nQUIT\\r\\n'"
      " | nc -N 127.0.0.1 {4}\n"
      "  Import your own mail while the server runs:\n"
      "    {7} --data-dir {5} import {0} ~/Maildir\n"
      "    {7} --data-dir {5} import {0} ~/old.mbox --mailbox Old\n"
      "\n"
      "The data is in {5}{6}. Press Ctrl-C to stop the server.\n\n",
      demo::kDemoName, demo::kDemoPassword, at.imap, at.imaps, at.lmtp, folder.path(),
      folder.is_thrown_away() ? " and is removed when the server stops" : "", own_path(),
      describe_setup(at), at.submission, at.pop3);
  std::fflush(stdout);
}

int demo(const Program& program, const DemoOptions& options) {
  const auto folder = DemoFolder::make(!options.dir.empty() ? options.dir : program.data_dir);
  if (!folder) return complain(folder.error());
  auto config = configure(program, options, (*folder)->path());
  if (!config) return complain(config.error());
  log::set_level(config->log.level);
  log::set_form(config->log.format);
  const bool in_memory =
      options.engine.empty() ? (*folder)->is_thrown_away() : options.engine == "memory";
  app::ServerSettings settings{.config = *config};
  settings.engine = in_memory ? app::EngineKind::memory : app::EngineKind::rocksdb;
  if (!options.any_user.empty()) settings.any_user = options.any_user;
  app::WrittenPlaces places;
  if ((*folder)->is_thrown_away()) places.throw_away.push_back((*folder)->path());
  if (!options.ready_file.empty()) places.files.push_back(options.ready_file);
  if (Status confined = app::confine(*config, places); !confined) return complain(confined.error());
  auto server = app::Server::start(std::move(settings));
  if (!server) return complain(server.error());
  if (!options.empty) {
    Status filled = async::run_blocking(demo::fill_demo_account((*server)->core().store()));
    if (!filled) return complain(filled.error());
  }
  app::RunHooks hooks;
  hooks.on_ready = [&]() -> Status {
    if (!options.quiet) greet(**server, **folder);
    if (options.ready_file.empty()) return {};
    return write_ready_file(options.ready_file, (*server)->addresses());
  };
  hooks.reload_config = [&]() -> Result<config::Config> { return *config; };
  const Status ran = app::run_until_signal(**server, hooks);
  return ran ? 0 : complain(ran.error());
}

}  // namespace

void add_demo(Command app, Program& program) {
  const auto options = std::make_shared<DemoOptions>();
  const Command command = app.add_subcommand(
      "demo", "Try Posthorn: run a server with an account full of mail, on high ports");
  command
      .add_option("--dir", options->dir,
                  "Keep the data in this folder; by default it is removed at the end")
      .type_name("DIR");
  command.add_option("--engine", options->engine, "memory or rocksdb (the default with --dir)")
      .one_of({"memory", "rocksdb"});
  for (const Listener& listener : kListeners)
    command
        .add_option_function(
            fmt::format("--{}", listener.name),
            [options, &listener](const std::string& text) {
              options->listen[listener.name] = text;
            },
            "Port 0: any free port, for the other listeners too. Empty: no listener")
        .type_name("HOST:PORT")
        .default_str(listener.usual);
  for (const Socket& socket : kSockets)
    command
        .add_option_function(
            socket.option,
            [options, &socket](const std::string& path) { options->sockets[socket.key] = path; },
            socket.help)
        .type_name("PATH");
  command
      .add_option("--any-user", options->any_user,
                  "Accept every user name with this password; for tests")
      .type_name("PASSWORD");
  command.add_option("--without", options->without, "Do not offer this capability; may be repeated")
      .type_name("CAPABILITY");
  command.add_flag("--empty", options->empty, "Do not create the demonstration account");
  command
      .add_option("--ready-file", options->ready_file,
                  "Write the ports to this file, as a JSON object, once the server listens")
      .type_name("FILE");
  command.add_flag("--quiet", options->quiet, "Print only warnings and errors");
  command.footer(
      "Examples:\n"
      "  posthorn demo\n"
      "  posthorn demo --dir ./demo-data\n"
      "  posthorn demo --empty --any-user secret --imap 127.0.0.1:0 --ready-file /tmp/ready");
  command.callback([&program, options] { program.run = [&] { return demo(program, *options); }; });
}

}  // namespace posthorn::cli
