#include "cli/backup/restore_whole.h"

#include <utility>

#include "admin/local_admin.h"
#include "async/offload.h"
#include "store/adopt/account_part.h"
#include "store/adopt/adoption.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;
using async::Task;

/// One portion of octets.
class Octets final : public admin::OctetSource {
 public:
  explicit Octets(std::string octets) : octets_(std::move(octets)) {}
  Task<Result<std::string_view>> next() override {
    co_return std::exchange(said_, true) ? std::string_view() : std::string_view(octets_);
  }

 private:
  const std::string octets_;
  bool said_ = false;
};

class Whole {
 public:
  Whole(store::Store& copy, admin::Admin& now, std::string name)
      : copy_(copy), backup_(copy, {}), now_(now), name_(std::move(name)) {}

  Task<Result<BroughtBack>> run(Restore how) {
    auto id = co_await look_at_backup();
    if (!id) co_return pass(id);
    auto possible = co_await begin(*id, how);
    if (!possible) co_return pass(possible);
    if (!*possible) co_return std::move(result_);
    Status done = co_await find_aliases();
    if (done && how == Restore::now) {
      done = co_await transfer(*id);
      if (!done && done.error().kind == ErrorKind::corrupt) {
        // Message by message, what can be read is brought back at least.
        result_.why = "part of it cannot be read: " + done.error().text;
        co_return std::move(result_);
      }
      if (done) done = co_await add_aliases();
    }
    if (!done) co_return pass(done);
    result_.done = true;
    co_return std::move(result_);
  }

 private:
  Task<Result<AccountId>> look_at_backup() {
    auto saved = co_await backup_.call(Json{{"do", "mailbox.list"}, {"name", name_}});
    if (!saved) co_return pass(saved);
    const auto* const list = saved->said.if_contains("mailboxes");
    if (list != nullptr && list->is_array())
      for (const auto& entry : list->get_array())
        if (entry.is_object())
          result_.mailboxes.push_back({std::string(text_of(entry.get_object(), "mailbox")),
                                       number_of(entry.get_object(), "messages")});
    const auto id = partition_id_from_hex(text_of(saved->said, "account"));
    if (!id) co_return fail(ErrorKind::server_bug, "the account has no identity");
    co_return *id;
  }

  /// Returns whether the server lets the account be brought back.
  Task<Result<bool>> begin(AccountId id, Restore how) {
    auto begun = co_await now_.call(Json{{"do", "account.adopt"},
                                         {"name", name_},
                                         {"account", to_hex(id)},
                                         {"lineage", store::lineage_of(copy_)},
                                         {"dry_run", how == Restore::dry_run}});
    if (begun) co_return true;
    const ErrorKind kind = begun.error().kind;
    if (kind != ErrorKind::already_exists && kind != ErrorKind::not_supported)
      co_return pass(begun);
    result_.why = begun.error().text;
    co_return false;
  }

  Task<Status> transfer(AccountId id) {
    auto version = co_await copy_.engine().version(id);
    if (!version) co_return pass(version);
    store::AccountReader reader(copy_.engine(), id);
    while (true) {
      auto part = co_await async::offload(copy_.offload(), [&] { return reader.next(); });
      if (!part) co_return std::unexpected(as_damage(std::move(part.error())));
      if (part->empty()) break;
      std::string encoded = store::encode_part(*part);
      Json request{{"do", "account.adopt.add"}, {"octets", encoded.size()}};
      Octets octets(std::move(encoded));
      auto added = co_await now_.call(std::move(request), octets);
      if (!added) co_return pass(added);
    }
    auto finished =
        co_await now_.call(Json{{"do", "account.adopt.finish"}, {"tail", version->tail.value}});
    if (!finished) co_return pass(finished);
    co_return Status();
  }

  static Error as_damage(Error error) {
    if (store::is_damage(error.kind) || error.kind == ErrorKind::not_found)
      error.kind = ErrorKind::corrupt;
    return error;
  }

  /// The aliases of the backup that lead to this account alone.
  Task<Status> find_aliases() {
    std::string after;
    while (true) {
      auto page = co_await backup_.call(Json{{"do", "alias.list"}, {"after", after}});
      if (!page) co_return pass(page);
      const auto* const list = page->said.if_contains("aliases");
      if (list != nullptr && list->is_array())
        for (const auto& entry : list->get_array())
          if (entry.is_object() && text_of(entry.get_object(), "name") == name_)
            result_.aliases.emplace_back(text_of(entry.get_object(), "alias"));
      if (!page->said.contains("next")) co_return Status();
      after = text_of(page->said, "next");
    }
  }

  Task<Status> add_aliases() {
    std::vector<std::string> wanted = std::exchange(result_.aliases, {});
    for (std::string& alias : wanted) {
      auto added = co_await now_.call(Json{{"do", "alias.add"}, {"alias", alias}, {"name", name_}});
      if (!added && added.error().kind != ErrorKind::already_exists) co_return pass(added);
      (added ? result_.aliases : result_.taken).push_back(std::move(alias));
    }
    co_return Status();
  }

  store::Store& copy_;
  admin::LocalAdmin backup_;
  admin::Admin& now_;
  const std::string name_;
  BroughtBack result_;
};

}  // namespace

Task<Result<BroughtBack>> bring_back_whole(store::Store& copy, admin::Admin& now, std::string name,
                                           Restore how) {
  Whole whole(copy, now, std::move(name));
  co_return co_await whole.run(how);
}

}  // namespace posthorn::cli
