#include <cstdio>
#include <ctime>

#include "cli/account/account_commands.h"
#include "config/value.h"

// `posthorn account set`, `app-password` and `act-as`
namespace posthorn::cli {

Result<std::int64_t> time_ahead(const std::string& duration) {
  if (duration.empty()) return 0;
  const Result<config::Duration> ahead = config::parse_duration(duration);
  if (!ahead) return fail(ErrorKind::bad_argument, "--expires: " + ahead.error().text);
  return std::time(nullptr) + std::chrono::duration_cast<std::chrono::seconds>(*ahead).count();
}

namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;

struct LoginOptions {
  std::string name;
  std::string label;
  std::string domain;
  std::vector<std::string> protocols;
  std::vector<std::string> ranges;
  std::string expires;
  std::string main_password;
  bool json = false;
};

std::string date_of(std::uint64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return {text, length};
}

std::string joined(const Json& json, std::string_view member) {
  std::string out;
  const auto* const list = json.if_contains(member);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& one : list->get_array()) {
    if (!one.is_string()) continue;
    if (!out.empty()) out += ',';
    out += std::string_view(one.get_string());
  }
  return out;
}

void print_app_password(const Json& one) {
  fmt::print(
      "{:>3} {:<24} {} created {}{}{}{}{}\n", number_of(one, "id"), text_of(one, "label"),
      joined(one, "protocols"), date_of(number_of(one, "created")),
      one.contains("last_used") ? " used " + date_of(number_of(one, "last_used"))
                                : std::string(" never used"),
      one.contains("expires") ? " expires " + date_of(number_of(one, "expires")) : std::string(),
      joined(one, "ranges").empty() ? std::string() : " from " + joined(one, "ranges"),
      joined(one, "without").empty() ? std::string() : " without " + joined(one, "without"));
}

void print_grant(const Json& one) {
  fmt::print(
      "{}{}\n", text_of(one, "domain"),
      one.contains("expires") ? " expires " + date_of(number_of(one, "expires")) : std::string());
}

/// Prints the objects of a list in an answer.
void print_list(const Json& said, std::string_view member, bool as_json,
                void (*print)(const Json&)) {
  const auto* const list = said.if_contains(member);
  if (list == nullptr || !list->is_array()) return;
  for (const auto& one : list->get_array()) {
    if (as_json) {
      fmt::print("{}\n", boost::json::serialize(one));
    } else if (one.is_object()) {
      print(one.get_object());
    }
  }
}

int add_app_password(const Program& program, const LoginOptions& options) {
  const auto expires = time_ahead(options.expires);
  if (!expires) return complain(expires.error());
  Json request{
      {"do", "account.app_password.add"},
      {"name", options.name},
      {"label", options.label},
      {"protocols", boost::json::array(options.protocols.begin(), options.protocols.end())},
      {"ranges", boost::json::array(options.ranges.begin(), options.ranges.end())}};
  if (*expires != 0) request["expires"] = *expires;
  return ask(program, request,
             [](const Json& said) { fmt::print("{}\n", text_of(said, "password")); });
}

int remove_app_password(const Program& program, const LoginOptions& options) {
  return ask(
      program,
      {{"do", "account.app_password.remove"}, {"name", options.name}, {"label", options.label}},
      [](const Json&) {});
}

int act_as(const Program& program, const LoginOptions& options, const std::string& change) {
  const auto expires = time_ahead(options.expires);
  if (!expires) return complain(expires.error());
  Json request{{"do", "account.act_as"}, {"name", options.name}};
  if (!change.empty()) request[change] = options.domain;
  if (*expires != 0) request["expires"] = *expires;
  return ask(program, request, [&](const Json& said) {
    if (change.empty()) print_list(said, "may_act_as", false, print_grant);
  });
}

using Options = std::shared_ptr<LoginOptions>;

Command command(Command parent, const char* name, const char* help, const Options& options) {
  const Command made = parent.add_subcommand(name, help);
  made.add_option("name", options->name, "The account's address").required();
  return made;
}

void add_app_passwords(Command account, Program& program, const Options& options) {
  const Command parent =
      account.add_subcommand("app-password", "Passwords of an account for single programs");
  parent.require_subcommand();
  parent.footer(
      "Programs use them with PLAIN or LOGIN under TLS; SCRAM takes the main password only.\n\n"
      "Examples:\n"
      "  posthorn account app-password add ada@example.org phone\n"
      "  posthorn account app-password add ada@example.org scanner --protocol submission \\\n"
      "      --from 192.0.2.0/24 --expires 365d");
  const Command added =
      command(parent, "add", "Make one and print it; it cannot be shown again", options);
  added.add_option("label", options->label, "What it is called, e.g. phone").required();
  added
      .add_option("--protocol", options->protocols,
                  "imap, pop3, submission, managesieve, http or other; may be repeated. Without "
                  "it, all of them")
      .type_name("NAME")
      .one_value();
  added
      .add_option("--from", options->ranges,
                  "Accept it only from this address or network; may be repeated")
      .type_name("NETWORK")
      .one_value();
  added.add_option("--expires", options->expires, "How long it is accepted, e.g. 90d")
      .type_name("TIME");
  added.callback([&program, options] {
    program.run = [&program, options] { return add_app_password(program, *options); };
  });
  const Command listed = command(parent, "list", "List them, one per line (times in UTC)", options);
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.callback([&program, options] {
    program.run = [&program, options] {
      return ask(program, {{"do", "account.app_password.list"}, {"name", options->name}},
                 [options](const Json& said) {
                   print_list(said, "app_passwords", options->json, print_app_password);
                 });
    };
  });
  const Command removed =
      command(parent, "remove", "Withdraw one; what uses it is disconnected", options);
  removed.add_option("label", options->label, "What it is called").required();
  removed.callback([&program, options] {
    program.run = [&program, options] { return remove_app_password(program, *options); };
  });
}

void add_act_as(Command account, Program& program, const Options& options) {
  const Command parent =
      account.add_subcommand("act-as", "Let an account log in as others (master login)");
  parent.require_subcommand();
  parent.footer(
      "Such an account logs in as other*own with its own password, or with a SASL authorization\n"
      "identity. Each such login is logged with both names.\n\n"
      "Examples:\n"
      "  posthorn account act-as add support@example.org example.org --expires 1d\n"
      "  posthorn account act-as add migration@example.org '*'");
  const auto subcommand = [&](const char* name, const char* help, std::string change) {
    const Command made = command(parent, name, help, options);
    if (!change.empty())
      made.add_option("domain", options->domain, "The domain of the accounts, or * for all")
          .required();
    if (change == "add")
      made.add_option("--expires", options->expires, "How long it is permitted, e.g. 1d")
          .type_name("TIME");
    made.callback([&program, options, change] {
      program.run = [&program, options, change] { return act_as(program, *options, change); };
    });
  };
  subcommand("add", "Permit it", "add");
  subcommand("remove", "Withdraw the permission, and end the account's sessions", "remove");
  subcommand("list", "List what is permitted, one per line (times in UTC)", "");
}

}  // namespace

void add_account_logins(Command account, Program& program) {
  const auto options = std::make_shared<LoginOptions>();
  const Command set = command(account, "set", "Change how an account may log in", options);
  set.add_option("--main-password", options->main_password,
                 "Where the password of the account is accepted; elsewhere, app passwords are "
                 "needed. Its sessions end")
      .required()
      .one_of({"everywhere", "http", "nowhere"});
  set.callback([&program, options] {
    program.run = [&program, options] {
      return ask(program,
                 {{"do", "account.main_password"},
                  {"name", options->name},
                  {"accepted", options->main_password}},
                 [](const Json&) {});
    };
  });
  add_app_passwords(account, program, options);
  add_act_as(account, program, options);
}

}  // namespace posthorn::cli
