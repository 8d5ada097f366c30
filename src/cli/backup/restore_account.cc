#include <cstdio>

#include "admin/local_admin.h"
#include "async/run.h"
#include "cli/backup/backup_copy.h"
#include "cli/backup/restore_command.h"
#include "cli/backup/restore_whole.h"
#include "cli/mailbox_files/importer.h"
#include "cli/message_json.h"

namespace posthorn::cli {
namespace {

using admin::Json;

constexpr std::size_t kBatch = 256;
constexpr std::uint64_t kBatchOctets = 16 << 20;

/// The octets of several messages, one after the other.
class Octets final : public admin::OctetSource {
 public:
  explicit Octets(std::vector<std::string> messages) : messages_(std::move(messages)) {}
  async::Task<Result<std::string_view>> next() override {
    co_return at_ < messages_.size() ? std::string_view(messages_[at_++]) : std::string_view();
  }

 private:
  const std::vector<std::string> messages_;
  std::size_t at_ = 0;
};

/// Puts the messages of a plan into the account.
class Restoring {
 public:
  Restoring(admin::Admin& backup, admin::Admin& now, std::string account)
      : backup_(backup), now_(now), account_(std::move(account)) {}

  async::Task<Status> run(const RestorePlan& plan) {
    if (plan.account_missing) {
      auto made = co_await now_.call(Json{{"do", "account.create"}, {"name", account_}});
      if (!made) co_return pass(made);
    }
    for (const auto& [mailbox, place] : plan.places) {
      if (place.created) {
        auto made = co_await now_.call(
            Json{{"do", "mailbox.subscribe"}, {"name", account_}, {"mailbox", mailbox}});
        if (!made) co_return pass(made);
      }
      Status done = co_await fill(mailbox, place);
      if (!done) co_return done;
    }
    co_return Status();
  }

  [[nodiscard]] std::uint64_t restored() const { return restored_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  async::Task<Status> fill(const std::string& mailbox, const RestorePlan::Place& place) {
    for (const PlannedMessage& message : place.messages) {
      auto octets = co_await read_message(backup_, account_, mailbox, message.uid);
      if (!octets && octets.error().kind != ErrorKind::corrupt) co_return pass(octets);
      if (!octets) {
        ++lost_;
        fmt::print(stderr, "{}: UID {} of the backup is skipped: {}\n", mailbox, message.uid,
                   octets.error().text);
        continue;
      }
      add(mailbox, message, std::move(*octets));
      if (octets_.size() < kBatch && batch_octets_ < kBatchOctets) continue;
      Status sent = co_await flush();
      if (!sent) co_return sent;
    }
    co_return co_await flush();
  }

  void add(const std::string& mailbox, const PlannedMessage& message, std::string octets) {
    messages_.push_back(Json{{"mailbox", mailbox},
                             {"flags", flag_names(message.flags)},
                             {"date", message.received.seconds},
                             {"zone", std::int64_t{message.received.zone_minutes}},
                             {"size", octets.size()}});
    batch_octets_ += octets.size();
    octets_.push_back(std::move(octets));
  }

  async::Task<Status> flush() {
    if (octets_.empty()) co_return Status();
    const std::size_t count = octets_.size();
    Json request{{"do", "message.append"},
                 {"name", account_},
                 {"messages", std::exchange(messages_, {})},
                 {"octets", std::exchange(batch_octets_, 0)}};
    Octets source(std::exchange(octets_, {}));
    auto answer = co_await now_.call(std::move(request), source);
    if (!answer) co_return pass(answer);
    restored_ += count;
    co_return Status();
  }

  admin::Admin& backup_;
  admin::Admin& now_;
  const std::string account_;
  boost::json::array messages_;
  std::vector<std::string> octets_;
  std::uint64_t batch_octets_ = 0;
  std::uint64_t restored_ = 0;
  std::uint64_t lost_ = 0;
};

void report(const RestorePlan& plan, const RestoreOptions& options) {
  std::uint64_t messages = 0;
  for (const auto& [mailbox, place] : plan.places) {
    messages += place.messages.size();
    fmt::print("{:>9} {} ({}new UIDs)\n", place.messages.size(), mailbox,
               place.created ? "created, " : "");
  }
  if (plan.account_missing)
    fmt::print(stderr, "the account {} does not exist and is {}, without a password\n",
               options.query.account, options.dry_run ? "to be created" : "created");
  fmt::print(stderr, "messages {}: {}, in the account already: {}\n",
             options.dry_run ? "to restore" : "restored", messages, plan.present);
}

void report(const BroughtBack& back, const RestoreOptions& options) {
  std::uint64_t messages = 0;
  for (const BroughtBack::Mailbox& mailbox : back.mailboxes) {
    messages += mailbox.messages;
    fmt::print("{:>9} {} (created, same UIDs)\n", mailbox.messages, mailbox.name);
  }
  for (const std::string& alias : back.taken)
    fmt::print(stderr, "the alias {} belongs to others by now\n", alias);
  fmt::print(stderr, "the account {} {} as it was, with its password and settings\n",
             options.query.account, options.dry_run ? "can come back" : "is back");
  fmt::print(stderr, "aliases {}: {}, messages {}: {}\n",
             options.dry_run ? "to restore" : "restored", back.aliases.size(),
             options.dry_run ? "to restore" : "restored", messages);
}

/// Whether all of an account is asked for.
bool wants_all(const RestoreQuery& query) {
  return query.mailboxes.empty() && !query.asks_for_header() && !query.since && !query.before;
}

/// Returns whether the account was brought back as it was, or would be.
async::Task<Result<bool>> restore_whole(Access& access, store::Store& copy,
                                        const RestoreOptions& options) {
  const std::string& name = options.query.account;
  auto there = co_await list_mailboxes(access.admin(), name);
  if (there) co_return false;
  if (there.error().kind != ErrorKind::not_found) co_return pass(there);
  auto back = co_await bring_back_whole(copy, access.admin(), name,
                                        options.dry_run ? Restore::dry_run : Restore::now);
  if (!back) co_return pass(back);
  if (back->done) {
    report(*back, options);
  } else {
    fmt::print(stderr,
               "the account {} cannot come back as it was, and its messages get new UIDs: "
               "{}\n",
               name, back->why);
  }
  co_return back->done;
}

async::Task<Result<int>> restore_through(Access& access, store::Store& copy,
                                         const RestoreOptions& options) {
  if (wants_all(options.query)) {
    auto whole = co_await restore_whole(access, copy, options);
    if (!whole) co_return pass(whole);
    if (*whole) co_return 0;
  }
  admin::LocalAdmin backup(copy, {});
  auto plan = co_await plan_restore(backup, access.admin(), options.query);
  if (!plan) co_return pass(plan);
  Restoring restoring(backup, access.admin(), options.query.account);
  if (!options.dry_run) {
    Status done = co_await restoring.run(*plan);
    if (!done) {
      fmt::print(stderr, "messages restored: {}; repeat the command to continue from here\n",
                 restoring.restored());
      co_return pass(done);
    }
  }
  report(*plan, options);
  co_return restoring.lost() == 0 ? 0 : kFindings;
}

}  // namespace

int restore_account(const Program& program, const RestoreOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const auto repository = backup::Repository::open_to_read(options.folder);
  if (!repository) return complain(repository.error());
  const auto manifest = repository->choose(options.name);
  if (!manifest) return complain(manifest.error());
  const auto copy = BackupCopy::open(*repository, *manifest, loaded->config, options.scratch);
  if (!copy) return complain(copy.error());
  fmt::print(stderr, "from the backup {}\n", manifest->name);
  const int code = with_access(
      program, [&](Access& access) { return restore_through(access, (*copy)->store(), options); });
  async::run_blocking((*copy)->close());
  return code;
}

}  // namespace posthorn::cli
