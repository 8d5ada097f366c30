#include "store/mend/mend.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "async/wait.h"
#include "store/change/queue_list.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/system.h"
#include "store/mend/mend_account.h"
#include "store/read/load.h"
#include "store/upkeep/account_pieces.h"
#include "store/upkeep/check.h"

namespace posthorn::store {
namespace {

bool is_held_by(const engine::PieceInfo& piece, const PartitionId& id) {
  return std::ranges::any_of(piece.holders,
                             [&](const engine::Holder& holder) { return holder.partition == id; });
}

class Mend {
 public:
  Mend(engine::Engine& engine, const engine::Salvaged& salvaged)
      : engine_(engine), salvaged_(salvaged) {}

  Result<std::vector<std::string>> run() {
    Status ok = check_key();
    for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard)
      if (ok) ok = read_directory(shard);
    if (ok) ok = list_accounts();
    for (const AccountId& id : accounts_)
      if (ok) ok = mend(id);
    if (ok) ok = mend_addresses();
    if (!ok) return pass(ok);
    return std::move(losses_);
  }

 private:
  void lose(std::string what) { losses_.push_back(std::move(what)); }

  /// Without the key of the names of pieces, the store makes a new one (open_system()).
  Status check_key() {
    auto key = async::wait(engine_.get_row(system_partition(), std::string(keys::kPieceKey)));
    if (!key) return pass(key);
    if (!*key)
      lose(
          "the key of the store is lost: identifiers of mailboxes and threads change, and what is "
          "sent again is stored again");
    return {};
  }

  Status read_directory(std::uint8_t shard) {
    const PartitionId partition = directory_partition(shard);
    Status read = async::wait(for_each_row(
        engine_, partition, std::string(keys::kAddresses), [&](const engine::Row& row) -> Status {
          const std::string address = row.key.substr(1);
          const auto entry = decode_address(row.value);
          if (!entry) return lose("address " + address + ": " + entry.error().text), Status();
          addresses_[address] = *entry;
          if (entry->targets.empty() && !entry->alias) own_[entry->account] = address;
          return {};
        }));
    if (!read) return read;
    return async::wait(for_each_row(engine_, partition, std::string(keys::kRemovals),
                                    [&](const engine::Row& row) -> Status {
                                      if (const auto id = keys::account_of(row.key))
                                        removed_.insert(*id);
                                      return {};
                                    }));
  }

  Status list_accounts() {
    constexpr std::size_t kAtOnce = 1000;
    std::optional<PartitionId> after;
    for (;;) {
      auto some = engine_.partitions(after, kAtOnce);
      if (!some) return pass(some);
      for (const PartitionId& id : *some)
        if (is_account_partition(id)) accounts_.insert(id);
      if (some->size() < kAtOnce) return {};
      after = some->back();
    }
  }

  [[nodiscard]] bool is_there(const AccountId& id) const {
    return accounts_.contains(id) && !empty_.contains(id);
  }

  [[nodiscard]] bool in_doubt(const AccountId& id) const {
    return std::ranges::any_of(salvaged_.rows_lost, [&](const engine::Salvaged::Range& range) {
      return range.first <= id && id <= range.last;
    });
  }

  Status mend(const AccountId& id) {
    if (removed_.contains(id)) return {};
    const auto own = own_.find(id);
    auto mended = mend_account(engine_, id, own == own_.end() ? std::string() : own->second,
                               in_doubt(id), losses_);
    if (!mended) return pass(mended);
    if (!*mended) {
      empty_.insert(id);
      return {};
    }
    names_[id] = (*mended)->name;
    if (in_doubt(id))
      lose(describe_account(id, (*mended)->name) +
           ": some of its rows cannot be read, so some may be missing or in an earlier state");
    if ((*mended)->has_outbox)
      if (auto listed = list_outbox(engine_, id, std::time(nullptr)); !listed) return pass(listed);
    return salvaged_.holders_lost ? hold_pieces(id) : Status();
  }

  /// A piece that nobody holds would be removed.
  Status hold_pieces(const AccountId& id) {
    const auto hold = [&](const engine::PieceName& name) -> Status {
      auto piece = engine_.inspect(name);
      if (!piece) return pass(piece);
      if (!*piece || is_held_by(**piece, id)) return {};
      return engine_.hold({name, {}, std::time(nullptr)}, id);
    };
    return for_each_body(
        engine_, id,
        [&](std::string_view body) -> Status {
          const auto list = decode_body_list(body);
          if (!list) return {};
          for (const BodyPiece& piece : list->pieces)
            if (Status ok = hold(piece.name); !ok) return ok;
          return {};
        },
        DamagedBodies::pass_over);
  }

  Status set_address(const std::string& address, std::optional<std::string> value) {
    return edit_row(engine_, directory_partition(directory_shard_of(address)),
                    keys::address(address),
                    [&](const std::optional<std::string>&) -> Result<std::vector<engine::Edit>> {
                      return std::vector<engine::Edit>{{keys::address(address), value}};
                    });
  }

  /// Every account has its address, and every address an account.
  Status mend_addresses() {
    for (const auto& [id, name] : names_) {
      const auto there = addresses_.find(name);
      if (there != addresses_.end() && there->second.account == id) continue;
      if (there != addresses_.end()) {
        lose(fmt::format("{}: its address leads to another account", describe_account(id, name)));
        continue;
      }
      lose(
          fmt::format("{}: its address was lost and is entered again", describe_account(id, name)));
      AddressEntry entry;
      entry.account = id;
      if (Status ok = set_address(name, encode_address(entry)); !ok) return ok;
    }
    for (const auto& [address, entry] : addresses_) {
      if (!entry.targets.empty() || is_there(entry.account)) continue;
      lose(fmt::format("address {}: nothing is left of its account, so it is removed", address));
      if (Status ok = set_address(address, std::nullopt); !ok) return ok;
    }
    return {};
  }

  engine::Engine& engine_;
  const engine::Salvaged& salvaged_;
  std::vector<std::string> losses_;
  std::map<std::string, AddressEntry> addresses_;
  std::map<AccountId, std::string> own_;    ///< The addresses that are no aliases.
  std::map<AccountId, std::string> names_;  ///< Those of the accounts' profiles.
  std::set<AccountId> removed_;             ///< The sweep removes them, or is about to.
  std::set<AccountId> accounts_;
  std::set<AccountId> empty_;  ///< Of those, the ones of which nothing is left.
};

}  // namespace

Result<std::vector<std::string>> mend_salvaged(engine::Engine& engine,
                                               const engine::Salvaged& salvaged) {
  return Mend(engine, salvaged).run();
}

}  // namespace posthorn::store
