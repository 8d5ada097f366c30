#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <ctime>

#include "cli/account/account_commands.h"
#include "cli/command_line.h"
#include "cli/listed.h"
#include "cli/password.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

using admin::flag_of;
using admin::Json;
using admin::number_of;
using admin::text_of;

struct AccountOptions {
  std::string name;
  std::string password_file;
  bool no_password = false;
  bool internal = false;
  std::uint64_t max_bytes = 0;
  std::uint64_t max_messages = 0;
  bool yes = false;
  bool json = false;
  bool removed = false;
  std::string address;  ///< Of send-as.
  std::string keep;     ///< Of sent-copy.
};

int add(const Program& program, const AccountOptions& options) {
  Json request{{"do", "account.create"}, {"name", options.name}};
  if (!options.no_password) {
    auto password = read_new_password(options.password_file);
    if (!password) return complain(password.error());
    request["password"] = *password;
  }
  if (options.max_bytes != 0) request["max_bytes"] = options.max_bytes;
  if (options.max_messages != 0) request["max_messages"] = options.max_messages;
  return ask(program, request,
             [](const Json& said) { fmt::print("created {}\n", text_of(said, "name")); });
}

int change_password(const Program& program, const AccountOptions& options) {
  auto password = read_new_password(options.password_file);
  if (!password) return complain(password.error());
  return ask(program,
             {{"do", "account.passwd"},
              {"name", options.name},
              {"password", *password},
              {"internal", options.internal}},
             [](const Json&) {});
}

int remove(const Program& program, const AccountOptions& options) {
  if (!options.yes)
    return complain({ErrorKind::bad_argument,
                     "this removes the account with all its mail; add --yes to confirm"});
  return ask(program, {{"do", "account.remove"}, {"name", options.name}}, [](const Json&) {});
}

int undelete(const Program& program, const AccountOptions& options) {
  return ask(program, {{"do", "account.undelete"}, {"name", options.name}}, [](const Json& said) {
    fmt::print("{} is back\n", text_of(said, "name"));
    if (const auto taken = admin::texts_of(said, "taken"); taken && !taken->empty())
      fmt::print(stderr, "aliases that belong to others by now: {}\n", fmt::join(*taken, ", "));
  });
}

int list_removed(const Program& program, bool as_json) {
  return print_listed(
      program, {{"do", "account.removed"}}, "accounts", as_json, [](const Json& account) {
        const auto time = [&](const char* member) {
          return fmt::localtime(static_cast<std::time_t>(number_of(account, member)));
        };
        fmt::print("{:<40} removed {:%Y-%m-%d %H:%M}, kept until {:%Y-%m-%d %H:%M}\n",
                   text_of(account, "name"), time("removed"), time("kept_until"));
      });
}

/// What is unusual about an account's passwords.
std::string login_notes(const Json& account) {
  if (flag_of(account, "team")) return "  team";
  std::string notes;
  if (const auto directory = text_of(account, "directory"); !directory.empty()) {
    notes += fmt::format("  directory {}", directory);
  } else if (!flag_of(account, "has_password")) {
    notes += "  no password";
  } else if (!flag_of(account, "scram")) {
    notes += fmt::format("  no SCRAM keys ({})", text_of(account, "scheme"));
  }
  if (const auto main = text_of(account, "main_password"); !main.empty() && main != "everywhere")
    notes += fmt::format("  main password {}", main == "http" ? "for http only" : "off");
  if (const auto count = number_of(account, "app_passwords"); count != 0)
    notes += fmt::format("  {} app password{}", count, count == 1 ? "" : "s");
  if (const auto without = admin::texts_of(account, "without"); without && !without->empty())
    notes += fmt::format("  without {}", fmt::join(*without, ","));
  return notes;
}

void print_account(const Json& account) {
  fmt::print("{:<40} {:>9} messages {:>14} octets{}{}\n", text_of(account, "name"),
             number_of(account, "messages"), number_of(account, "bytes"),
             flag_of(account, "disabled") ? "  disabled" : "",
             (account.contains("hold") ? "  held" : "") + login_notes(account));
}

Command command(Command parent, const char* name, const char* help, AccountOptions& options) {
  const Command made = parent.add_subcommand(name, help);
  made.add_option("name", options.name, "The account's address, e.g. ada@example.org").required();
  return made;
}

void password_options(Command command, AccountOptions& options) {
  command
      .add_option("--password-file", options.password_file,
                  "Read the password from the first line of this file; - is standard input")
      .type_name("FILE");
}

/// Lists or changes the addresses an account may send as. `change` is "add", "remove", or empty to
/// list.
int send_as(const Program& program, const AccountOptions& options, const std::string& change) {
  Json request{{"do", "account.send_as"}, {"name", options.name}};
  if (!change.empty()) request[change] = options.address;
  return ask(program, request, [&](const Json& said) {
    const auto* granted = said.if_contains("may_send_as");
    if (!change.empty() || granted == nullptr || !granted->is_array()) return;
    for (const auto& address : granted->get_array())
      if (address.is_string()) fmt::print("{}\n", std::string_view(address.get_string()));
  });
}

void add_send_as(Command account, Program& program,
                 const std::shared_ptr<AccountOptions>& options) {
  const Command parent =
      account.add_subcommand("send-as", "Further addresses that an account may send from");
  parent.require_subcommand();
  parent.footer(
      "Examples:\n"
      "  posthorn account send-as add ada@example.org team@example.org\n"
      "  posthorn account send-as add ada@example.org @example.com   (all addresses of the "
      "domain)");
  const auto subcommand = [&](const char* name, const char* help, std::string change) {
    const Command made = command(parent, name, help, *options);
    if (!change.empty())
      made.add_option("address", options->address, "An address, or @domain").required();
    made.callback([&program, options, change] {
      program.run = [&program, options, change] { return send_as(program, *options, change); };
    });
  };
  subcommand("add", "Allow an address", "add");
  subcommand("remove", "Withdraw an address", "remove");
  subcommand("list", "List the addresses, one per line", "");
}

void add_sent_copy(Command account, Program& program,
                   const std::shared_ptr<AccountOptions>& options) {
  const Command made = command(
      account, "sent-copy", "Choose whether sent messages are filed in the Sent mailbox", *options);
  made.add_option("keep", options->keep, "default: use the value of submission.save_sent")
      .required()
      .one_of({"on", "off", "default"});
  made.callback([&program, options] {
    program.run = [&program, options] {
      return ask(program,
                 {{"do", "account.sent_copy"}, {"name", options->name}, {"keep", options->keep}},
                 [](const Json&) {});
    };
  });
}

/// The texts of a list, with commas between them.
std::string joined(const Json& json, std::string_view member) {
  std::string all;
  const auto* const list = json.if_contains(member);
  if (list == nullptr || !list->is_array()) return all;
  for (const auto& one : list->get_array())
    if (one.is_string()) all.append(all.empty() ? "" : ", ").append(one.get_string());
  return all;
}

}  // namespace

void add_account(Command app, Program& program) {
  const Command account = app.add_subcommand("account", "Create, list and change accounts");
  account.require_subcommand();
  account.footer(
      "Examples:\n"
      "  posthorn account add ada@example.org\n"
      "  pass mail/ada | posthorn account add ada@example.org --password-file -\n"
      "  posthorn account list --json");
  const auto options = std::make_shared<AccountOptions>();

  const Command added = command(account, "add", "Create an account", *options);
  password_options(added, *options);
  added.add_flag("--no-password", options->no_password,
                 "The account receives mail, but nobody can log in");
  added.add_option("--max-size", options->max_bytes, "Storage quota, e.g. 5GB").as_size();
  added.add_option("--max-messages", options->max_messages, "Message quota");
  added.callback([&program, options] { program.run = [&] { return add(program, *options); }; });

  const Command listed = account.add_subcommand("list", "List the accounts, one per line");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.add_flag("--removed", options->removed,
                  "Those that were removed and can still be brought back");
  listed.callback([&program, options] {
    program.run = [&] {
      if (options->removed) return list_removed(program, options->json);
      return print_listed(program, {{"do", "account.list"}}, "accounts", options->json,
                          print_account);
    };
  });

  const Command passwd = command(account, "passwd", "Set a new password", *options);
  password_options(passwd, *options);
  passwd.add_flag(
      "--internal", options->internal,
      "Also if the account is that of a directory's user; it is one of the server's own "
      "from then on");
  passwd.callback(
      [&program, options] { program.run = [&] { return change_password(program, *options); }; });

  const Command removed = command(account, "remove", "Remove an account and its mail", *options);
  removed.add_flag("--yes", options->yes, "Confirm the removal");
  removed.callback(
      [&program, options] { program.run = [&] { return remove(program, *options); }; });

  const Command back =
      command(account, "undelete", "Bring back an account that was removed within a day", *options);
  back.footer(
      "The account has its mail, password, settings and aliases again. Its memberships in teams,\n"
      "and its places in aliases that lead to several addresses, are not restored.\n"
      "Examples:\n"
      "  posthorn account list --removed\n"
      "  posthorn account undelete ada@example.org");
  back.callback([&program, options] { program.run = [&] { return undelete(program, *options); }; });

  const auto simple = [&](const char* name, const char* help, const char* request) {
    command(account, name, help, *options).callback([&program, options, request] {
      program.run = [&program, options, request] {
        return ask(program, {{"do", request}, {"name", options->name}}, [](const Json&) {});
      };
    });
  };
  simple("disable", "Refuse logins and deliveries", "account.disable");
  simple("enable", "Allow logins and deliveries again", "account.enable");
  simple("forget", "Ask the directories again who somebody is", "account.forget");
  add_account_hold(account, program);
  add_account_import(account, program);
  add_account_logins(account, program);
  add_account_capabilities(account, program);
  add_send_as(account, program, options);
  add_sent_copy(account, program, options);
}

void add_alias(Command app, Program& program) {
  struct Options {
    std::string alias;
    std::vector<std::string> names;
    bool json = false;
    bool forget_old = false;
  };
  const auto options = std::make_shared<Options>();
  const Command alias = app.add_subcommand("alias", "Manage further addresses of accounts");
  alias.require_subcommand();
  alias.footer(
      "Examples:\n"
      "  posthorn alias add postmaster@example.org ada@example.org\n"
      "  posthorn alias add team@example.org ada@example.org ben@example.org\n"
      "  posthorn alias add @example.org ada@example.org   (all addresses nobody else has)\n"
      "  posthorn alias add @example.com @example.org      (the same users in another domain)\n"
      "  posthorn alias add info@example.org bob@example.net ada@example.org\n"
      "                                                    (bob's mail is on another server)");
  const Command added =
      alias.add_subcommand("add", "Deliver mail for an address to others, here or elsewhere");
  added.add_option("alias", options->alias, "The address, or @domain").required();
  added
      .add_option("name", options->names,
                  "Accounts, other aliases, addresses of other servers, or one @domain")
      .required();
  added.callback([&program, options] {
    program.run = [&] {
      return ask(program,
                 {{"do", "alias.add"},
                  {"alias", options->alias},
                  {"names", boost::json::array(options->names.begin(), options->names.end())}},
                 [](const Json& said) {
                   if (const std::string names = joined(said, "outside"); !names.empty())
                     fmt::print("on other servers: {}\n", names);
                 });
    };
  });
  const Command removed = alias.add_subcommand("remove", "Remove an alias");
  removed.add_option("alias", options->alias, "The address").required();
  removed.callback([&program, options] {
    program.run = [&] {
      return ask(program, {{"do", "alias.remove"}, {"alias", options->alias}}, [](const Json&) {});
    };
  });
  const Command listed = alias.add_subcommand("list", "List the aliases, one per line");
  listed.add_flag("--json", options->json, "Print one JSON object per line");
  listed.callback([&program, options] {
    program.run = [&] {
      return print_listed(program, {{"do", "alias.list"}}, "aliases", options->json,
                          [](const Json& entry) {
                            fmt::print("{:<40} {}{}\n", text_of(entry, "alias"),
                                       text_of(entry, "name"), joined(entry, "names"));
                          });
    };
  });
  const Command rotated = alias.add_subcommand(
      "rotate-key", "Make a new key for the return paths of mail sent to other servers");
  rotated.add_flag(
      "--forget-old", options->forget_old,
      "Refuse reports to return paths made with the older keys from now on; by default "
      "they are accepted for as long as they are valid");
  rotated.callback([&program, options] {
    program.run = [&] {
      return ask(program, {{"do", "alias.rotate_key"}, {"forget_old", options->forget_old}},
                 [](const Json&) {});
    };
  });
}

}  // namespace posthorn::cli
